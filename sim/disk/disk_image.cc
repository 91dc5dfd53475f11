// SPDX-License-Identifier: Apache-2.0
#include "sim/disk/disk_image.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash_map.h"

namespace geode::sim {

using Fate = PendingChange::Fate;

InodeRef DiskImage::create(std::string_view path, bool directory) {
    auto inode = std::make_shared<Inode>();
    inode->directory = directory;
    inode->number = next_inode_++;
    names_.create(path, inode, ++sequence_);
    return inode;
}

void DiskImage::remember(Inode& inode, PendingChange change) {
    change.sequence = ++sequence_;
    inode.pending.push_back(std::move(change));
    if (inode.pending.size() > pending_changes_max) write_back_oldest(inode);
}

// The older half, so that the list moves once in thousands of writes. A lost change (failed sync)
// must stay lost, and what follows it in the list must stay behind it.
void DiskImage::write_back_oldest(Inode& inode) {
    const auto half = inode.pending.begin() + pending_changes_max / 2;
    const auto lost = std::find_if(inode.pending.begin(), half,
                                   [](const auto& change) { return change.fate == Fate::lost; });
    for (auto change = inode.pending.begin(); change != half; ++change) {
        if (change->fate == Fate::open) change->fate = Fate::durable;
    }
    inode.pending.erase(inode.pending.begin(), lost);
}

void DiskImage::write(Inode& inode, std::uint64_t offset, std::string_view bytes) {
    GEODE_ASSERT(!inode.directory);
    if (bytes.empty()) return;
    PendingChange change;
    change.offset = offset;
    change.written = bytes.size();
    change.old_size = inode.contents.size();
    if (offset < change.old_size) change.old_bytes = inode.contents.substr(offset, bytes.size());
    redo(inode, change, bytes);
    remember(inode, std::move(change));
}

void DiskImage::truncate(Inode& inode, std::uint64_t size) {
    GEODE_ASSERT(!inode.directory);
    if (size == inode.contents.size()) return;
    PendingChange change;
    change.truncation = true;
    change.offset = size;
    change.old_size = inode.contents.size();
    if (size < change.old_size) change.old_bytes = inode.contents.substr(size);
    redo(inode, change, {});
    remember(inode, std::move(change));
}

void DiskImage::redo(Inode& inode, const PendingChange& change, std::string_view bytes) {
    if (change.truncation) {
        inode.contents.resize(change.offset);
        return;
    }
    if (change.offset == inode.contents.size()) {
        inode.contents.append(bytes);
        return;
    }
    if (inode.contents.size() < change.offset + bytes.size()) {
        inode.contents.resize(change.offset + bytes.size());
    }
    inode.contents.replace(change.offset, bytes.size(), bytes);
}

void DiskImage::undo(Inode& inode, const PendingChange& change) {
    if (change.truncation) {
        inode.contents.resize(std::min(change.old_size, change.offset));
        inode.contents.append(change.old_bytes);
    } else {
        inode.contents.replace(change.offset, change.old_bytes.size(), change.old_bytes);
        inode.contents.resize(change.old_size);
    }
    GEODE_ASSERT(inode.contents.size() == change.old_size);
}

void DiskImage::sync(Inode& inode, std::uint64_t up_to) {
    for (PendingChange& change : inode.pending) {
        if (change.sequence > up_to) break;
        if (change.fate == Fate::open) change.fate = Fate::durable;
    }
    // What stands before the first that may be lost needs no undoing any more.
    const auto first = std::ranges::find_if(
        inode.pending, [](const auto& change) { return change.fate != Fate::durable; });
    inode.pending.erase(inode.pending.begin(), first);
}

void DiskImage::fail_sync(Inode& inode) {
    for (PendingChange& change : inode.pending) {
        if (change.fate == Fate::open) change.fate = Fate::lost;
    }
}

// ---- power loss ----

/// Which unsynced changes survive: those up to `cutoff`, or a subset drawn by hash.
struct DiskImage::Plan {
    PowerLossMode mode = PowerLossMode::keep_all;
    std::uint64_t cutoff = 0;
    std::uint64_t salt = 0;
    std::uint64_t torn = 0;  ///< sequence of the write to tear; 0: none
};

bool DiskImage::keeps(const Plan& plan, std::uint64_t sequence) const {
    switch (plan.mode) {
        case PowerLossMode::keep_all: return true;
        case PowerLossMode::drop_all: return false;
        case PowerLossMode::keep_prefix: return sequence <= plan.cutoff;
        case PowerLossMode::keep_subset: return mix_hash(sequence, plan.salt) % 2 == 0;
    }
    GEODE_UNREACHABLE("power loss mode");
}

DiskImage::Plan DiskImage::make_plan(Prng& random, const PowerLossOptions& options,
                                     const PowerLossMode* mode) const {
    std::vector<std::uint64_t> writes;
    for (const auto& [path, inode] : names_.current()) {
        for (const PendingChange& change : inode->pending) {
            if (change.fate == Fate::open) writes.push_back(change.sequence);
        }
    }
    std::sort(writes.begin(), writes.end());
    std::vector<std::uint64_t> all = names_.pending();
    all.insert(all.end(), writes.begin(), writes.end());
    std::sort(all.begin(), all.end());
    Plan plan;
    plan.mode = mode != nullptr ? *mode : static_cast<PowerLossMode>(random.below(4));
    plan.salt = random.next();
    const bool tear = random.chance(1, 2) && options.tear;
    const std::size_t kept = random.below(all.size() + 1);
    plan.cutoff = kept == 0 ? 0 : all[kept - 1];
    if (!tear || writes.empty() || plan.mode == PowerLossMode::drop_all) return plan;
    // The write that was under way: the first one not kept, or the last of all.
    const auto cut = std::upper_bound(writes.begin(), writes.end(), plan.cutoff);
    const bool prefix = plan.mode == PowerLossMode::keep_prefix && cut != writes.end();
    plan.torn = prefix ? *cut : writes.back();
    return plan;
}

PowerLossReport DiskImage::power_loss(Prng& random, const PowerLossOptions& options,
                                      const PowerLossMode* mode) {
    const Plan plan = make_plan(random, options, mode);
    PowerLossReport report;
    report.mode = plan.mode;
    // A file may be reachable by its old and its new name: settle each once, in inode order.
    std::map<std::uint64_t, InodeRef> inodes;
    for (const auto& [path, inode] : names_.current()) inodes.emplace(inode->number, inode);
    Plan keep_names = plan;
    if (!options.lose_names) keep_names.mode = PowerLossMode::keep_all;
    report.names_lost =
        names_.power_loss([&](std::uint64_t sequence) { return keeps(keep_names, sequence); });
    for (const auto& [path, inode] : names_.current()) inodes.emplace(inode->number, inode);
    Plan keep_data = plan;
    if (!options.lose_data) keep_data.mode = PowerLossMode::keep_all;
    for (const auto& [number, inode] : inodes) settle(*inode, keep_data, random, report);
    return report;
}

void DiskImage::settle(Inode& inode, const Plan& plan, Prng& random, PowerLossReport& report) {
    if (inode.pending.empty()) return;
    std::vector<std::string> written(inode.pending.size());
    for (std::size_t i = inode.pending.size(); i-- > 0;) {
        const PendingChange& change = inode.pending[i];
        if (!change.truncation) {
            written[i] = inode.contents.substr(change.offset, change.written);
        }
        undo(inode, change);
    }
    for (std::size_t i = 0; i < inode.pending.size(); ++i) {
        const PendingChange& change = inode.pending[i];
        std::string_view bytes = written[i];
        bool kept = change.fate == Fate::durable ||
                    (change.fate == Fate::open && keeps(plan, change.sequence));
        const std::uint64_t first_border = (change.offset / sector_bytes + 1) * sector_bytes;
        const std::uint64_t end = change.offset + change.written;
        if (change.fate == Fate::open && change.sequence == plan.torn && first_border < end) {
            const std::uint64_t borders = (end - 1 - first_border) / sector_bytes + 1;
            const std::uint64_t cut = first_border + random.below(borders) * sector_bytes;
            report.bytes_lost += end - cut;
            bytes = bytes.substr(0, cut - change.offset);
            ++report.writes_torn;
            kept = true;
        } else if (!kept) {
            report.bytes_lost += change.written;
            ++report.changes_lost;
        }
        if (kept) redo(inode, change, bytes);
    }
    inode.pending.clear();
}

}  // namespace geode::sim

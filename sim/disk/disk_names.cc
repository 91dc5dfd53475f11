// SPDX-License-Identifier: Apache-2.0
#include "sim/disk/disk_names.h"

#include <algorithm>

#include "base/assert.h"

namespace geode::sim {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
    return directory.empty() || (path.size() > directory.size() && path.starts_with(directory) &&
                                 path[directory.size()] == '/');
}

}  // namespace

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

InodeRef DiskNames::find(std::string_view path) const {
    const auto found = current_.find(path);
    return found == current_.end() ? nullptr : found->second;
}

bool DiskNames::is_empty_dir(std::string_view path) const {
    return list(path).empty();
}

std::vector<std::string> DiskNames::list(std::string_view path) const {
    std::vector<std::string> names;
    auto next = path.empty() ? current_.begin() : current_.lower_bound(std::string(path) + "/");
    for (; next != current_.end() && is_below(next->first, path); ++next) {
        if (parent_of(next->first) != path) continue;
        names.push_back(next->first.substr(path.empty() ? 0 : path.size() + 1));
    }
    std::sort(names.begin(), names.end());
    return names;
}

void DiskNames::apply_to(NameTable& table, const Change& change) {
    for (const Binding& binding : change.bindings) {
        if (binding.inode == nullptr) {
            table.erase(binding.path);
        } else {
            table.insert_or_assign(binding.path, binding.inode);
        }
    }
}

void DiskNames::apply(Change change) {
    apply_to(current_, change);
    pending_.push_back(std::move(change));
}

void DiskNames::create(std::string_view path, InodeRef inode, std::uint64_t sequence) {
    GEODE_ASSERT(find(path) == nullptr);
    GEODE_ASSERT(inode != nullptr);
    apply(Change{sequence, {Binding{std::string(path), std::move(inode)}}});
}

void DiskNames::rename(std::string_view from, std::string_view to, std::uint64_t sequence) {
    Change change{sequence, {}};
    std::vector<Binding> arrivals;
    for (const auto& [path, inode] : current_) {
        if (path != from && (from.empty() || !is_below(path, from))) continue;
        change.bindings.push_back(Binding{path, nullptr});
        arrivals.push_back(Binding{std::string(to) + path.substr(from.size()), inode});
    }
    GEODE_ASSERT(!arrivals.empty());
    change.bindings.insert(change.bindings.end(), arrivals.begin(), arrivals.end());
    apply(std::move(change));
}

void DiskNames::remove(std::string_view path, std::uint64_t sequence) {
    GEODE_ASSERT(find(path) != nullptr);
    apply(Change{sequence, {Binding{std::string(path), nullptr}}});
}

void DiskNames::sync_dir(std::string_view path, std::uint64_t up_to) {
    // Backwards: a change is wanted if it touches the directory, or a path of a later wanted one.
    std::vector<bool> wanted(pending_.size(), false);
    std::set<std::string, std::less<>> paths;
    for (std::size_t i = pending_.size(); i-- > 0;) {
        if (pending_[i].sequence > up_to) continue;
        for (const Binding& binding : pending_[i].bindings) {
            if (parent_of(binding.path) == path || paths.contains(binding.path)) wanted[i] = true;
        }
        if (!wanted[i]) continue;
        for (const Binding& binding : pending_[i].bindings) paths.insert(binding.path);
    }
    std::vector<Change> left;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (wanted[i]) {
            apply_to(durable_, pending_[i]);
        } else {
            left.push_back(std::move(pending_[i]));
        }
    }
    pending_ = std::move(left);
}

std::vector<std::uint64_t> DiskNames::pending() const {
    std::vector<std::uint64_t> sequences;
    for (const Change& change : pending_) sequences.push_back(change.sequence);
    return sequences;
}

std::size_t DiskNames::power_loss(FunctionRef<bool(std::uint64_t)> keep) {
    std::size_t lost = 0;
    for (const Change& change : pending_) {
        if (keep(change.sequence)) {
            apply_to(durable_, change);
        } else {
            ++lost;
        }
    }
    pending_.clear();
    // In path order a directory comes before what is in it.
    for (auto next = durable_.begin(); next != durable_.end();) {
        const std::string_view parent = parent_of(next->first);
        const bool orphan = !parent.empty() && !durable_.contains(parent);
        next = orphan ? durable_.erase(next) : std::next(next);
    }
    current_ = durable_;
    return lost;
}

}  // namespace geode::sim

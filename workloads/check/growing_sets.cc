// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/growing_sets.h"

#include <algorithm>

#include "workloads/check/prefixes.h"
#include "workloads/check/zone_order.h"

namespace geode::check {
namespace {

constexpr std::uint32_t none = UINT32_MAX;

class GrowingSet {
public:
    GrowingSet(const Partition& partition, const ValueTable& values)
        : partition_(partition), values_(values) {}

    bool prepare();
    /// Whether what was known just before event `limit` is linearizable.
    bool linearizable(std::uint32_t limit);
    /// The linearization, after linearizable(all) held.
    std::vector<std::uint32_t> order() const;

private:
    struct Read {
        std::uint32_t entry;
        std::uint32_t size;
        std::uint32_t begin;  // in shown_
    };
    struct Placed {
        std::uint32_t stage;
        std::uint32_t entry;
        std::int64_t completed;
    };
    bool add_read(std::uint32_t index);
    bool stages_of_reads(std::uint32_t limit);
    bool show(const Read& read, std::uint32_t limit);

    const Entry& entry_at(std::uint32_t index) const { return partition_.entries[index]; }

    const Partition& partition_;
    const ValueTable& values_;
    std::vector<std::uint32_t> added_by_;  // by value id: entry, or none
    std::vector<Read> reads_;              // by size
    std::vector<std::uint32_t> shown_;     // entries of additions, or none for what nobody adds

    std::vector<std::uint32_t> stage_of_;  // by entry; none if no read shows it
    std::vector<std::uint32_t> seen_in_;   // by entry; the read that showed it last
    std::uint32_t stages_ = 0;
    std::uint32_t elements_ = 0;  // shown by the reads so far
    std::vector<Placed> placed_;
};

bool GrowingSet::prepare() {
    added_by_.assign(values_.count(), none);
    const auto count = static_cast<std::uint32_t>(partition_.entries.size());
    for (std::uint32_t index = 0; index < count; ++index) {
        const Operation& operation = entry_at(index).operation;
        if (operation.function == Function::read) continue;
        if (operation.function != Function::add || operation.result != nil_value) return false;
        std::uint32_t& added_by = added_by_[operation.argument.value()];
        if (added_by != none) return false;
        added_by = index;
    }
    for (std::uint32_t index = 0; index < count; ++index) {
        const bool reads = entry_at(index).operation.function == Function::read;
        if (reads && !add_read(index)) return false;
    }
    std::ranges::stable_sort(reads_, {}, &Read::size);
    return true;
}

bool GrowingSet::add_read(std::uint32_t index) {
    const ValueId result = entry_at(index).operation.result;
    const auto begin = static_cast<std::uint32_t>(shown_.size());
    if (result != nil_value) {
        if (values_.kind(result) != ValueKind::list) return false;
        for (const ValueId element : values_.list_of(result)) {
            shown_.push_back(added_by_[element.value()]);
        }
    }
    const auto size = static_cast<std::uint32_t>(shown_.size()) - begin;
    reads_.push_back(Read{.entry = index, .size = size, .begin = begin});
    return true;
}

/// Gives every element that a read shows its stage; false if the reads contradict one another or
/// show what was not begun. Odd stages are those of elements, even ones those of reads.
bool GrowingSet::stages_of_reads(std::uint32_t limit) {
    stages_ = 0;
    elements_ = 0;
    std::uint32_t size = none;
    for (const Read& read : reads_) {
        if (entry_at(read.entry).completed >= limit) continue;
        if (read.size != size) stages_ += 2;
        size = read.size;
        if (!show(read, limit)) return false;
        placed_.push_back(Placed{.stage = stages_,
                                 .entry = read.entry,
                                 .completed = std::int64_t{entry_at(read.entry).completed}});
    }
    return true;
}

bool GrowingSet::show(const Read& read, std::uint32_t limit) {
    const std::uint32_t stage = stages_ - 1;
    const std::uint32_t before = elements_;
    std::uint32_t known = 0;
    for (std::uint32_t at = read.begin; at < read.begin + read.size; ++at) {
        const std::uint32_t addition = shown_[at];
        if (addition == none || entry_at(addition).invoked >= limit) return false;
        if (seen_in_[addition] == read.entry) return false;  // listed twice
        seen_in_[addition] = read.entry;
        std::uint32_t& found = stage_of_[addition];
        if (found != none) {
            ++known;
            continue;
        }
        found = stage;
        ++elements_;
    }
    return known == before;  // it shows all that smaller reads show
}

bool GrowingSet::linearizable(std::uint32_t limit) {
    const auto count = static_cast<std::uint32_t>(partition_.entries.size());
    stage_of_.assign(count, none);
    seen_in_.assign(count, none);
    placed_.clear();
    if (!stages_of_reads(limit)) return false;
    for (std::uint32_t index = 0; index < count && entry_at(index).invoked < limit; ++index) {
        const Entry& entry = entry_at(index);
        if (entry.operation.function == Function::read) continue;
        const bool completed = entry.completed != pending && entry.completed < limit;
        const std::uint32_t stage = stage_of_[index];
        if (!completed && stage == none) continue;
        placed_.push_back(
            Placed{.stage = stage == none ? stages_ + 1 : stage,
                   .entry = index,
                   .completed = completed ? std::int64_t{entry.completed} : never_position});
    }
    std::ranges::sort(placed_, [](const Placed& a, const Placed& b) {
        return a.stage != b.stage ? a.stage < b.stage : a.entry < b.entry;
    });
    std::int64_t latest_before = initial_invoked;  // invocation in an earlier stage
    std::int64_t latest_here = initial_invoked;
    for (std::size_t index = 0; index < placed_.size(); ++index) {
        if (index != 0 && placed_[index - 1].stage != placed_[index].stage) {
            latest_before = latest_here;
        }
        if (placed_[index].completed < latest_before) return false;
        latest_here = std::max(latest_here, std::int64_t{entry_at(placed_[index].entry).invoked});
    }
    return true;
}

std::vector<std::uint32_t> GrowingSet::order() const {
    std::vector<std::uint32_t> entries;
    for (const Placed& placed : placed_) entries.push_back(placed.entry);
    return entries;
}

}  // namespace

std::optional<ZoneResult> check_growing_set(const Partition& partition, const ValueTable& values) {
    GrowingSet set(partition, values);
    if (!set.prepare()) return std::nullopt;
    const auto all = static_cast<std::uint32_t>(partition.events.size());
    ZoneResult result;
    result.linearizable = set.linearizable(all);
    if (!result.linearizable) {
        const auto fits = [&](std::uint32_t limit) { return set.linearizable(limit); };
        result.blocking = first_failing(all, fits);
        GEODE_ASSERT(fits(result.blocking));
    }
    result.order = set.order();
    return result;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/search_plan.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace geode::check {

SearchPlan::SearchPlan(const Partition& partition, const Machine& machine) {
    for (const Entry& entry : partition.entries) {
        const bool reset = machine.resets(entry.operation);
        GEODE_ASSERT(!(reset && entry.pure));
        GEODE_ASSERT(!(entry.pure && entry.completed == pending));
        const bool total_here = machine.total(entry.operation);
        GEODE_ASSERT(!(reset && !total_here));
        resets.push_back(reset);
        total.push_back(total_here && !entry.pure);
        if (!reset && !entry.pure) has_builders = true;
        if (reset && entry.completed == pending) {
            crashed_resets.push_back(static_cast<std::uint32_t>(resets.size() - 1));
        }
    }
    assign_slots(partition);
    assign_classes(partition);
    look_ahead(partition);
}

void SearchPlan::assign_slots(const Partition& partition) {
    slot_of.assign(partition.entries.size(), no_position);
    std::vector<std::uint32_t> free;
    for (const Event& event : partition.events) {
        std::uint32_t& slot = slot_of[event.entry];
        if (event.completes) {
            free.push_back(slot);
        } else if (partition.entries[event.entry].completed == pending) {
            slot = static_cast<std::uint32_t>(crashed_entries.size());
            crashed_entries.push_back(event.entry);
        } else if (free.empty()) {
            slot = slots++;
        } else {
            slot = free.back();
            free.pop_back();
        }
    }
}

void SearchPlan::assign_classes(const Partition& partition) {
    std::map<std::tuple<Function, ValueId, ValueId, ValueId>, std::uint32_t> known;
    for (const std::uint32_t entry : crashed_entries) {
        const Operation& operation = partition.entries[entry].operation;
        const auto [place, fresh] = known.try_emplace(
            {operation.function, operation.key, operation.argument, operation.expected}, classes);
        if (fresh) ++classes;
        class_of.push_back(place->second);
    }
}

void SearchPlan::look_ahead(const Partition& partition) {
    const std::size_t count = partition.events.size();
    next_pure_completion.assign(count + 1, no_position);
    next_reset.assign(count + 1, no_position);
    for (std::size_t position = count; position-- > 0;) {
        const Event& event = partition.events[position];
        const Entry& entry = partition.entries[event.entry];
        const auto here = static_cast<std::uint32_t>(position);
        const bool pure_ends = event.completes && entry.pure;
        next_pure_completion[position] = pure_ends ? here : next_pure_completion[position + 1];
        const bool reset_starts =
            !event.completes && resets[event.entry] && entry.completed != pending;
        next_reset[position] = reset_starts ? here : next_reset[position + 1];
    }
}

}  // namespace geode::check

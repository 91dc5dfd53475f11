// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a search needs to know about its partition before it starts, computed once: which operation
// has which bit of the window, which crashed operations are the same, and for each position which
// completions and resets lie ahead. Internal to search.cc.

#include <cstdint>
#include <vector>

#include "workloads/check/partition.h"

namespace geode::check {

/// No such event, slot or entry.
inline constexpr std::uint32_t no_position = UINT32_MAX;

/// Everything about the partition that does not change during the search.
struct SearchPlan {
    explicit SearchPlan(const Partition& partition, const Machine& machine);

    std::uint32_t slots = 0;                     // operations open at once, at most
    std::vector<std::uint32_t> slot_of;          // by entry; of a crashed one its ordinal
    std::vector<std::uint32_t> crashed_entries;  // by ordinal, in invocation order
    std::vector<std::uint32_t> class_of;         // by ordinal; same class: same effect
    std::uint32_t classes = 0;
    std::vector<bool> resets;                         // by entry
    std::vector<bool> total;                          // by entry
    std::vector<std::uint32_t> next_pure_completion;  // by position: at or after it, or none
    std::vector<std::uint32_t> next_reset;            // by position: invocation of a live reset
    std::vector<std::uint32_t> crashed_resets;        // entries, in invocation order
    bool has_builders = false;                        // operations that are neither pure nor resets

private:
    void assign_slots(const Partition& partition);
    void assign_classes(const Partition& partition);
    void look_ahead(const Partition& partition);
};

}  // namespace geode::check

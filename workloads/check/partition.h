// SPDX-License-Identifier: Apache-2.0
#pragma once

// The part of a history that one search judges: the operations of one object, and their events.
//
// Operations that cannot matter are left out: those that failed, and those of unknown outcome that
// only look. Event positions are renumbered from 0 without holes.
//
// Invariants:
//  1. entries are in invocation order; events[entry.invoked] and events[entry.completed] name them.
//  2. entry.completed == pending for an operation of unknown outcome: it may take effect at any
//     time after invoked, or never.

#include <cstdint>
#include <optional>
#include <vector>

#include "workloads/check/models.h"

namespace geode::check {

inline constexpr std::uint32_t pending = UINT32_MAX;

struct Entry {
    Operation operation;
    std::uint32_t source = 0;  ///< index in the history
    std::uint32_t invoked = 0;
    std::uint32_t completed = pending;
    bool pure = false;
};

struct Event {
    std::uint32_t entry = 0;
    bool completes = false;
};

struct Partition {
    ValueId key;
    std::optional<ValueId> element;  ///< of a set split by its elements
    std::vector<Entry> entries;
    std::vector<Event> events;
};

/// The history's objects, in order of first appearance; one partition for all keys if the model
/// does not split. A set that is never read whole is split by its elements, which are
/// independent then. O(n log n).
std::vector<Partition> split(const History& history, const Model& model);

/// The operation as it was known just before event `position`: of unknown outcome if still open.
Operation known_before(const Entry& entry, std::uint32_t position);

/// What was known just before event `position`: operations invoked by then, of which those not yet
/// completed are of unknown outcome. `position <= events.size()`.
Partition truncate(const Partition& partition, std::uint32_t position);

}  // namespace geode::check

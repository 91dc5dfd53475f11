// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linearizability of a register whose writes are all different: Gibbons and Korach's zones.
//
// A write and the reads that saw it form a cluster, which any linearization keeps together. The
// zone of a cluster lies between its earliest completion and its latest invocation. If the
// completion comes first the zone is forward: the register holds that value all through it.
// Otherwise it is backward: the whole cluster fits at any one moment in it (zone_order.h). Then the
// history is linearizable exactly when
//   1. every value read was written, by a write invoked before the read completed,
//   2. no two forward zones overlap, and
//   3. no backward zone lies inside a forward one.
// That is O(n log n), however many operations run at once.
//
// Exact also with the initial value (a write before everything) and with writes of unknown outcome
// (one that was read did happen, and completes "never"; one nobody read is left out). Not exact
// with cas, append, or a value written twice: these are not decided.
//
// Source: Gibbons & Korach, "Testing shared memories", SIAM J. Computing 26(4), 1997, section 4.

#include <cstdint>
#include <optional>
#include <vector>

#include "workloads/check/partition.h"

namespace geode::check {

struct ZoneResult {
    bool linearizable = true;
    /// If not: the first completion event with which the history stops being linearizable.
    std::uint32_t blocking = 0;
    /// Entries in linearization order: all, or those of the events before `blocking`.
    std::vector<std::uint32_t> order;
};

/// Decides `partition` as a register that starts as `initial`; nothing if zones are not exact for
/// it. O(n log n), with another log n if it is not linearizable, to find where.
std::optional<ZoneResult> check_zones(const Partition& partition, ValueId initial);

}  // namespace geode::check

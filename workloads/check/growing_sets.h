// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linearizability of a set to which each element is added at most once, nothing is removed from,
// and which is read whole.
//
// Such reads are ordered by inclusion, or the history is wrong. That fixes an order of stages: the
// elements that the smallest read shows, the reads of it, the elements that the next larger read
// shows besides, and so on, at last the elements nobody saw. Within a stage any order will do, so
// the history is linearizable exactly when no operation of a later stage completed before one of an
// earlier stage was invoked.
//
// O(n log n) and the size of what was read. An addition of unknown outcome counts if a read shows
// it.

#include <optional>

#include "workloads/check/partition.h"
#include "workloads/check/zones.h"

namespace geode::check {

/// Decides `partition`, an object of Discipline::set, as check_zones() does; nothing if an element
/// is added twice or something is removed, asked for alone, or answered by an addition.
std::optional<ZoneResult> check_growing_set(const Partition& partition, const ValueTable& values);

}  // namespace geode::check

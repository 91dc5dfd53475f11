// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linearizability of a text or list that grows by appending and is read whole, when every piece is
// told from the others: the reads then say in which order the pieces came.
//
// A read that can be cut into pieces in one way only shows a chain: what was written (or the empty
// beginning), then each append in turn. All reads of one beginning must lie on one chain. A
// beginning, the appends that some read shows after it and all those reads form a cluster, ordered
// by the length of what was there; an append that no read shows is a cluster of its own, for it can
// only have been overwritten or come after every read. The history is linearizable exactly when
// each cluster can keep its order in real time and the clusters fit (zone_order.h).
//
// O(n log n) and the length of what was read. Exact with operations of unknown outcome: one that
// was shown did happen, one that was not is left out. Not exact if two pieces are equal, one begins
// another, or one is empty.

#include <optional>

#include "workloads/check/partition.h"
#include "workloads/check/zones.h"

namespace geode::check {

/// Decides `partition`, an object of Discipline::text or ::list, as check_zones() does; nothing if
/// its pieces cannot be told apart.
std::optional<ZoneResult> check_chains(const Partition& partition, const ValueTable& values,
                                       Discipline discipline);

}  // namespace geode::check

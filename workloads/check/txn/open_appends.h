// SPDX-License-Identifier: Apache-2.0
#pragma once

// Appends that no read saw: is there an order of them with which the history keeps its level?
//
// Such appends of one key come after all that were seen, but nothing tells their order. Where only
// cycles of all dependencies are forbidden (serializable), or only cycles without rw
// (read-committed), any order that the rest leaves open will do. Snapshot isolation, parallel
// snapshot isolation and consistent view forbid some cycles and allow others, so there each order
// may make a cycle that is forbidden: two transactions that appended to one key must not overlap.
//
// A history of lists is one of registers in which every append that was seen read the version
// before it: this asks the search of polygraph.h, for which the order of the others is the
// question. Only where two such appends are on a common cycle of allowed dependencies is there
// anything to ask: else an order of the components of the graph answers it.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/list_index.h"

namespace geode::check::txn {

class DependencyGraph;

struct OpenAppends {
    std::optional<Anomaly> anomaly;  ///< the level fails, whatever the order
    bool complete = true;            ///< false: the budget ended the search
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;
};

/// Whether two transactions on a common cycle of `graph` appended to one key what no read saw.
bool has_open_pair(const ListIndex& index, const DependencyGraph& graph);

/// Looks for an order. `graph` has all the relations that `forbidden` (names of isolation.h) speak
/// of, and neither it nor the reads have one of those anomalies.
OpenAppends order_open_appends(const ListIndex& index, const DependencyGraph& graph,
                               std::span<const std::string_view> forbidden, const Budget& budget);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// A short cycle of a graph that has one: what a person is shown.

#include <cstdint>
#include <vector>

#include "workloads/check/txn/neighbour_rows.h"

namespace geode::check::txn {

/// The nodes of a cycle, in order: a shortest among those nodes for which `stuck` holds, where
/// there must be one. Nodes from `helpers` on do not count in its length, and make no cycle by
/// themselves. If it takes more than a fixed number of steps, a shortest of those through the nodes
/// looked at until then; small strongly connected components go first. Adds to `steps`.
std::vector<std::uint32_t> short_cycle(const NeighbourRows& out, const std::vector<bool>& stuck,
                                       std::uint32_t helpers, std::uint64_t& steps);

}  // namespace geode::check::txn

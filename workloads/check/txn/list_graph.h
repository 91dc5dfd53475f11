// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dependencies of list-append transactions, and what a step of a cycle of them means in words.
//
//   ww  a appended the last element before b's in the order of versions; appends that no read saw
//       come after all that were seen, in an order that is not known
//   wr  b read the version that a's append made
//   rw  a read the version right before b's append
//
// Aborted appends are passed over: the versions around them are neighbours then. Transactions
// that do not count as committed have no edges: nobody saw anything of them.

#include <string>

#include "workloads/check/txn/cycles.h"
#include "workloads/check/txn/list_index.h"

namespace geode::check::txn {

/// The graph with the edges of `relations`. Linear: readers of a key's last version precede every
/// unseen append of the key through helpers.
DependencyGraph list_graph(const ListIndex& index, Relations relations);

/// The memory list_graph takes for this history at its peak, about.
std::uint64_t list_graph_bytes(const TxnHistory& history);

/// "3 read 8 = [1], which 5 overwrote by appending 2".
std::string explain_step(const ListIndex& index, const CycleStep& step);

}  // namespace geode::check::txn

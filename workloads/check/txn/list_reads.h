// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is wrong with the reads of list-append transactions, each taken for itself or together with
// the others of its key: everything that needs no cycle.
//
//   internal            a transaction contradicts what it has itself read or appended before
//   future-read         ... sees an element that it will append only later
//   garbage-read        ... an element that nobody appended
//   G1a                 ... an element of an aborted transaction
//   G1b                 ... a list as another transaction left it in its middle
//   duplicate-elements  ... an element twice
//   incompatible-order  two reads of a key of which neither is a prefix of the other
//   dirty-update        a committed append right behind one of an aborted transaction
//   lost-update         two transactions appended to the same version that both had read
//
// Reports per anomaly what Elle does: per transaction for the first two, per key for incompatible
// orders, per version for lost updates, else per read or element.

#include <string_view>
#include <vector>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/list_index.h"

namespace geode::check::txn {

/// The anomalies of `wanted` that are there, in the order above; of each name at most
/// `per_name_max`. Linear, but for the lists that are no prefix of their key's order.
std::vector<Anomaly> find_read_anomalies(const ListIndex& index,
                                         std::span<const std::string_view> wanted,
                                         std::size_t per_name_max);

}  // namespace geode::check::txn

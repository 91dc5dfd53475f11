// SPDX-License-Identifier: Apache-2.0
#pragma once

// Transactions that saw one append of another transaction and missed a second one of it.
//
//   fractured-read            in any order: what read atomic forbids
//   monotonic-fractured-read  the read that missed comes after the one that saw: what monotonic
//                             atomic view forbids too
//
// Stated of all versions, not of neighbours only: a read misses an append when the version it saw
// is older than the append's. Stronger levels find such a pair as a G-single-item, so this is for
// those that do not forbid that.

#include <vector>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/list_index.h"

namespace geode::check::txn {

/// One for each pair of transactions, the worse name if both hold. Linear in the reads and the
/// sizes of the transactions read from.
std::vector<Anomaly> find_fractured_reads(const ListIndex& index);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cycles of those dependencies between transactions on registers that hold whatever the order of
// writes was:
//
//   wr  b read what a wrote
//   rw  a read the initial state of a register, and b wrote it; a did not write it itself, for then
//       b may have overwritten that. If others wrote it too, one of them may lie between a and b:
//       then a path, of which two rw may meet, so for G-nonadjacent it does not count
//
// and, where asked for, the order of processes and real time. How two writes of one register are
// ordered mostly is not recorded, so a cycle that is not here may still be in every order of the
// writes together (polygraph.h); but one that is here is certain. Internal to
// register_anomalies.cc.

#include <span>
#include <string_view>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/register_index.h"

namespace geode::check::txn {

/// Adds to `judgement` the cycles of `wanted` (names of isolation.h; others are passed over), and
/// describes all its operations. `index` keeps no sessions. False if the search was not complete:
/// the budget ended it, or kinds of cycles met (CycleReport::crossed). Linear but for what cycles
/// it finds.
bool add_register_cycles(const TxnHistory& history, const RegisterIndex& index,
                         std::span<const std::string_view> wanted, const Budget& budget,
                         Judgement& judgement);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Judges histories of registers (transactions of reads and writes) by a level of isolation,
// exactly: the verdict is that of an exhaustive search over all orders of commits, unless the
// budget ends.
//
// How the levels are to be read:
//
//   order      A plain level (serializable) promises no order beyond what reads and writes make;
//              `strong-session-` adds the order of each session and `strong-` or `strict-` that of
//              real time, as far as it was recorded (TxnHistory::timed). causal always keeps
//              sessions. The literature on histories that are recorded by session keeps them at
//              every level; RegisterCheck::least says so
//   values     Each value is to be written once per key. Where it is not, a reading of the history
//              that satisfies the level proves it valid, and a violation that holds without the
//              reads in doubt proves it invalid; between the two it is unknown
//   outcomes   Transactions of unknown outcome happened if somebody read from them; aborted ones
//              did not
//
// Reads are looked at by themselves first (register_index.h). Then a level up to causal is judged
// as such (weak_levels.h); a stronger one by a search (polygraph.h), and what is weaker only if
// that fails or is given up: mostly it holds, and what satisfies more satisfies less. An invalid
// history is blamed on the weakest level that it breaks, not on the one that was asked for.

#include <array>
#include <optional>
#include <string_view>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/history.h"
#include "workloads/check/txn/register_index.h"

namespace geode::check::txn {

/// The names of the levels; the first is the strongest and the default.
inline constexpr std::array<std::string_view, 15> register_levels = {
    "strict-serializable",
    "strong-session-serializable",
    "serializable",
    "repeatable-read",
    "strong-snapshot-isolation",
    "strong-session-snapshot-isolation",
    "snapshot-isolation",
    "parallel-snapshot-isolation",
    "prefix",
    "causal",
    "read-atomic",
    "item-cut-isolation",
    "strong-session-read-committed",
    "read-committed",
    "read-uncommitted",
};

struct RegisterCheck {
    std::string_view level;                         ///< one of register_levels
    std::optional<ValueId> initial = std::nullopt;  ///< of every register, beside nil
    /// The order that every level keeps; of real time those up to causal keep sessions only.
    KeptOrder least = KeptOrder::none;
    Budget budget = {};
};

/// Micro-operations on lists are not looked at.
Judgement check_registers(const TxnHistory& history, const RegisterCheck& check);

}  // namespace geode::check::txn

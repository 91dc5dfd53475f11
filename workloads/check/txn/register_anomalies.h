// SPDX-License-Identifier: Apache-2.0
#pragma once

// Judges histories of registers by single anomalies instead of a level of isolation.
//
// Most anomalies speak of the order in which the writes of a register happened, which a history of
// registers does not record. An anomaly is there if every order of the writes shows it, or one that
// implies it:
//
//   reads    internal, future-read, garbage-read, G1a, G1b, lost-update: the reads tell. Exact
//   no rw    G0, G1c with -process and -realtime: some order of the writes fits every order of the
//            transactions, so such a cycle is there only if reads (and processes, or real time)
//            make one. Exact; G0 by itself never is
//   rw       G-single, G-nonadjacent, G2: invalid if the dependencies that hold in any order make
//            such a cycle (register_cycles.h); valid if they are all that there are, or if the
//            level that excludes these cycles and all worse ones holds; else unknown
//
// Of several it is one order of the writes that must avoid all: where each can be avoided, but it
// is not known that all can, unknown.
//
// Names and what implies what: isolation.h. Plain names keep no order of sessions.

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/history.h"

namespace geode::check::txn {

/// What can be asked for.
inline constexpr auto register_anomalies = std::to_array<std::string_view>({
    "internal",
    "future-read",
    "garbage-read",
    "lost-update",
    "G1a",
    "G1b",
    "G1",
    "G1-process",
    "G1-realtime",
    "G0",
    "G0-process",
    "G0-realtime",
    "G1c",
    "G1c-process",
    "G1c-realtime",
    "G-single-item",
    "G-single-item-process",
    "G-single-item-realtime",
    "G-single",
    "G-single-process",
    "G-single-realtime",
    "G-nonadjacent-item",
    "G-nonadjacent-item-process",
    "G-nonadjacent-item-realtime",
    "G-nonadjacent",
    "G-nonadjacent-process",
    "G-nonadjacent-realtime",
    "G2-item",
    "G2-item-process",
    "G2-item-realtime",
    "G2",
    "G2-process",
    "G2-realtime",
});

struct RegisterAnomaliesCheck {
    std::span<const std::string_view> anomalies;    ///< of register_anomalies
    std::optional<ValueId> initial = std::nullopt;  ///< of every register, beside nil
    Budget budget = {};
};

/// Micro-operations on lists are not looked at.
Judgement check_register_anomalies(const TxnHistory& history, const RegisterAnomaliesCheck& check);

}  // namespace geode::check::txn

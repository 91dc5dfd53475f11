// SPDX-License-Identifier: Apache-2.0
#pragma once

// Checks histories of transactions that append to lists and read them, against any level of
// isolation of isolation.h.
//
// Reads of lists show the order in which a key's elements were appended, so the versions of every
// key, and with them all dependencies between transactions, are read off instead of searched for:
// the check is linear in the history but for what cycles it finds. What is wrong with the reads
// themselves comes first (list_reads.h), then the graph (list_graph.h) and its cycles (cycles.h).
//
// Exact for read-uncommitted, read-committed, consistent-view, parallel-snapshot-isolation,
// repeatable-read, snapshot-isolation, serializable and their session and real-time variants:
// appends that no read saw can be put in any order that the rest leaves open, and where a level
// allows some cycles with them but not others, an order is searched for (open_appends.h). The other
// levels forbid the anomalies that isolation.h says.
//
// Source: Kingsbury, Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations"
// (VLDB 2020), section 4.

#include <array>
#include <string_view>
#include <vector>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/history.h"

namespace geode::check::txn {

/// The anomalies of isolation.h that are looked for completely: no other is promised to be found.
inline constexpr auto list_anomalies = std::to_array<std::string_view>({
    "internal",
    "future-read",
    "garbage-read",
    "duplicate-elements",
    "incompatible-order",
    "dirty-update",
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
    "monotonic-fractured-read",
    "fractured-read",
    "prefix-violation",
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

struct ListAppendOptions {
    /// Names of isolation.h; an anomaly makes the history invalid if one of them forbids it.
    std::vector<std::string_view> models = {"strict-serializable"};
    /// Of list_anomalies; forbidden as well, with all that imply them. With cycles that have rw but
    /// not with those that have none, the dependencies that reads tell are judged, not all orders
    /// of unseen appends.
    std::vector<std::string_view> anomalies = {};
    Budget budget = {};
    /// Of each name at most so many are listed.
    std::size_t anomalies_per_name_max = 100'000;
};

/// Judges a history of lists. unknown, with the reason, if the budget ends the search before it
/// found anything, if two transactions appended the same element to one key, or if anomalies are
/// asked for that cannot be told apart (CycleReport::crossed).
Judgement check_list_append(const TxnHistory& history, const ListAppendOptions& options);

}  // namespace geode::check::txn

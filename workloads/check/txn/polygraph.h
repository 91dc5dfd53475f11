// SPDX-License-Identifier: Apache-2.0
#pragma once

// Prefix consistency, parallel snapshot isolation, snapshot isolation and serializability of
// registers, exactly: is there an order of the versions of each key with which the history has none
// of the cycles that the level forbids?
//
// Which transaction read from which is known; the order of two writes of a key mostly is not. What
// is known becomes edges of a graph whose cycles are the forbidden ones: for serializable a node
// per transaction; for snapshot two, snapshot and commit, rw leading from snapshot to commit and
// all else from commit to snapshot; for prefix the same with ww from commit to commit; for parallel
// snapshot no rw edges, but no path may lead from the end of an rw to its start. Then
//  1. A transaction that reads a version and overwrites it follows it immediately (not under
//     prefix): versions fall into chains, and only the order of chains is open. If every write
//     reads first there is one chain, and nothing to search.
//  2. The order that the graph always has (OrderedGraph), begun from the recorded one, sorts the
//     chains of every key. Only where two chains overlap in it does their order become a question
//     of the search (ClauseSearch); where nothing overlaps the order is the proof.
//  3. Before anything is guessed, questions of which the graph excludes one answer are facts; where
//     many chains overlap they are looked for all at once, before the search (polygraph_forced.h).
//  4. An answer that closes a cycle is an objection: the answers on that cycle.
//
// Sources: Papadimitriou, JACM 1979 (polygraphs); Tan et al., "Cobra", OSDI 2020 (chains, pruning);
// Huang et al., "PolySI", VLDB 2023; Cerone, Gotsman, "Analysing snapshot isolation", JACM 2018;
// Cerone, Gotsman, Yang, CONCUR 2017 (levels by dependencies).

#include <optional>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/register_links.h"

namespace geode::check::txn {

enum class StrongLevel : std::uint8_t { prefix, parallel_snapshot, snapshot, serializable };

struct PolygraphOptions {
    StrongLevel level = StrongLevel::serializable;
    KeptOrder order = KeptOrder::none;  ///< what the RegisterIndex was made with
    Budget budget = {};
};

struct PolygraphResult {
    Verdict verdict = Verdict::valid;
    Cycle cycle;               ///< of invalid
    bool lost_update = false;  ///< the cycle is two updates of the same version
    std::uint64_t questions = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;
};

/// Decides whether a history, of which `index` was made, keeps the level. Problems of reads are the
/// caller's, and of reads of a key in one transaction only the first counts. unknown: the budget
/// ran out.
PolygraphResult check_polygraph(const TxnHistory& history, const RegisterIndex& index,
                                const PolygraphOptions& options);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which anomalies that are cycles of dependencies does a graph contain?
//
// The graph is split into strongly connected components, and each component that is not a single
// transaction is searched for the anomalies asked for, from the worst to the least; one that
// follows from an anomaly already found there is not looked for again. What is reported is the
// shortest cycle of its kind that a bounded number of further attempts finds.
//
//   G0              ww edges                     with any of the suffixes -process, -realtime:
//   G1c             ww and wr edges              at least one edge of that relation as well
//   G-single        exactly one rw edge
//   G-nonadjacent   rw edges, no two in a row
//   G2              rw edges
//   prefix-violation, long-fork   one, several rw edges, each behind a wr edge
//
// All rw edges are of items, hence -item in names with them. An rw pair that is ww or wr as well
// counts as that.
// How: every cycle of a kind has a certain edge (for G-single: the rw edge), and the walk back from
// its head to its tail is a breadth-first search over (node, whether the last edge forbids the
// next). A pass for components over the same pairs decides where a walk gets back at all.
//
// Exact: what is named is there, and what is there is named or implied by what is. Only beside a
// cycle without rw edges may a G-nonadjacent or prefix cycle be missed, if its shortest walk meets
// itself (CycleReport::crossed); levels that forbid it forbid both. Work is counted in edges.
//
// Source: Adya, "Weak Consistency" (1999), chapter 3; Kingsbury, Alvaro, "Elle" (VLDB 2020).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/graph.h"

namespace geode::check::txn {

/// An edge of a cycle between two transactions, helpers taken out.
struct CycleStep {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    Relations relation = 0;  ///< one of them
};

struct Cycle {
    std::string_view anomaly;  ///< a name of isolation.h
    std::vector<CycleStep> steps;
    /// An anomaly reported of the same component that a cycle through the same transactions shows
    /// by data alone: each step of process or real time is between two that depend on each other
    /// as well. Then this cycle matters only for the levels that forbid it and not that anomaly.
    std::string_view covered_by = {};
};

struct CycleReport {
    std::vector<Cycle> cycles;  ///< by component (of its smallest transaction), worst first
    bool complete = true;       ///< false: the budget ended the search
    /// A kind that may be there unnamed, beside a cycle without rw edges; empty: there is none.
    std::string_view crossed = {};
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;  ///< most memory held, besides the graph
};

/// The relations that cycles of these anomalies are made of, for whoever builds the graph. Real
/// time covers the order of processes, which is only asked for where nothing asks for real time.
Relations relations_of(std::span<const std::string_view> anomalies);

/// Searches for the anomalies in `wanted` (names of isolation.h; those that are no cycles are
/// passed over). Only budget.steps_max counts here.
CycleReport find_cycles(const DependencyGraph& graph, std::span<const std::string_view> wanted,
                        const Budget& budget);

}  // namespace geode::check::txn

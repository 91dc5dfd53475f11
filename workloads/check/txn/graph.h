// SPDX-License-Identifier: Apache-2.0
#pragma once

// The graph of dependencies between transactions: who must come before whom, and why.
//
// Nodes 0 .. transactions-1 are the transactions of a history. Edges carry a mask of relations:
// parallel edges are one. Behind them come helper nodes, which stand for many edges at once and
// are no step of a cycle: an edge into a helper has the relation, the edges out of it have only
// `through`. So
//  1. all pairs (a, b) of relation R through helper h exist as a -R-> h -through-> ... -> b;
//  2. helpers alone form no cycle.
//
// Real time is such a relation. Its pairs are many, but it is an interval order: a line of helpers,
// one per run of completions, each reached from the transactions that completed there and leading
// to the next one and to the transactions invoked before it. That is at most three edges for each
// transaction however many clients there are, and holds exactly the pairs of the full relation.
//
// Rows are compressed and sorted by target. At most 2^32 - 1 nodes and edges.

#include <cstdint>
#include <span>
#include <vector>

#include "workloads/check/txn/history.h"

namespace geode::check::txn {

using Relations = std::uint8_t;  ///< a set of the relations below

inline constexpr Relations ww = 1;         ///< the next version of a key
inline constexpr Relations wr = 2;         ///< read what the other wrote
inline constexpr Relations rw = 4;         ///< read what the other overwrote
inline constexpr Relations process = 8;    ///< earlier in the same process
inline constexpr Relations realtime = 16;  ///< completed before the other was invoked
inline constexpr Relations through = 128;  ///< onwards from a helper

class DependencyGraph {
public:
    std::uint32_t transactions() const { return transactions_; }
    /// Transactions and helpers.
    std::uint32_t nodes() const { return static_cast<std::uint32_t>(rows_.size() - 1); }
    bool is_helper(std::uint32_t node) const { return node >= transactions_; }

    std::uint32_t row_begin(std::uint32_t node) const { return rows_[node]; }
    std::uint32_t row_end(std::uint32_t node) const { return rows_[node + 1]; }
    std::uint32_t target(std::uint32_t edge) const { return targets_[edge]; }
    Relations relations(std::uint32_t edge) const { return relations_[edge]; }
    std::uint32_t edges() const { return static_cast<std::uint32_t>(targets_.size()); }

    std::uint64_t bytes() const { return rows_.size() * 4 + targets_.size() * 5; }

private:
    friend class GraphBuilder;
    std::uint32_t transactions_ = 0;
    std::vector<std::uint32_t> rows_;
    std::vector<std::uint32_t> targets_;
    std::vector<Relations> relations_;
};

class GraphBuilder {
public:
    /// A graph of `transactions` nodes and no edges.
    explicit GraphBuilder(std::uint32_t transactions)
        : transactions_(transactions), nodes_(transactions) {}

    /// Adds a pair; one of a node with itself says nothing and is left out.
    void add(std::uint32_t from, std::uint32_t to, Relations relation) {
        if (from != to) edges_.push_back(Edge{from, to, relation});
    }
    std::uint32_t add_helper() { return nodes_++; }

    /// The memory that finish() will have used at its peak, about.
    std::uint64_t bytes() const;

    DependencyGraph finish() &&;

private:
    struct Edge {
        std::uint32_t from;
        std::uint32_t to;
        Relations relation;
    };
    std::uint32_t transactions_;
    std::uint32_t nodes_;
    std::vector<Edge> edges_;
};

// Both take the transactions for which `counts` holds: those that committed.

/// Each transaction and the next one of its process.
void add_process_edges(GraphBuilder& builder, const TxnHistory& history,
                       const std::vector<bool>& counts);

/// Real time by a line of helpers; nothing if the history is not timed. Only transactions that are
/// ok have completed.
void add_realtime_edges(GraphBuilder& builder, const TxnHistory& history,
                        const std::vector<bool>& counts);

}  // namespace geode::check::txn

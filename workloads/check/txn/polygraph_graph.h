// SPDX-License-Identifier: Apache-2.0
#pragma once

// The graph of a polygraph search (polygraph.h): which nodes it has, its known edges, the edges of
// each answer, and how a cycle of edges reads as links between transactions. Internal to
// polygraph.cc and its theory.
//
// Beside the nodes of transactions there are auxiliary ones that stand for many edges at once:
//
//   join     of a chain: every reader of its last version (and the version itself) leads there, so
//            that "before chain B" is one edge; a single reader is its own join
//   hub      of a key: every reader of its initial state leads there, and on to every chain
//   barrier  of a moment: everything over by then leads there, everything begun after comes from
//            there; barriers follow one another
//
// Invariant: known edges are told one by one, always the same, and stored nowhere but as neighbours
// (OrderedGraph). What a step of a cycle means is found by going through them once more.

#include <functional>
#include <optional>
#include <utility>

#include "workloads/check/txn/ordered_graph.h"
#include "workloads/check/txn/polygraph.h"
#include "workloads/check/txn/version_chains.h"

namespace geode::check::txn {

/// "Chain a is before chain b", or the reverse.
struct ChainPair {
    std::uint32_t before = 0;
    std::uint32_t after = 0;
    auto operator<=>(const ChainPair&) const = default;
};

/// Why an edge holds.
struct EdgeMeaning {
    LinkKind kind = LinkKind::wr;
    std::uint32_t key = no_node;
    Ground ground = Ground::seen;
};

class PolygraphGraph {
public:
    /// Borrows all of them.
    PolygraphGraph(const TxnHistory& history, const RegisterIndex& index,
                   const VersionChains& versions, const PolygraphOptions& options);

    /// Makes the graph of what is known. False if that has a cycle by itself: graph().cycle().
    bool build();

    /// Takes pairs as known when the graph is made the next time. How many it did not have.
    std::size_t add_forced(std::vector<ChainPair> pairs);
    /// Those taken so far, which are forgotten.
    std::vector<ChainPair> take_forced() { return std::exchange(forced_, {}); }

    OrderedGraph& graph() { return *graph_; }
    const OrderedGraph& graph() const { return *graph_; }

    /// Where a transaction's snapshot and its commit are; the same node unless the level has two.
    std::uint32_t low(std::uint32_t node) const { return two_ ? node * 2 : node; }
    std::uint32_t high(std::uint32_t node) const { return two_ ? node * 2 + 1 : node; }
    bool is_transaction(std::uint32_t graph_node) const { return graph_node < transaction_nodes_; }
    std::uint32_t transaction_of(std::uint32_t graph_node) const {
        return two_ ? graph_node / 2 : graph_node;
    }

    struct Edges {
        std::uint32_t count = 0;
        GraphEdge edge[2];
    };
    /// What must hold if the one chain is before the other; labels are `label`.
    Edges edges_of(const ChainPair& pair, std::uint32_t label) const;
    /// Why an edge of edges_of(pair) that leaves `from` holds, if the pair does on this ground.
    EdgeMeaning meaning_of(const ChainPair& pair, std::uint32_t from, Ground ground) const;

    /// What sorts the chains of a key in the order of the graph.
    std::uint32_t head_position(const Chain& chain) const {
        const std::uint32_t node = versions_.node[chain.head];
        return graph_->position(level_ == StrongLevel::prefix ? high(node) : low(node));
    }

    /// The cycle in links. `own` tells the meaning of edges with labels.
    Cycle links_of(std::span<const GraphEdge> cycle,
                   const std::function<EdgeMeaning(const GraphEdge&)>& own) const;

    std::uint64_t bytes() const;

private:
    void number_nodes();
    void number_barriers();
    std::vector<std::uint64_t> places() const;
    std::vector<std::uint64_t> places_by_session() const;
    std::vector<std::uint64_t> priorities() const;

    // All call each(from, to, meaning).
    template <class Each>
    void for_known(const Each& each) const;
    template <class Each>
    void for_transactions(const Each& each) const;
    template <class Each>
    void for_barriers(const Each& each) const;
    template <class Each>
    void for_versions(const Each& each) const;
    template <class Each>
    void for_initial(std::uint32_t key, const Each& each) const;
    template <class Each>
    void for_pair(const ChainPair& pair, Ground ground, const Each& each) const;

    std::vector<EdgeMeaning> known_meanings(std::span<const GraphEdge> cycle) const;

    const TxnHistory& history_;
    const RegisterIndex& index_;
    const VersionChains& versions_;
    StrongLevel level_;
    KeptOrder order_;
    bool two_;
    bool reads_are_edges_;
    bool real_time_;
    std::uint32_t transaction_nodes_ = 0;
    std::uint32_t nodes_ = 0;
    std::vector<std::uint32_t> join_;  // chain -> node, or no_node: nobody reads its last version
    std::vector<std::uint32_t> hub_;   // key -> node, or no_node
    std::uint32_t first_barrier_ = 0;
    std::uint32_t barriers_ = 0;
    std::vector<std::uint32_t> barrier_before_;  // transaction -> the last before it began
    std::vector<std::uint32_t> barrier_after_;   // transaction -> the first behind its end
    std::vector<ChainPair> forced_;
    std::optional<OrderedGraph> graph_;
};

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The graph of a polygraph search (polygraph.h): which nodes it has, its known edges, the edges of
// each answer, and how a cycle of edges reads as links between transactions. Internal to
// polygraph.cc and its theory.
//
// Beside the nodes of transactions there are auxiliary ones that stand for many edges at once:
//
//   join     of a chain: every reader of its last version (and the version itself) leads there, so
//            that "before chain B" is one edge
//   hub      of a key: every reader of its initial state leads there, and on to every chain
//   barrier  of a moment: everything over by then leads there, everything begun after comes from
//            there; barriers follow one another

#include <algorithm>

#include "workloads/check/txn/ordered_graph.h"
#include "workloads/check/txn/polygraph.h"
#include "workloads/check/txn/version_chains.h"

namespace geode::check::txn {

/// "Chain a is before chain b", or the reverse.
struct ChainPair {
    std::uint32_t before = 0;
    std::uint32_t after = 0;
};

class PolygraphGraph {
public:
    PolygraphGraph(const TxnHistory& history, const RegisterIndex& index,
                   const VersionChains& versions, const PolygraphOptions& options);

    /// False if what is known has a cycle by itself: graph().cycle().
    bool build();

    OrderedGraph& graph() { return *graph_; }
    const OrderedGraph& graph() const { return *graph_; }

    /// Where a transaction's snapshot and its commit are; the same node unless the level has two.
    std::uint32_t low(std::uint32_t node) const { return two_ ? node * 2 : node; }
    std::uint32_t high(std::uint32_t node) const { return two_ ? node * 2 + 1 : node; }

    struct Edges {
        std::uint32_t count = 0;
        GraphEdge edge[2];
    };
    /// What must hold if the one chain is before the other; labels are `label`.
    Edges edges_of(const ChainPair& pair, std::uint32_t label) const;

    /// A label for one more edge with this meaning.
    std::uint32_t add_name(LinkKind kind, std::uint32_t key);

    /// Labels from here on belong to the caller and say ww.
    static constexpr std::uint32_t own_labels = std::uint32_t{1} << 31;

    /// The cycle in links. `ground` and `key` tell of the caller's labels.
    template <class GroundOf, class KeyOf>
    Cycle links_of(std::span<const GraphEdge> cycle, const GroundOf& ground_of,
                   const KeyOf& key_of) const {
        Cycle links;
        const auto first = std::ranges::find_if(
            cycle, [this](const GraphEdge& edge) { return edge.from < transaction_nodes_; });
        const auto start = static_cast<std::size_t>(first - cycle.begin());
        Link link;
        for (std::size_t step = 0; step < cycle.size(); ++step) {
            const GraphEdge& edge = cycle[(start + step) % cycle.size()];
            const bool own = edge.label >= own_labels;
            if (edge.from < transaction_nodes_) {
                const Name name = own ? Name{.kind = LinkKind::ww, .key = key_of(edge.label)}
                                      : names_[edge.label];
                link = {.from = transaction_of(edge.from), .kind = name.kind, .key = name.key};
            }
            if (own) link.ground = ground_of(edge.label);
            if (edge.to >= transaction_nodes_) continue;
            link.to = transaction_of(edge.to);
            if (link.from != link.to) links.push_back(link);
        }
        return links;
    }

private:
    struct Name {
        LinkKind kind = LinkKind::wr;
        std::uint32_t key = no_node;
    };
    std::uint32_t transaction_of(std::uint32_t node) const { return two_ ? node / 2 : node; }
    void number_nodes();
    void number_barriers();
    void known(std::uint32_t from, std::uint32_t to, LinkKind kind, std::uint32_t key = no_node);
    void add_transactions();
    void add_barriers();
    void add_versions();
    void add_initial(std::uint32_t key);
    std::vector<std::uint64_t> places() const;
    std::vector<std::uint64_t> places_by_session() const;
    std::vector<std::uint64_t> priorities() const;

    const TxnHistory& history_;
    const RegisterIndex& index_;
    const VersionChains& versions_;
    StrongLevel level_;
    bool two_;
    bool reads_are_edges_;
    bool real_time_;
    std::uint32_t transaction_nodes_ = 0;
    std::uint32_t nodes_ = 0;
    std::vector<std::uint32_t> join_;  // chain -> node, or no_node
    std::vector<std::uint32_t> hub_;   // key -> node, or no_node
    struct Moment {
        std::uint64_t at;
        std::uint32_t node;  // of the index
        bool ends;
    };
    std::vector<Moment> moments_;
    std::uint32_t first_barrier_ = 0;
    std::vector<Name> names_;
    std::optional<OrderedGraph> graph_;
};

}  // namespace geode::check::txn

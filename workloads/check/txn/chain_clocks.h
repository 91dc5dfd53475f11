// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which nodes of a graph reach which others, for nodes that lie on few chains: paths of which every
// node comes before the next. Each node of the graph has a row that tells how much of each chain
// leads there; so an answer is one comparison (vector clocks).
//
// Chains are columns of the rows, and made on the way: when the row of a node is known its place is
// asked for. Nodes on no chain pass on what they know; only of them it cannot be asked whom they
// reach.
//
// Sources: Fidge 1988, Mattern 1989 (vector clocks); Jagadish, ACM TODS 15, 1990 (chains as an
// index of reachability).

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "workloads/check/txn/ordered_graph.h"

namespace geode::check::txn {

struct ChainPlace {
    static constexpr std::uint32_t none = UINT32_MAX;
    std::uint32_t chain = none;
    std::uint32_t place = 0;  ///< on its chain: larger is later
};

class ChainClocks {
public:
    using Row = std::span<const std::uint32_t>;

    /// The place of a node of which the row is this; its chain is none or less than the columns,
    /// and all that precede it there reach it. Asked once of each node, in the order of the graph.
    using PlaceOf = std::function<ChainPlace(std::uint32_t node, Row row)>;

    /// Of the known edges of a graph that was sealed. O((nodes + edges) columns), less where edges
    /// tell nothing new.
    ChainClocks(const OrderedGraph& graph, std::uint32_t columns, const PlaceOf& place_of);

    static std::uint64_t bytes(std::uint64_t nodes, std::uint64_t columns) {
        return nodes * (columns * sizeof(std::uint32_t) + sizeof(ChainPlace));
    }

    /// By chain, one more than the last place from where a path leads to the node.
    Row row(std::uint32_t node) const {
        return std::span(rows_).subspan(std::size_t{node} * columns_, columns_);
    }

    /// Whether a path leads from one node to another. false if `from` is on no chain.
    bool reaches(std::uint32_t from, std::uint32_t to) const {
        const ChainPlace& place = places_[from];
        return place.chain != ChainPlace::none && row(to)[place.chain] > place.place;
    }

    /// Has a row brought from memory by the time it is asked for.
    void expect(std::uint32_t node) const {
        __builtin_prefetch(rows_.data() + std::size_t{node} * columns_);
    }

    std::uint64_t steps() const { return steps_; }

private:
    std::uint32_t columns_;
    std::vector<std::uint32_t> rows_;
    std::vector<ChainPlace> places_;
    std::uint64_t steps_ = 0;
};

}  // namespace geode::check::txn

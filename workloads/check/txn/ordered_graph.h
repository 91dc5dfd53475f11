// SPDX-License-Identifier: Apache-2.0
#pragma once

// A directed graph that is kept acyclic while edges come and go, together with an order of its
// nodes in which every edge points forward.
//
// Known edges are added first and stay; seal() then finds an order or a cycle. After that edges are
// inserted one by one and removed in reverse: an edge that points forward in the order costs
// nothing, one that points back searches only the nodes between its ends and moves those that must
// move. An edge that would close a cycle is refused, and the cycle can be asked for. Removal leaves
// the order as it is, which is as good as any.
//
// Source: Pearce, Kelly, "A dynamic topological sort algorithm for directed acyclic graphs", ACM
// JEA 11, 2006. Everything is counted in steps (nodes and edges looked at), and the same on every
// machine.

#include <cstdint>
#include <span>
#include <vector>

namespace geode::check::txn {

struct GraphEdge {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t label = 0;  ///< the caller's
};

class OrderedGraph {
public:
    /// `nodes` < 2^31.
    explicit OrderedGraph(std::uint32_t nodes) : position_(nodes) {}

    /// Before seal() only. Parallel edges are allowed.
    void add_known(std::uint32_t from, std::uint32_t to, std::uint32_t label) {
        known_.push_back({from, to, label});
    }

    /// Ends the known edges. False if they have a cycle, which cycle() then tells, a shortest one
    /// through some node. Among the nodes that could come next the one of least priority does.
    bool seal(std::span<const std::uint64_t> priorities);

    /// False if the edge would close a cycle (cycle() then tells a shortest) and is not inserted.
    bool insert(std::uint32_t from, std::uint32_t to, std::uint32_t label);

    /// Removes the edge that was inserted last.
    void remove_last();
    std::size_t inserted() const { return inserted_.size(); }

    /// Nodes earlier in the order have smaller positions; distinct.
    std::uint32_t position(std::uint32_t node) const { return position_[node]; }

    /// Whether there is a path; if so, path() is a shortest.
    bool reaches(std::uint32_t from, std::uint32_t to);

    /// Of the last refusal: edges in order, the refused one first; the last ends where it began.
    std::span<const GraphEdge> cycle() const { return cycle_; }
    std::span<const GraphEdge> path() const { return path_; }

    std::uint64_t steps() const { return steps_; }
    std::uint64_t bytes() const;

private:
    struct Half {
        std::uint32_t node;
        std::uint32_t label;
    };
    struct Rows {  // edges of a node: halves[begin[node] .. begin[node + 1])
        std::vector<std::uint32_t> begin;
        std::vector<Half> halves;
        std::span<const Half> of(std::uint32_t node) const {
            return std::span(halves).subspan(begin[node], begin[node + 1] - begin[node]);
        }
    };
    Rows rows_by(std::uint32_t GraphEdge::* near, std::uint32_t GraphEdge::* far) const;
    void find_known_cycle(std::span<const std::uint32_t> degrees);
    bool search_forward(std::uint32_t from, std::uint32_t to, std::uint32_t position_max);
    void search_backward(std::uint32_t from, std::uint32_t position_min);
    bool visit_forward(std::uint32_t node, std::span<const Half> halves, std::uint32_t to,
                       std::uint32_t position_max);
    void trace_path(std::uint32_t from, std::uint32_t to);
    void reorder();
    void new_search();

    std::vector<std::uint32_t> position_;
    std::vector<GraphEdge> known_;
    Rows out_;
    Rows in_;
    std::vector<std::vector<Half>> more_out_;
    std::vector<std::vector<Half>> more_in_;
    std::vector<GraphEdge> inserted_;
    std::vector<GraphEdge> cycle_;
    std::vector<GraphEdge> path_;

    // Of the search under way: marks are valid if equal to the number of the search.
    std::uint32_t search_ = 0;
    std::vector<std::uint32_t> mark_;
    std::vector<GraphEdge> parent_;
    std::vector<std::uint32_t> forward_;
    std::vector<std::uint32_t> backward_;
    std::vector<std::uint32_t> pool_;
    std::uint64_t steps_ = 0;
};

}  // namespace geode::check::txn

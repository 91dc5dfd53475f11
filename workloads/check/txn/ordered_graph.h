// SPDX-License-Identifier: Apache-2.0
#pragma once

// A directed graph that is kept acyclic while edges come and go, together with an order of its
// nodes in which every edge points forward.
//
// Known edges come first and stay; seal() finds an order or a cycle. After that edges are inserted
// one by one and removed in reverse. An edge that points forward in the order costs nothing. One
// that points back is searched around from both ends at once, the smaller front first: if they
// meet there is a cycle, the edge is refused, and the cycle (a shortest) can be asked for;
// otherwise one side has been seen whole, and its nodes move past the rest. Removal leaves the
// order as it is, which is as good as any.
//
// Invariants:
//  1. Every edge leads from a smaller position to a larger one.
//  2. Two nodes of which neither is in moved() stand to one another as they did when it was
//     forgotten last.
//
// Known edges are not stored with labels: who needs to know why a step of a cycle holds looks for
// it among them again. Everything is counted in steps (nodes and edges looked at), and the same on
// every machine.
//
// Sources: Pearce, Kelly, "A dynamic topological sort algorithm for directed acyclic graphs", ACM
// JEA 11, 2006 (only what lies between the ends matters); Bender, Fineman, Gilbert, Tarjan, "A new
// approach to incremental cycle detection", ACM TALG 12, 2016 (searching both ways).

#include <cstdint>
#include <span>
#include <vector>

#include "workloads/check/txn/neighbour_rows.h"

namespace geode::check::txn {

/// Of known edges; all others are the caller's.
inline constexpr std::uint32_t known_label = UINT32_MAX;

struct GraphEdge {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t label = known_label;
};

class OrderedGraph {
public:
    /// `nodes` < 2^31. Those from `helpers` on stand for many edges at once: they do not count in
    /// the length of a cycle of known edges, and make none by themselves.
    OrderedGraph(std::uint32_t nodes, std::uint32_t helpers)
        : helpers_(helpers), position_(nodes) {}
    explicit OrderedGraph(std::uint32_t nodes) : OrderedGraph(nodes, nodes) {}

    /// Takes the known edges: `known(each)` is to call each(from, to) for all of them, the same
    /// ones whenever it is called. Parallel edges are allowed. False if they have a cycle, which
    /// cycle() then tells, a short one. Among the nodes that could come next the one of least
    /// priority does. Once.
    template <class Known>
    bool seal(const Known& known, std::span<const std::uint64_t> priorities) {
        out_.start(position_.size());
        in_.start(position_.size());
        known([this](std::uint32_t from, std::uint32_t to) {
            out_.count(from);
            in_.count(to);
        });
        out_.end_of_counting();
        in_.end_of_counting();
        known([this](std::uint32_t from, std::uint32_t to) {
            out_.add(from, to);
            in_.add(to, from);
        });
        return arrange(priorities);
    }

    /// False if the edge would close a cycle (cycle() then tells a shortest) and is not inserted.
    bool insert(std::uint32_t from, std::uint32_t to, std::uint32_t label);

    /// Removes the edge that was inserted last.
    void remove_last();
    std::size_t inserted() const { return inserted_.size(); }

    std::uint32_t count() const { return static_cast<std::uint32_t>(position_.size()); }
    /// Nodes earlier in the order have smaller positions, which are 0 .. count() - 1.
    std::uint32_t position(std::uint32_t node) const { return position_[node]; }
    std::uint32_t node_at(std::uint32_t position) const { return order_[position]; }

    /// Where known edges to the node come from.
    std::span<const std::uint32_t> known_before(std::uint32_t node) const { return in_.of(node); }

    /// Whether there is a path; if so, path() is a shortest.
    bool reaches(std::uint32_t from, std::uint32_t to);

    /// Nodes that insert() moved, possibly more than once.
    std::span<const std::uint32_t> moved() const { return moved_; }
    void forget_moved() { moved_.clear(); }

    /// Of the last refusal: edges in order, the refused one first; the last ends where it began.
    std::span<const GraphEdge> cycle() const { return cycle_; }
    std::span<const GraphEdge> path() const { return path_; }

    std::uint64_t steps() const { return steps_; }
    std::uint64_t bytes() const;

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    struct Inserted {
        GraphEdge edge;
        std::uint32_t next_out = none;  // the one inserted before it at the same node
        std::uint32_t next_in = none;
    };
    struct Visit {
        std::uint32_t node;
        std::uint32_t parent;  // place among the visits, or none
        std::uint32_t label;   // of the edge from there
    };
    /// One half of a search: breadth first, along edges or against them.
    struct Front {
        bool forward = true;
        std::uint32_t mark = 0;
        std::vector<Visit> visits;
        std::size_t next = 0;  // visits that were not looked at yet begin here

        bool exhausted() const { return next == visits.size(); }
    };

    bool arrange(std::span<const std::uint64_t> priorities);
    bool search(std::uint32_t from, std::uint32_t to);
    bool advance(Front& front, const Front& other);
    bool look(Front& front, const Front& other, std::uint32_t parent, std::uint32_t node,
              std::uint32_t label);
    void start(Front& front, std::uint32_t node);
    void join_paths(std::uint32_t meeting);
    void move_front(const Front& front);

    std::uint32_t helpers_;
    std::vector<std::uint32_t> position_;
    std::vector<std::uint32_t> order_;
    NeighbourRows out_;
    NeighbourRows in_;
    std::vector<Inserted> inserted_;
    std::vector<std::uint32_t> first_out_;  // node -> its edge that was inserted last
    std::vector<std::uint32_t> first_in_;
    std::vector<std::uint32_t> moved_;
    std::vector<GraphEdge> cycle_;
    std::vector<GraphEdge> path_;

    // Of the search under way, which stays between two positions. A node's mark tells which front
    // of which search saw it.
    std::uint32_t marks_ = 0;
    std::vector<std::uint32_t> mark_;
    Front forward_;
    Front backward_;
    std::uint32_t position_min_ = 0;
    std::uint32_t position_max_ = 0;
    std::vector<std::uint32_t> pool_;
    std::uint64_t steps_ = 0;
};

}  // namespace geode::check::txn

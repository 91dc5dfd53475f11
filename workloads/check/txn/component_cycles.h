// SPDX-License-Identifier: Apache-2.0
#pragma once

// The search for one kind of cycle within one strongly connected component. Internal to cycles.cc.

#include <optional>
#include <vector>

#include "workloads/check/txn/components.h"
#include "workloads/check/txn/cycle_specs.h"
#include "workloads/check/txn/cycles.h"

namespace geode::check::txn {

/// A component by itself: its nodes renumbered in order, its inner edges only.
struct LocalGraph {
    std::vector<std::uint32_t> global;  ///< local node -> node of the graph
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> targets;
    std::vector<Relations> relations;
    std::uint32_t transactions = 0;  ///< locals below are transactions, the rest helpers

    std::uint32_t nodes() const { return static_cast<std::uint32_t>(global.size()); }
    bool is_helper(std::uint32_t node) const { return node >= transactions; }
};

class ComponentCycles {
public:
    /// `steps_left` is counted down by every search; all stop when it is used up.
    ComponentCycles(const LocalGraph& graph, std::uint64_t& steps_left)
        : graph_(graph), steps_left_(steps_left) {}

    /// A cycle of this kind, or nothing if there is none or the steps ran out.
    std::optional<Cycle> find(const CycleSpec& spec);
    /// Whether a walk of the last find() crossed itself, and so was no cycle.
    bool crossed() const { return crossed_; }

private:
    /// A node together with what the walk's last edge was: all that the next edge depends on.
    using State = std::uint32_t;
    struct Came {
        State from;
        std::uint32_t edge;
    };

    bool is_candidate(const CycleSpec& spec, std::uint32_t edge) const;
    State state_behind(const CycleSpec& spec, std::uint32_t edge) const;
    bool may_close(const CycleSpec& spec, const Components& components, std::uint32_t tail,
                   std::uint32_t edge) const;
    bool closes(const CycleSpec& spec, State state) const;
    bool walk_back(const CycleSpec& spec, std::uint32_t tail, std::uint32_t edge,
                   std::uint32_t steps_max, const Components* order);
    std::optional<Cycle> cycle_of(const CycleSpec& spec, std::uint32_t tail, std::uint32_t edge);
    Relations label(const CycleSpec& spec, std::uint32_t edge) const;

    const LocalGraph& graph_;
    std::uint64_t& steps_left_;
    std::vector<std::uint32_t> seen_;  // per state: the number of the walk that saw it
    std::vector<Came> came_;
    std::vector<State> layer_;
    std::vector<State> next_layer_;
    State last_ = no_node;
    std::uint32_t walks_ = 0;
    bool crossed_ = false;
};

}  // namespace geode::check::txn

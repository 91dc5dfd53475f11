// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/component_cycles.h"

#include <algorithm>

#include "base/assert.h"

namespace geode::check::txn {
namespace {

/// How much further a search goes after the first cycle, for the sake of a shorter one.
constexpr std::uint64_t shortening_steps_max = 1 << 20;

constexpr bool has(Relations relations, Relations wanted) {
    return (relations & wanted) != 0;
}

/// The component's walks of one kind: states (node, flag), numbered node * 2 + flag. The flag means
/// "the last edge was rw" for nonadjacent, "was wr or process" for behind_wr, nothing otherwise.
class Walks {
public:
    Walks(const LocalGraph& graph, const CycleSpec& spec) : graph_(graph), spec_(spec) {}

    std::uint32_t nodes() const { return graph_.nodes() * 2; }
    std::uint32_t begin(std::uint32_t state) const { return graph_.rows[state / 2]; }
    std::uint32_t end(std::uint32_t state) const { return graph_.rows[state / 2 + 1]; }

    std::uint32_t at(std::uint32_t state, std::uint32_t edge) const {
        const std::uint32_t target = graph_.targets[edge] * 2;
        if (graph_.is_helper(state / 2)) return target + state % 2;
        const Relations relations = graph_.relations[edge];
        const bool flag = state % 2 != 0;
        if (has(relations, spec_.along)) {
            const bool reads = has(relations, static_cast<Relations>((wr | process) & spec_.along));
            return target + (spec_.rule == RwRule::behind_wr && reads ? 1 : 0);
        }
        if (!has(relations, rw)) return no_node;
        switch (spec_.rule) {
            case RwRule::none:
            case RwRule::one: return no_node;
            case RwRule::nonadjacent: return flag ? no_node : target + 1;
            case RwRule::behind_wr: return flag ? target : no_node;
            case RwRule::any: return target;
        }
        GEODE_UNREACHABLE("RwRule out of range");
    }

private:
    const LocalGraph& graph_;
    const CycleSpec& spec_;
};

}  // namespace

/// The edges of which every cycle of the kind has one.
bool ComponentCycles::is_candidate(const CycleSpec& spec, std::uint32_t edge) const {
    const Relations relations = graph_.relations[edge];
    if (has(relations, through)) return false;
    if (spec.rule == RwRule::one || spec.rule == RwRule::any) {
        // It may be of the process as well, if another step of the cycle is.
        return has(relations, rw) && !has(relations, ww | wr);
    }
    if (spec.rule != RwRule::none) return has(relations, rw) && !has(relations, spec.along);
    return has(relations, spec.needs) && (spec.needs == ww || !has(relations, ww));
}

ComponentCycles::State ComponentCycles::state_behind(const CycleSpec& spec,
                                                     std::uint32_t edge) const {
    return graph_.targets[edge] * 2 + (spec.rule == RwRule::nonadjacent ? 1 : 0);
}

/// Whether a walk that ends in `state` may go on with the candidate edge.
bool ComponentCycles::closes(const CycleSpec& spec, State state) const {
    if (spec.rule == RwRule::nonadjacent) return state % 2 == 0;
    if (spec.rule == RwRule::behind_wr) return state % 2 == 1;
    return true;
}

bool ComponentCycles::may_close(const CycleSpec& spec, const Components& components,
                                std::uint32_t tail, std::uint32_t edge) const {
    const State begin = state_behind(spec, edge);
    const State end = tail * 2 + (spec.rule == RwRule::behind_wr ? 1 : 0);
    // Without memory an rw edge is no part of the pairs, so the walk leads down the order.
    if (spec.rule == RwRule::one) return components.of[begin] >= components.of[end];
    return components.of[begin] == components.of[end];
}

/// Breadth-first from the edge's head to its tail by less than `steps_max` steps; hops from and
/// between helpers are free.
bool ComponentCycles::walk_back(const CycleSpec& spec, std::uint32_t tail, std::uint32_t edge,
                                std::uint32_t steps_max, const Components* order) {
    const Walks walks(graph_, spec);
    ++walks_;
    const State begin = state_behind(spec, edge);
    layer_.assign(1, begin);
    seen_[begin] = walks_;
    came_[begin] = Came{no_node, edge};
    const std::uint32_t lowest = order == nullptr ? 0 : order->of[tail * 2];
    // The edge itself is a step; into a helper it is one only when it comes out again.
    for (std::uint32_t steps = graph_.is_helper(begin / 2) ? 0 : 1; !layer_.empty(); ++steps) {
        if (steps + 1 >= steps_max) return false;
        next_layer_.clear();
        for (std::size_t index = 0; index < layer_.size(); ++index) {
            const State state = layer_[index];
            for (std::uint32_t place = walks.begin(state); place != walks.end(state); ++place) {
                if (steps_left_ == 0) return false;
                --steps_left_;
                const State next = walks.at(state, place);
                if (next == no_node || seen_[next] == walks_) continue;
                if (order != nullptr && order->of[next] < lowest) continue;
                const bool returned = next / 2 == tail;
                if (returned && !closes(spec, next)) continue;
                seen_[next] = walks_;
                came_[next] = Came{state, place};
                if (returned) {
                    last_ = next;
                    return true;
                }
                (graph_.is_helper(next / 2) ? layer_ : next_layer_).push_back(next);
            }
        }
        layer_.swap(next_layer_);
    }
    return false;
}

/// The one relation that stands for an edge in a witness.
Relations ComponentCycles::label(const CycleSpec& spec, std::uint32_t edge) const {
    const Relations relations = graph_.relations[edge];
    for (const Relations relation : {ww, wr, process, realtime}) {
        if (has(relations, relation) && has(spec.along, relation)) return relation;
    }
    GEODE_ASSERT(has(relations, rw));
    return rw;
}

/// The walk just found, without its helpers; nothing if it crosses itself.
std::optional<Cycle> ComponentCycles::cycle_of(const CycleSpec& spec, std::uint32_t tail,
                                               std::uint32_t edge) {
    std::vector<std::uint32_t> nodes;
    std::vector<std::uint32_t> edges;
    for (State state = last_; state != no_node; state = came_[state].from) {
        nodes.push_back(state / 2);
        edges.push_back(came_[state].edge);
    }
    GEODE_ASSERT(edges.back() == edge);
    std::ranges::reverse(nodes);
    std::ranges::reverse(edges);
    Cycle cycle;
    std::vector<Relations> labels;
    std::uint32_t from = tail;
    Relations relation = 0;
    for (std::size_t index = 0; index < nodes.size(); ++index) {
        const bool anti = index == 0 && spec.rule != RwRule::none;
        if (relation == 0) relation = anti ? rw : label(spec, edges[index]);
        if (graph_.is_helper(nodes[index])) continue;
        cycle.steps.push_back(
            CycleStep{graph_.global[from], graph_.global[nodes[index]], relation});
        labels.push_back(relation);
        from = nodes[index];
        relation = 0;
    }
    std::vector<std::uint32_t> visited;
    for (const CycleStep& step : cycle.steps) visited.push_back(step.from);
    std::ranges::sort(visited);
    if (std::ranges::adjacent_find(visited) != visited.end()) return std::nullopt;
    cycle.anomaly = spec.weak ? spec.name : name_of_cycle(labels);
    if (spec.weak && std::ranges::count(labels, rw) > 1) cycle.anomaly = "long-fork";
    return cycle;
}

std::optional<Cycle> ComponentCycles::find(const CycleSpec& spec) {
    crossed_ = false;
    seen_.resize(std::size_t{graph_.nodes()} * 2, 0);
    came_.resize(std::size_t{graph_.nodes()} * 2);
    const Walks walks(graph_, spec);
    Components components;
    const bool decides = spec.rule != RwRule::any;
    if (decides) {
        const std::uint64_t cost = std::uint64_t{graph_.targets.size()} * 2 + graph_.nodes();
        steps_left_ -= std::min(steps_left_, cost);
        components = components_of(walks);
    }
    const Components* const order = spec.rule == RwRule::one ? &components : nullptr;
    std::optional<Cycle> best;
    std::uint64_t shortening_ends = 0;
    for (std::uint32_t tail = 0; tail < graph_.transactions; ++tail) {
        for (std::uint32_t edge = graph_.rows[tail]; edge != graph_.rows[tail + 1]; ++edge) {
            if (!is_candidate(spec, edge)) continue;
            if (decides && !may_close(spec, components, tail, edge)) continue;
            const std::uint32_t steps_max =
                best ? static_cast<std::uint32_t>(best->steps.size()) : UINT32_MAX;
            if (walk_back(spec, tail, edge, steps_max, order)) {
                auto found = cycle_of(spec, tail, edge);
                crossed_ = crossed_ || !found;
                if (!found) continue;
                if (!best) {
                    shortening_ends = steps_left_ - std::min(steps_left_, shortening_steps_max);
                }
                if (!best || found->steps.size() < best->steps.size()) best = std::move(found);
            }
            if (steps_left_ == 0) return best;
            if (best && (best->steps.size() == 2 || steps_left_ <= shortening_ends)) return best;
        }
    }
    return best;
}

}  // namespace geode::check::txn

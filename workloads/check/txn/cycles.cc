// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/cycles.h"

#include <algorithm>

#include "workloads/check/txn/component_cycles.h"
#include "workloads/check/txn/isolation.h"

namespace geode::check::txn {
namespace {

/// The graph's edges of some relations.
class Filtered {
public:
    Filtered(const DependencyGraph& graph, Relations allowed)
        : graph_(graph), allowed_(static_cast<Relations>(allowed | through)) {}

    std::uint32_t nodes() const { return graph_.nodes(); }
    std::uint32_t begin(std::uint32_t node) const { return graph_.row_begin(node); }
    std::uint32_t end(std::uint32_t node) const { return graph_.row_end(node); }
    std::uint32_t at(std::uint32_t, std::uint32_t edge) const {
        return (graph_.relations(edge) & allowed_) != 0 ? graph_.target(edge) : no_node;
    }

private:
    const DependencyGraph& graph_;
    Relations allowed_;
};

bool contains(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

/// The kinds to look for: those wanted, but with the order of processes only where nothing wanted
/// covers it with real time, and weak ones only where nothing more general is wanted.
std::vector<const CycleSpec*> specs_of(std::span<const std::string_view> wanted) {
    const auto covers = [&](const CycleSpec& other, const CycleSpec& spec) {
        const bool more =
            spec.weak ? !other.weak : spec.extra == process && other.extra == realtime;
        return more && contains(wanted, other.name) && anomaly_implies(spec.name, other.name);
    };
    std::vector<const CycleSpec*> specs;
    for (const CycleSpec& spec : cycle_specs()) {
        if (!contains(wanted, spec.name)) continue;
        const bool covered = std::ranges::any_of(
            cycle_specs(), [&](const CycleSpec& other) { return covers(other, spec); });
        if (!covered) specs.push_back(&spec);
    }
    return specs;
}

/// Cuts components out of the graph, one after the other.
class Cutter {
public:
    Cutter(const DependencyGraph& graph, const Components& components, Relations allowed)
        : graph_(graph), components_(components), successors_(graph, allowed) {}

    /// The component with these nodes, in order.
    const LocalGraph& cut(std::span<const std::uint32_t> nodes);

private:
    const DependencyGraph& graph_;
    const Components& components_;
    Filtered successors_;
    std::vector<std::uint32_t> local_;  // node -> its number in its component
    LocalGraph cut_;
};

const LocalGraph& Cutter::cut(std::span<const std::uint32_t> nodes) {
    local_.resize(graph_.nodes());
    cut_.global.assign(nodes.begin(), nodes.end());
    cut_.transactions = static_cast<std::uint32_t>(
        std::ranges::lower_bound(nodes, graph_.transactions()) - nodes.begin());
    for (std::uint32_t index = 0; index < nodes.size(); ++index) local_[nodes[index]] = index;
    cut_.rows.assign(1, 0);
    cut_.targets.clear();
    cut_.relations.clear();
    for (const std::uint32_t node : nodes) {
        for (std::uint32_t edge = graph_.row_begin(node); edge != graph_.row_end(node); ++edge) {
            const std::uint32_t target = successors_.at(node, edge);
            if (target == no_node || components_.of[target] != components_.of[node]) continue;
            cut_.targets.push_back(local_[target]);
            cut_.relations.push_back(graph_.relations(edge));
        }
        cut_.rows.push_back(static_cast<std::uint32_t>(cut_.targets.size()));
    }
    return cut_;
}

/// The nodes of the components that are larger than one node, grouped, the group of the smallest
/// node first. Returns where each group begins; `nodes` ends with the last.
std::vector<std::size_t> groups_of(const Components& components,
                                   std::vector<std::uint32_t>& nodes) {
    std::vector<std::size_t> begins;
    std::vector<std::size_t> place(components.sizes.size(), SIZE_MAX);
    std::size_t total = 0;
    for (const std::uint32_t component : components.of) {
        const std::uint32_t size = components.sizes[component];
        if (size == 1 || place[component] != SIZE_MAX) continue;
        begins.push_back(total);
        place[component] = total;
        total += size;
    }
    nodes.resize(total);
    for (std::uint32_t node = 0; node < components.of.size(); ++node) {
        if (!components.trivial(node)) nodes[place[components.of[node]]++] = node;
    }
    begins.push_back(total);
    return begins;
}

/// The relation of data between two transactions that are next to each other in a cycle, or the
/// given one if there is none.
Relations data_relation(const DependencyGraph& graph, const CycleStep& step) {
    for (std::uint32_t edge = graph.row_begin(step.from); edge != graph.row_end(step.from);
         ++edge) {
        if (graph.target(edge) != step.to) continue;
        for (const Relations relation : {ww, wr, rw}) {
            if ((graph.relations(edge) & relation) != 0) return relation;
        }
    }
    return step.relation;
}

std::string_view covering(const DependencyGraph& graph, const Cycle& cycle,
                          std::span<const Cycle> found) {
    std::vector<Relations> steps;
    for (const CycleStep& step : cycle.steps) steps.push_back(data_relation(graph, step));
    const std::string_view by_data = name_of_cycle(steps);
    for (const Cycle& other : found) {
        if (other.anomaly == by_data) return by_data;
    }
    return {};
}

void search_component(const DependencyGraph& whole, const LocalGraph& graph,
                      std::span<const CycleSpec* const> specs, std::uint64_t& steps_left,
                      CycleReport& report) {
    ComponentCycles search(graph, steps_left);
    const std::size_t before = report.cycles.size();
    for (const CycleSpec* const spec : specs) {
        const auto found = std::span(report.cycles).subspan(before);
        const bool follows = std::ranges::any_of(
            found, [&](const Cycle& cycle) { return anomaly_implies(cycle.anomaly, spec->name); });
        if (follows) continue;
        auto cycle = search.find(*spec);
        if (!cycle && search.crossed()) report.crossed = spec->name;
        if (cycle) {
            if (spec->extra != 0) cycle->covered_by = covering(whole, *cycle, found);
            report.cycles.push_back(std::move(*cycle));
        }
        if (steps_left == 0) return;
    }
}

}  // namespace

Relations relations_of(std::span<const std::string_view> anomalies) {
    Relations relations = 0;
    for (const CycleSpec* const spec : specs_of(anomalies)) {
        relations = static_cast<Relations>(relations | spec->along);
        if (spec->rule != RwRule::none) relations = static_cast<Relations>(relations | rw);
    }
    return relations;
}

CycleReport find_cycles(const DependencyGraph& graph, std::span<const std::string_view> wanted,
                        const Budget& budget) {
    CycleReport report;
    const Relations allowed = relations_of(wanted);
    const std::vector<const CycleSpec*> specs = specs_of(wanted);
    const std::uint64_t cost = std::uint64_t{graph.edges()} + graph.nodes();
    report.bytes = std::uint64_t{graph.nodes()} * 28;
    if (cost >= budget.steps_max) {
        report.complete = false;
        return report;
    }
    std::uint64_t steps_left = budget.steps_max - cost;
    const Components components = components_of(Filtered(graph, allowed));
    std::vector<std::uint32_t> nodes;
    const std::vector<std::size_t> begins = groups_of(components, nodes);
    Cutter cutter(graph, components, allowed);
    for (std::size_t group = 0; group + 1 < begins.size() && steps_left != 0; ++group) {
        const auto members =
            std::span(nodes).subspan(begins[group], begins[group + 1] - begins[group]);
        const LocalGraph& local = cutter.cut(members);
        report.bytes = std::max<std::uint64_t>(report.bytes, std::uint64_t{graph.nodes()} * 12 +
                                                                 local.targets.size() * 5 +
                                                                 std::uint64_t{local.nodes()} * 80);
        search_component(graph, local, specs, steps_left, report);
    }
    report.complete = steps_left != 0;
    report.steps = budget.steps_max - steps_left;
    return report;
}

}  // namespace geode::check::txn

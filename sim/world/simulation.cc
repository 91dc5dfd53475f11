// SPDX-License-Identifier: Apache-2.0
#include "sim/world/simulation.h"

namespace geode::sim {

Simulation::Simulation(Options options)
    : engine_(Engine::Options{.seed = options.seed,
                              .event_log = options.event_log,
                              .trace_ring_entries = options.trace_ring_entries,
                              .trace_sink = std::move(options.trace_sink)}),
      network_(engine_, options.network),
      chaos_(options.chaos) {}

Simulation::~Simulation() = default;

SimNode& Simulation::add_node(SimNode::Options options) {
    const NodeId id = options.id;
    GEODE_ASSERT(!id.is_none());
    GEODE_ASSERT(!nodes_.contains(id));
    options.chaos = options.chaos || chaos_;
    auto node = std::make_unique<SimNode>(engine_, network_, std::move(options));
    return *nodes_.emplace(id, std::move(node)).first->second;
}

SimNode& Simulation::node(NodeId id) {
    const auto found = nodes_.find(id);
    GEODE_ASSERT(found != nodes_.end());
    return *found->second;
}

std::vector<SimNode*> Simulation::nodes() {
    std::vector<SimNode*> all;
    for (const auto& [id, node] : nodes_) all.push_back(node.get());
    return all;
}

void Simulation::heal_all() {
    network_.heal();
    for (const auto& [id, node] : nodes_) node->heal();
}

}  // namespace geode::sim

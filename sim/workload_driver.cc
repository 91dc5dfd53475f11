// SPDX-License-Identifier: Apache-2.0
#include "sim/workload_driver.h"

#include <array>

#include "graph/synthetic.h"

namespace geode::sim {
namespace {

constexpr std::array specs = {
    WorkloadSpec{"register", "reads, writes and compare-and-sets on hot vertices; linearizability",
                 make_register_driver, true},
    WorkloadSpec{"graph",
                 "inserts and deletes of vertices and edges; no lost write, no broken adjacency",
                 make_graph_driver},
    WorkloadSpec{"append",
                 "transactions that append to hot lists and read them; strict serializability",
                 make_append_driver, true},
    WorkloadSpec{"bank",
                 "transfers between accounts, and reads of all balances; the total never changes",
                 make_bank_driver, true},
    WorkloadSpec{"load",
                 "loads a graph in batches (--graph DIR, or an embedded social network); "
                 "equal afterwards",
                 make_load_driver},
};

}  // namespace

Result<void> WorkloadDriver::read_back(World&, node::Client&, MonoTime) {
    return {};
}

std::span<const WorkloadSpec> workload_specs() {
    return specs;
}

const WorkloadSpec* find_workload(std::string_view name) {
    for (const WorkloadSpec& spec : specs) {
        if (spec.name == name) return &spec;
    }
    return nullptr;
}

workloads::Pace transaction_pace(const Knobs& knobs) {
    return {3 * knobs.think_time_mean, knobs.operation_deadline};
}

GraphData embedded_graph() {
    graph::SyntheticOptions options;
    options.people = 400;
    graph::SyntheticGraph network = graph::make_social_graph(Prng(1), options);
    return {"", std::move(network.vertices), std::move(network.edges)};
}

}  // namespace geode::sim

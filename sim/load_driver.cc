// SPDX-License-Identifier: Apache-2.0
// The load workload: the graph that was given must be the graph that is there.

#include <algorithm>

#include "graph/csv_load.h"
#include "sim/graph_diff.h"
#include "sim/workload_driver.h"
#include "workloads/load.h"

namespace geode::sim {
namespace {

// About this many batches, so that loading takes many round trips whatever the size of the graph.
constexpr std::uint64_t batches_wanted = 200;
constexpr std::uint64_t commands_per_batch_max = 500;

std::uint64_t commands_per_batch(const GraphData& graph) {
    const std::uint64_t elements = graph.vertices.size() + graph.edges.size();
    return std::clamp(elements / batches_wanted, std::uint64_t{1}, commands_per_batch_max);
}

class LoadDriver final : public WorkloadDriver {
public:
    explicit LoadDriver(const WorkloadSetup& setup)
        : given_(setup.graph != nullptr ? *setup.graph : embedded_graph()),
          queue_(graph::to_batches(given_.vertices, {}, commands_per_batch(given_)),
                 graph::to_batches({}, given_.edges, commands_per_batch(given_))) {
        // Spread over most of the fault phase, so that the faults meet the loading.
        const auto batches = static_cast<std::int64_t>(std::max<std::size_t>(queue_.total(), 1));
        const Duration mean = setup.duration * 6 / 10 * setup.clients / batches;
        pace_.think_time_mean = std::clamp(mean, milliseconds(2), seconds(2));
        pace_.deadline = std::max(setup.knobs.operation_deadline, Duration(seconds(5)));
    }

    void run_client(World& world, node::Client& client, std::uint32_t,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::run_load_client(world, client, pace_, control, queue_, progress);
    }

    bool complete() const override { return queue_.complete(); }

    std::optional<std::string> judge(const FinalGraph* graph) override {
        if (graph == nullptr || !queue_.complete()) return std::nullopt;
        constexpr DiffNames names = {"what was loaded", "the store"};
        std::optional<std::string> wrong =
            first_difference(given_.vertices, graph->vertices, names);
        if (!wrong) wrong = first_difference(given_.edges, graph->out_edges, names);
        if (!wrong) wrong = first_key_difference(given_.edges, graph->in_edges, names);
        if (wrong) return "the loaded graph differs: " + *wrong;
        return std::nullopt;
    }

private:
    GraphData given_;
    workloads::LoadQueue queue_;
    workloads::Pace pace_;
};

}  // namespace

std::unique_ptr<WorkloadDriver> make_load_driver(const WorkloadSetup& setup) {
    return std::make_unique<LoadDriver>(setup);
}

}  // namespace geode::sim

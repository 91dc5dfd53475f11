// SPDX-License-Identifier: Apache-2.0
// The graph workload: every write is recorded with its outcome and judged against the final dump.

#include "sim/workload_driver.h"
#include "workloads/graph.h"
#include "workloads/record/graph_log.h"

namespace geode::sim {
namespace {

class GraphDriver final : public WorkloadDriver {
public:
    explicit GraphDriver(const WorkloadSetup& setup)
        : clients_(setup.clients), vertices_(setup.knobs.graph_vertices) {
        pace_.think_time_mean = setup.knobs.think_time_mean;
        pace_.deadline = setup.knobs.operation_deadline;
    }

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::GraphOptions options;
        options.client = number - 1;
        options.clients = clients_;
        options.vertices = vertices_;
        options.pace = pace_;
        workloads::run_graph_client(world, client, options, control, next_stamp_, log_, progress);
    }

    std::optional<std::string> judge(const FinalGraph* graph) override {
        if (graph == nullptr) return std::nullopt;  // only the final state says anything
        return workloads::judge_final_graph(log_.writes(), *graph);
    }

private:
    std::uint32_t clients_;
    std::uint32_t vertices_;
    workloads::Pace pace_;
    std::int64_t next_stamp_ = 1;
    workloads::GraphLog log_;
};

}  // namespace

std::unique_ptr<WorkloadDriver> make_graph_driver(const WorkloadSetup& setup) {
    return std::make_unique<GraphDriver>(setup);
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// WorkloadDriver: one workload as the runner sees it — clients to run, and a judgement at the end.
//
// A driver ties a generator of workloads/ to a checker of workloads/check. It is made anew for
// each run, and belongs to the harness: it sees all clients, lives outside their Worlds and never
// suspends except where told. The runner calls, in this order: run_client() in one fiber per
// client, read_back() in a fiber of c1 when they have stopped, judge() outside any fiber, and
// history_edn().

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/element.h"
#include "node/client/client.h"
#include "sim/knobs.h"
#include "workloads/client_loop.h"
#include "workloads/record/graph_log.h"

namespace geode::sim {

/// A whole graph, as files or as a store hold it.
struct GraphData {
    std::string name;  ///< for messages and the reproduce line; "" for the embedded one
    std::vector<graph::Vertex> vertices;
    std::vector<graph::Edge> edges;
};

using workloads::FinalGraph;

struct WorkloadSetup {
    std::uint32_t clients = 5;
    Duration duration = seconds(60);
    Knobs knobs;
    const GraphData* graph = nullptr;  ///< for load; must outlive the driver
};

class WorkloadDriver {
public:
    virtual ~WorkloadDriver() = default;

    /// The life of client number `client` (1..clients), until `control.stop`. Suspends.
    virtual void run_client(World& world, node::Client& client, std::uint32_t number,
                            const workloads::Control& control, workloads::Progress& progress) = 0;
    /// Whether all work that must be finished is. Clients go on until then, after the heal too.
    virtual bool complete() const { return true; }
    /// Reads what the judgement needs through a client. Suspends.
    virtual Result<void> read_back(World& world, node::Client& client, MonoTime deadline);
    /// What is wrong, in words; nothing if all is well. `graph` is null if the run ended before
    /// the replicas agreed on one; what clients saw is judged all the same.
    virtual std::optional<std::string> judge(const FinalGraph* graph) = 0;
    /// After judge(): what was judged, as Jepsen's EDN; nothing if WorkloadSpec::records is false.
    virtual std::optional<std::string> history_edn() const { return std::nullopt; }
};

struct WorkloadSpec {
    std::string_view name;
    std::string_view about;
    std::unique_ptr<WorkloadDriver> (*make)(const WorkloadSetup& setup);
    bool records = false;  ///< a history of operations, for history_edn()
};

std::span<const WorkloadSpec> workload_specs();
/// Null for an unknown name.
const WorkloadSpec* find_workload(std::string_view name);

/// How fast a client of a transactional workload works. Its operations are several requests each:
/// it thinks longer, so that the cluster has about as much to do as under other workloads.
workloads::Pace transaction_pace(const Knobs& knobs);

/// The embedded graph of the load workload: a small social network.
GraphData embedded_graph();

std::unique_ptr<WorkloadDriver> make_register_driver(const WorkloadSetup& setup);
std::unique_ptr<WorkloadDriver> make_graph_driver(const WorkloadSetup& setup);
std::unique_ptr<WorkloadDriver> make_append_driver(const WorkloadSetup& setup);
std::unique_ptr<WorkloadDriver> make_bank_driver(const WorkloadSetup& setup);
std::unique_ptr<WorkloadDriver> make_load_driver(const WorkloadSetup& setup);

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Workload: one workload against real processes — clients to run, last reads, and a judgement.
//
// Ties a generator of workloads/ to a recorder of workloads/record and a checker of
// workloads/check, exactly those of the simulator, and keeps the OperationLog beside. One thread,
// so the order of the recorders' calls is real time. Process numbers: client i (from 0) of n uses
// i, i + n + 1, ...; the last reads use n.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jepsen/operation_log.h"
#include "node/client/client.h"
#include "workloads/check/linearizability.h"
#include "workloads/record/graph_log.h"

namespace geode::jepsen {

struct WorkloadOptions {
    std::uint32_t clients = 5;
    workloads::Pace pace;
    std::uint32_t register_keys = 4;
    Duration register_life = seconds(20);  ///< then other registers are used
    std::uint32_t graph_vertices = 12;
    std::uint32_t append_keys = 4;       ///< lists in use at a time
    std::uint32_t appends_per_key = 64;  ///< then a list retires
    std::uint32_t bank_accounts = 8;
};

struct Judgement {
    check::Verdict verdict = check::Verdict::valid;
    std::string explanation;             ///< unless valid
    std::string checked;                 ///< "9120 operations on 60 registers": what was looked at
    std::vector<std::string> anomalies;  ///< their names, where the checker has names for them
};

class Workload {
public:
    virtual ~Workload() = default;
    /// The life of client number `client` (1..clients), until `control.stop`. Suspends.
    virtual void run_client(World& world, node::Client& client, std::uint32_t number,
                            const workloads::Control& control, workloads::Progress& progress) = 0;
    /// Reads through a client what the judgement needs. Suspends.
    virtual Result<void> read_back(World& world, node::Client& client, MonoTime deadline) = 0;
    /// Takes note of the graph that all replicas agree on.
    virtual void take_graph(const workloads::FinalGraph& graph) = 0;
    /// Once, after the above. Without a graph what clients saw is judged all the same.
    virtual Judgement judge() = 0;
};

/// What there is, in the order in which a list shows it.
std::vector<std::string_view> workload_names();

/// Null for a name that is not there. `clock` and `log` must outlive it.
std::unique_ptr<Workload> make_workload(std::string_view name, const WorkloadOptions& options,
                                        Clock& clock, OperationLog& log);

/// Judges a stored history.edn of that workload. Error: `invalid_argument`.
Result<Judgement> judge_history(std::string_view workload, std::string_view text,
                                std::string_view name);

}  // namespace geode::jepsen

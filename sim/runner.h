// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runner: one run of one seed, from boot to verdict.
//
// Phases: boot until there is a leader; the fault phase, clients at work; everything heals; the
// liveness phase, in which every client must get an answer and all work must complete within a
// bound; quiet; inspection of all replicas; judgement. A consistency violation outranks missing
// liveness. A broken invariant ends the run at once.
//
// The result is a function of RunOptions alone: no clock, no file, no global is read. (Probe
// counters are global, but are only subtracted.) Drawing uses separate streams of the seed for
// faults, protocol and workload, so one schedule can be laid over other knobs.

#include <memory>
#include <optional>
#include <string>

#include "sim/cluster.h"
#include "sim/data/duration_text.h"
#include "sim/data/run_result.h"
#include "sim/workload_driver.h"

namespace geode::sim {

struct RunOptions {
    std::uint64_t seed = 0;
    std::uint32_t nodes = 5;
    std::uint32_t clients = 5;
    Duration duration = seconds(60);
    std::string workload = "register";  ///< a name of workload_specs()
    FaultKinds faults;
    /// Executed instead of a drawn one; its nodes, clients and duration are the run's.
    std::optional<Schedule> schedule;
    std::string schedule_file;         ///< for the reproduce line
    std::optional<Knobs> knobs;        ///< instead of drawn ones
    const GraphData* graph = nullptr;  ///< for the load workload
    /// Instead of the driver that the workload's name stands for.
    std::unique_ptr<WorkloadDriver> (*make_driver)(const WorkloadSetup& setup) = nullptr;
    Duration liveness_bound = seconds(10);  ///< on a LAN; elections and round trips are added
};

/// What a caller may watch. All optional.
struct RunHooks {
    EventLog* event_log = nullptr;
    UniqueFunction<void(const TraceRecord&)> trace = {};
    /// Told at the end what clients saw, as Jepsen's EDN; not called by a workload that records no
    /// history of operations.
    UniqueFunction<void(const std::string&)> history = {};
    /// Told the Simulation when it starts and null when it ends, for crash reports.
    UniqueFunction<void(Simulation*)> current = {};
};

/// Runs it. The options are valid: the workload exists, the schedule fits.
RunResult run(const RunOptions& options, RunHooks hooks = {});

/// Runs it twice and compares event by event; on a difference the verdict is `nondeterminism` and
/// the explanation names the first differing event. Memory: about 100 bytes per event.
RunResult verify(const RunOptions& options, UniqueFunction<void(Simulation*)> current = {});

/// The schedule that run() would execute.
Schedule schedule_of(const RunOptions& options);

/// "geode-sim run --seed 7 …", which repeats the run.
std::string reproduce_line(const RunOptions& options);

}  // namespace geode::sim

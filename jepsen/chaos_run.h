// SPDX-License-Identifier: Apache-2.0
#pragma once

// ChaosRun: one run of real geode-node processes under a fault schedule, from boot to verdict.
//
// The phases are those of the simulator (sim/runner.h): boot until there is a leader; the fault
// phase, clients at work; everything heals; the liveness phase, in which every client must get an
// answer within a bound; quiet; last reads; all replicas at one applied index with one digest; the
// judgement, by the very same checkers; an orderly end of every process. A violation outranks the
// death of a process, which outranks missing liveness.
//
// run_chaos() needs a Lab entered before (or none), and runs an event loop on the calling thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jepsen/control_file.h"
#include "jepsen/fault_injector.h"
#include "jepsen/operation_log.h"
#include "jepsen/workload.h"
#include "sim/data/run_result.h"

namespace geode::jepsen {

struct ChaosOptions {
    std::uint64_t seed = 1;
    std::string workload = "register";
    sim::Schedule schedule;        ///< its nodes, clients and duration are the run's
    std::string fault_kinds;       ///< what it was drawn from, for the report
    double operations_per_s = 50;  ///< of all clients together, at most
    std::string node_binary;       ///< geode-node
    std::string preload_library;   ///< libgeode_faults.so; "": no faults of clocks and disks
    std::string directory;         ///< data and logs of the nodes; made
    std::string why_no_lab;        ///< if there is none
    Duration liveness_bound = seconds(30);  ///< from heal to answers; twice that for a leader
    WorkloadOptions tuning;
};

struct ChaosReport {
    sim::RunResult result;
    std::map<std::string, NotInjected> not_injected;  ///< by kind
    std::vector<std::string> missing;                 ///< what the machine cannot do
    std::string checked;                              ///< what the checker looked at
    std::vector<std::string> anomalies;               ///< names of what it found
    double wall_s = 0;
    std::vector<Event> events;
};

/// Runs it. Blocks. SIGINT and SIGTERM end the fault phase; the rest goes on, so that the run is
/// judged. Error: the run could not be made (no ports, no files, a program that is missing).
Result<ChaosReport> run_chaos(const ChaosOptions& options, Lab* lab);

/// The faults of the schedule that need a control page.
bool needs_preload(const sim::Schedule& schedule);

/// Longest time between two answers, of the events up to `until_ns`, in seconds.
double longest_silence_s(const std::vector<Event>& events, std::int64_t until_ns);

}  // namespace geode::jepsen

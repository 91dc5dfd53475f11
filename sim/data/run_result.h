// SPDX-License-Identifier: Apache-2.0
#pragma once

// RunResult: what one run has shown, and its one-line JSON form (docs/formats/run-json.md).
//
// The JSON is an interface: `run --json` prints it, a sweep stores one per line, `replay` reads one
// back and runs it again. Fields may be added, never renamed.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/data/schedule.h"

namespace geode::sim {

/// Values are the exit statuses of geode-sim, in the order of DESIGN's list.
enum class RunVerdict : std::uint8_t {
    pass = 0,
    violation = 1,    ///< a consistency check failed
    usage = 2,        ///< bad input; nothing was run
    no_liveness = 3,  ///< no progress after everything healed
    crash = 4,        ///< assertion, sanitizer, signal, time limit
    nondeterminism = 5,
    unrecoverable = 6,  ///< faults beyond what the replicas could repair, as asked for
};

std::string_view to_string(RunVerdict verdict);
/// Nothing for an unknown name.
std::optional<RunVerdict> find_run_verdict(std::string_view name);
int exit_status(RunVerdict verdict);
/// Orders verdicts by how bad they are, for the status of a sweep: a violation outranks a crash,
/// a crash nondeterminism, that no liveness, that unrecoverable, that pass.
int severity(RunVerdict verdict);

struct FaultEffect {
    std::uint64_t injected = 0;
    std::uint64_t observed = 0;
    friend bool operator==(const FaultEffect&, const FaultEffect&) = default;
};

struct OperationCounts {
    std::uint64_t ok = 0;
    std::uint64_t fail = 0;
    std::uint64_t unknown = 0;
    friend bool operator==(const OperationCounts&, const OperationCounts&) = default;
};

struct RunResult {
    std::uint64_t seed = 0;
    RunVerdict verdict = RunVerdict::pass;
    std::uint64_t hash = 0;
    std::uint64_t schedule_hash = 0;
    std::string workload;
    std::uint32_t nodes = 0;
    Duration duration{0};     ///< of the fault phase, as asked for
    std::string fault_kinds;  ///< as parse_fault_kinds() reads it
    std::string graph;        ///< directory of the graph, or ""
    std::string network;      ///< "lan", or "wan100" for 100 ms one way
    double sim_s = 0;         ///< virtual seconds, all phases
    double cpu_s = 0;         ///< filled in by the program; the library has no clock
    std::uint64_t events = 0;
    std::uint64_t elections = 0;  ///< terms that had a leader
    OperationCounts ops;
    double latency_p50_ms = 0;  ///< of answered operations
    double latency_max_ms = 0;
    double unavailable_max_s = 0;  ///< the longest time in which no operation succeeded
    std::map<std::string, FaultEffect> faults;
    std::map<std::string, std::uint64_t> probes;  ///< hits of GEODE_REACHED, by name
    std::string reproduce;                        ///< one command line
    std::string explanation;                      ///< why it is not a pass, in words
    std::optional<Schedule> schedule;             ///< kept when the run is not a pass
    std::vector<std::string> trace_tail;          ///< last trace records, when it is not a pass

    bool passed() const { return verdict == RunVerdict::pass; }
};

/// One line without the newline.
std::string to_json_line(const RunResult& result);
/// invalid_argument with `name` and what was expected. Ignores fields it does not know.
Result<RunResult> parse_run_result(std::string_view line, std::string_view name);

/// "0123456789abcdef"
std::string hex64(std::uint64_t value);

}  // namespace geode::sim

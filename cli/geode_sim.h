// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands of geode-sim, without their command line.
//
// geode_sim_main.cc parses arguments into these structs; each command prints and returns the exit
// status. Files, forking, terminals and CPU time live here, because the library `sim` has none.
// Exit status: 0 pass, 1 consistency violation, 2 usage or bad input, 3 no liveness, 4 crash,
// 5 nondeterminism, 6 unrecoverable by design.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/runner.h"

namespace geode::cli {

inline constexpr int exit_usage = 2;

/// The words of a command line that say what a run is. Empty or nothing: the default.
struct RunArguments {
    std::optional<std::uint64_t> seed;
    std::optional<std::uint32_t> nodes;
    std::string duration;
    std::string workload;
    std::string faults;
    std::string schedule_file;
    std::string graph;
};

/// What the words mean. Owns what RunOptions borrow.
struct RunPlan {
    sim::RunOptions options;
    std::unique_ptr<sim::GraphData> graph;
};

/// Defaults: 5 nodes, 60s, workload register (load if there is a graph), all faults. Reads the
/// schedule and the graph. invalid_argument or not_found, in one line.
Result<RunPlan> plan_run(const RunArguments& arguments);

struct SeedRange {
    std::uint64_t first = 1;
    std::uint64_t last = 1;
};
/// "A..B" with A <= B, or one number. invalid_argument.
Result<SeedRange> parse_seed_range(const std::string& text);

struct Shard {
    std::uint32_t index = 1;  ///< 1..count
    std::uint32_t count = 1;
};
/// "I/N" with 1 <= I <= N. invalid_argument.
Result<Shard> parse_shard(const std::string& text);

/// The seeds of the range that are the shard's: every count-th.
std::vector<std::uint64_t> seeds_of(const SeedRange& range, const Shard& shard);

struct RunCommand {
    RunArguments run;
    std::string trace_file;
    std::string history_file;
    bool verify = false;
    bool json = false;
    bool print_schedule = false;
};
int run_command(const RunCommand& command);

struct ReplayCommand {
    std::string file;  ///< result lines of a sweep, one result, or a schedule
    RunCommand run;
};
int replay_command(const ReplayCommand& command);

struct SweepCommand {
    RunArguments run;
    std::string seeds;
    std::string shard = "1/1";
    std::string out_file;
    std::uint32_t jobs = 0;  ///< 0: one per processor
    std::uint32_t cpu_limit_s = 120;
    bool until_failure = false;
    bool verify = false;
    bool json = false;
};
int sweep_command(const SweepCommand& command);

struct ChaosCommand {
    std::string seeds = "1..100";
    std::string out_file;
    std::uint32_t jobs = 0;
    bool json = false;
};
int chaos_command(const ChaosCommand& command);

struct CheckCommand {
    std::string model;
    std::string model_file;  ///< of the model `file`
    std::string consistency;
    std::vector<std::string> anomalies;
    std::string format = "auto";
    std::optional<std::string> initial;
    std::string memory;
    std::optional<std::uint64_t> steps;
    std::string draw;
    std::vector<std::string> files;
    bool json = false;
};
/// Exit status 0 if every history is valid, 1 if one is invalid or undecided, 2 for bad input.
int check_command(const CheckCommand& command);

struct ConvertCommand {
    std::string model;
    std::string format = "auto";
    std::string to;
    std::optional<std::string> initial;
    std::string out;  ///< empty: standard output
    std::string file;
};
/// Exit status 0, or 2 for bad input and for what the notation cannot say.
int convert_command(const ConvertCommand& command);

/// `what`: workloads, faults, models or probes.
int list_command(const std::string& what);

/// Prints "geode-sim: message" to stderr and returns exit_usage.
int usage_error(const std::string& message);

/// CPU seconds of this process so far.
double cpu_seconds();

/// The number after -j: as asked, or one per processor.
std::uint32_t job_count(std::uint32_t asked);

}  // namespace geode::cli

// SPDX-License-Identifier: Apache-2.0
// geode-sim sweep and chaos: many seeds in forked workers, one tally.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>

#include "cli/crash_report.h"
#include "cli/geode_sim.h"
#include "cli/worker_pool.h"
#include "sim/sweep.h"

namespace geode::cli {
namespace {

using WallClock = std::chrono::steady_clock;

double seconds_since(WallClock::time_point begin) {
    return std::chrono::duration<double>(WallClock::now() - begin).count();
}

/// A bar that redraws itself on a terminal, or a line every few seconds elsewhere.
class ProgressBar {
public:
    ProgressBar(std::string title, std::uint64_t total)
        : title_(std::move(title)),
          total_(total),
          terminal_(::isatty(STDERR_FILENO) == 1),
          begin_(WallClock::now()) {}

    void show(std::uint64_t finished, std::uint64_t failures) {
        const double now_s = seconds_since(begin_);
        if (now_s - shown_s_ < (terminal_ ? 0.2 : 5.0)) return;
        shown_s_ = now_s;
        const double rate = now_s > 0 ? static_cast<double>(finished) / now_s : 0;
        std::string bar;
        if (terminal_) {
            constexpr std::uint64_t width = 30;
            const std::uint64_t filled = total_ > 0 ? finished * width / total_ : 0;
            bar = "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] ";
        }
        std::fprintf(stderr, "%s%s %s%llu/%llu seeds, %.1f/s, %llu failed%s", terminal_ ? "\r" : "",
                     title_.c_str(), bar.c_str(), static_cast<unsigned long long>(finished),
                     static_cast<unsigned long long>(total_), rate,
                     static_cast<unsigned long long>(failures), terminal_ ? "\033[K" : "\n");
        std::fflush(stderr);
    }
    void clear() const {
        if (terminal_) std::fputs("\r\033[K", stderr);
    }

private:
    std::string title_;
    std::uint64_t total_;
    bool terminal_;
    WallClock::time_point begin_;
    double shown_s_ = 0;
};

/// A sweep of one workload, feeding a tally that may be shared by several.
class Sweep {
public:
    Sweep(const SweepCommand& command, RunPlan plan, std::ofstream& out)
        : command_(command), plan_(std::move(plan)), out_(out) {}

    /// Returns usage problems only; what the runs show is in the tally.
    Result<void> run(const std::vector<std::uint64_t>& seeds, sim::SweepTally& tally);
    bool stopped() const { return stopped_; }

private:
    sim::RunOptions options_of(std::uint64_t seed) const;
    std::string run_seed(std::uint64_t seed) const;
    sim::RunResult result_of(const SeedOutcome& outcome) const;

    const SweepCommand& command_;
    RunPlan plan_;
    std::ofstream& out_;
    bool stopped_ = false;
};

sim::RunOptions Sweep::options_of(std::uint64_t seed) const {
    sim::RunOptions options = plan_.options;
    options.seed = seed;
    // Without --nodes the size of the cluster is one more thing that differs from run to run.
    if (!command_.run.nodes && !options.schedule) {
        options.nodes = sim::draw_nodes(Prng(seed).split("protocol"));
    }
    return options;
}

std::string Sweep::run_seed(std::uint64_t seed) const {
    const sim::RunOptions options = options_of(seed);
    CrashContext context;
    context.seed = seed;
    context.reproduce = sim::reproduce_line(options);
    set_crash_context(context);
    const double before = cpu_seconds();
    sim::RunResult result;
    if (command_.verify) {
        result = sim::verify(options, set_crash_simulation);
    } else {
        sim::RunHooks hooks;
        hooks.current = set_crash_simulation;
        result = sim::run(options, std::move(hooks));
    }
    result.cpu_s = cpu_seconds() - before;
    return sim::to_json_line(result);
}

sim::RunResult Sweep::result_of(const SeedOutcome& outcome) const {
    if (outcome.answered) {
        Result<sim::RunResult> parsed = sim::parse_run_result(outcome.line, "worker");
        GEODE_ASSERT_MSG(parsed.has_value(), "a worker writes what the parent reads");
        return *std::move(parsed);
    }
    const sim::RunOptions options = options_of(outcome.seed);
    sim::RunResult result;
    result.seed = outcome.seed;
    result.verdict = sim::RunVerdict::crash;
    result.workload = options.workload;
    result.nodes = options.nodes;
    result.duration = options.duration;
    result.fault_kinds = sim::to_string(options.faults);
    if (options.graph != nullptr) result.graph = options.graph->name;
    result.schedule = sim::schedule_of(options);
    result.schedule_hash = sim::schedule_hash(*result.schedule);
    result.reproduce = sim::reproduce_line(options);
    result.explanation = outcome.said.empty()
                             ? "the worker ended with " + outcome.death
                             : outcome.said + "the worker ended with " + outcome.death;
    return result;
}

Result<void> Sweep::run(const std::vector<std::uint64_t>& seeds, sim::SweepTally& tally) {
    const std::uint64_t failures_before = tally.failures();
    ProgressBar bar(plan_.options.workload, seeds.size());
    WorkerPoolOptions pool;
    pool.jobs = job_count(command_.jobs);
    pool.cpu_seconds_per_seed_max = command_.cpu_limit_s;
    WorkerPoolCallbacks callbacks;
    callbacks.job = [this](std::uint64_t seed) { return run_seed(seed); };
    callbacks.on_outcome = [&](const SeedOutcome& outcome) {
        const sim::RunResult result = result_of(outcome);
        tally.add(result);
        if (out_.is_open()) out_ << sim::to_json_line(result) << '\n' << std::flush;
        stopped_ = command_.until_failure && !result.passed();
        return !stopped_;
    };
    callbacks.on_tick = [&](std::uint64_t finished) {
        bar.show(finished, tally.failures() - failures_before);
    };
    GEODE_TRY_VOID(run_workers(pool, seeds, callbacks));
    bar.clear();
    return {};
}

/// Prints and stores the closing summary; returns the exit status.
int close_sweep(const sim::SweepTally& tally, double wall_s, std::ofstream& out, bool json,
                bool complete) {
    const std::string line = tally.summary_line(wall_s);
    if (out.is_open()) {
        out << line << '\n' << std::flush;
        if (!out) return usage_error("--out: writing failed");
    }
    std::fprintf(json ? stderr : stdout, "%s", tally.summary_table(wall_s).c_str());
    if (json) std::printf("%s\n", line.c_str());
    const int status = tally.exit_status();
    const bool only_void = status == exit_usage;
    return only_void && !complete ? 0 : status;
}

Result<void> open_out(const std::string& path, std::ofstream& out) {
    if (path.empty()) return {};
    out.open(path);
    if (out) return {};
    return make_error(ErrorCode::invalid_argument, "--out: cannot write " + path);
}

}  // namespace

int sweep_command(const SweepCommand& command) {
    const Result<SeedRange> range = parse_seed_range(command.seeds);
    if (!range) return usage_error("--seeds " + range.error().message);
    const Result<Shard> shard = parse_shard(command.shard);
    if (!shard) return usage_error("--shard " + shard.error().message);
    Result<RunPlan> plan = plan_run(command.run);
    if (!plan) return usage_error(plan.error().message);
    std::ofstream out;
    if (auto opened = open_out(command.out_file, out); !opened) {
        return usage_error(opened.error().message);
    }
    const auto begin = WallClock::now();
    // A schedule from a file enables what it contains, not what --faults says.
    sim::SweepTally tally(plan->options.schedule ? sim::FaultKinds{} : plan->options.faults);
    Sweep sweep(command, *std::move(plan), out);
    if (auto ran = sweep.run(seeds_of(*range, *shard), tally); !ran) {
        return usage_error(ran.error().message);
    }
    return close_sweep(tally, seconds_since(begin), out, command.json, !sweep.stopped());
}

int chaos_command(const ChaosCommand& command) {
    const Result<SeedRange> range = parse_seed_range(command.seeds);
    if (!range) return usage_error("--seeds " + range.error().message);
    std::ofstream out;
    if (auto opened = open_out(command.out_file, out); !opened) {
        return usage_error(opened.error().message);
    }
    const auto begin = WallClock::now();
    sim::SweepTally tally(*sim::parse_fault_kinds("all"));
    for (const sim::WorkloadSpec& workload : sim::workload_specs()) {
        SweepCommand sweep_command;
        sweep_command.jobs = command.jobs;
        sweep_command.run.workload = workload.name;
        Result<RunPlan> plan = plan_run(sweep_command.run);
        GEODE_ASSERT_MSG(plan.has_value(), "the table of workloads is its own proof");
        std::fprintf(stderr, "%s: %s\n", std::string(workload.name).c_str(),
                     std::string(workload.about).c_str());
        Sweep sweep(sweep_command, *std::move(plan), out);
        if (auto ran = sweep.run(seeds_of(*range, {}), tally); !ran) {
            return usage_error(ran.error().message);
        }
    }
    const int status = close_sweep(tally, seconds_since(begin), out, command.json, true);
    std::fprintf(
        command.json ? stderr : stdout, "\n%s\n",
        status == 0 ? "PASS: no run broke its promises under these faults" : "FAIL: see above");
    return status;
}

}  // namespace geode::cli

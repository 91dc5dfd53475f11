// SPDX-License-Identifier: Apache-2.0
// geode-sim run and replay.

#include <cstdio>
#include <fstream>

#include "cli/crash_report.h"
#include "cli/geode_sim.h"
#include "cli/graph_files.h"

namespace geode::cli {
namespace {

void print_faults(const sim::RunResult& result) {
    std::string text;
    for (const auto& [family, effect] : result.faults) {
        text += "  " + family + " " + std::to_string(effect.injected) + "/" +
                std::to_string(effect.observed);
    }
    std::printf("faults      %s (injected/observed)\n", text.empty() ? "  none" : text.c_str());
}

/// For a person; failures end with the line that repeats them.
void print_result(const sim::RunResult& result) {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("seed %llu: %s\n", number(result.seed),
                std::string(sim::to_string(result.verdict)).c_str());
    std::printf("cluster       %u nodes, %s, workload %s\n", result.nodes, result.network.c_str(),
                result.workload.c_str());
    std::printf("simulated     %.1f s in %.3f CPU s, %llu events, hash %s\n", result.sim_s,
                result.cpu_s, number(result.events), sim::hex64(result.hash).c_str());
    std::printf("schedule      %s\n", sim::hex64(result.schedule_hash).c_str());
    std::printf(
        "operations    %llu answered, %llu failed, %llu unknown; p50 %.1f ms, max %.0f ms\n",
        number(result.ops.ok), number(result.ops.fail), number(result.ops.unknown),
        result.latency_p50_ms, result.latency_max_ms);
    std::printf("elections won %llu; longest time without an answer %.1f s\n",
                number(result.elections), result.unavailable_max_s);
    print_faults(result);
    if (result.passed()) return;
    std::printf("\n%s\n", result.explanation.c_str());
    if (!result.trace_tail.empty()) std::printf("\nthe last trace records:\n");
    for (const std::string& line : result.trace_tail) std::printf("  %s\n", line.c_str());
    std::printf("\nreproduce: %s\n", result.reproduce.c_str());
}

int print_schedule(const sim::RunOptions& options) {
    std::fputs(sim::to_json_text(sim::schedule_of(options)).c_str(), stdout);
    return 0;
}

/// "   1.000250000 n2   raft.vote           term=3 from=n1"
std::string trace_line(const sim::TraceRecord& record) {
    const std::string line = record.to_line();
    const std::size_t time_end = line.find(' ');
    const std::size_t node_end = line.find(' ', time_end + 1);
    const std::size_t name_end = std::min(line.find(' ', node_end + 1), line.size());
    const auto padded = [](std::string text, std::size_t width) {
        if (text.size() < width) text.resize(width, ' ');
        return text;
    };
    std::string time = line.substr(0, time_end);
    if (time.size() < 14) time.insert(0, 14 - time.size(), ' ');
    return time + " " + padded(line.substr(time_end + 1, node_end - time_end - 1), 5) + " " +
           padded(line.substr(node_end + 1, name_end - node_end - 1), 24) + line.substr(name_end) +
           "\n";
}

/// Where a run writes to beside its result.
struct RunFiles {
    std::ofstream trace;
    std::ofstream history;
};

sim::RunResult execute(const RunCommand& command, const sim::RunOptions& options, RunFiles& files) {
    CrashContext context;
    context.seed = options.seed;
    context.reproduce = sim::reproduce_line(options);
    context.json = command.json;
    set_crash_context(context);
    const double before = cpu_seconds();
    sim::RunResult result;
    if (command.verify) {
        result = sim::verify(options, set_crash_simulation);
    } else {
        sim::RunHooks hooks;
        hooks.current = set_crash_simulation;
        if (files.trace.is_open()) {
            hooks.trace = [&](const sim::TraceRecord& record) {
                files.trace << trace_line(record);
            };
        }
        if (files.history.is_open()) {
            hooks.history = [&](const std::string& edn) { files.history << edn; };
        }
        result = sim::run(options, std::move(hooks));
    }
    result.cpu_s = cpu_seconds() - before;
    return result;
}

/// Half a history would be judged as a whole one.
Result<void> finish(const RunCommand& command, RunFiles& files) {
    const auto close = [](std::ofstream& file, const std::string& option,
                          const std::string& path) -> Result<void> {
        if (path.empty()) return {};
        file.close();
        if (file) return {};
        return make_error(ErrorCode::io_error, option + ": cannot write " + path);
    };
    GEODE_TRY_VOID(close(files.trace, "--trace", command.trace_file));
    return close(files.history, "--history", command.history_file);
}

int run_plan(const RunCommand& command, const RunPlan& plan,
             const std::optional<std::uint64_t>& expected_hash) {
    if (command.print_schedule) return print_schedule(plan.options);
    if (command.verify && !(command.trace_file.empty() && command.history_file.empty())) {
        return usage_error("--verify goes together with neither --trace nor --history");
    }
    RunFiles files;
    if (!command.trace_file.empty()) {
        files.trace.open(command.trace_file);
        if (!files.trace) return usage_error("--trace: cannot write " + command.trace_file);
    }
    if (!command.history_file.empty()) {
        if (!sim::find_workload(plan.options.workload)->records) {
            return usage_error("--history: the workload " + plan.options.workload +
                               " records no history of operations");
        }
        files.history.open(command.history_file);
        if (!files.history) return usage_error("--history: cannot write " + command.history_file);
    }
    const sim::RunResult result = execute(command, plan.options, files);
    const Result<void> written = finish(command, files);
    if (command.json) {
        std::printf("%s\n", sim::to_json_line(result).c_str());
    } else {
        print_result(result);
    }
    if (command.verify && result.verdict != sim::RunVerdict::nondeterminism) {
        std::fprintf(stderr, "verified: a second run had the same %llu events\n",
                     static_cast<unsigned long long>(result.events));
    }
    if (expected_hash && *expected_hash != result.hash) {
        std::fprintf(stderr,
                     "geode-sim: the recorded hash was %s: another build, or nondeterminism\n",
                     sim::hex64(*expected_hash).c_str());
    }
    const int status = sim::exit_status(result.verdict);
    if (written) return status;
    const int unwritten = usage_error(written.error().message);
    return result.passed() ? unwritten : status;
}

/// The line to replay: of `seed` if given, else the first that is not a pass, else the first.
Result<sim::RunResult> choose_line(const std::string& text, const std::string& file,
                                   const std::optional<std::uint64_t>& seed) {
    std::optional<sim::RunResult> chosen;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string line = text.substr(begin, end - begin);
        begin = end + 1;
        ++number;
        if (line.empty() || line.starts_with(R"({"summary":)")) continue;
        GEODE_TRY(sim::RunResult result,
                  sim::parse_run_result(line, file + ":" + std::to_string(number)));
        if (seed && result.seed != *seed) continue;
        const bool better = !chosen || (chosen->passed() && !result.passed());
        if (better) chosen = std::move(result);
        if (chosen && (seed || !chosen->passed())) break;
    }
    if (!chosen) {
        return make_error(ErrorCode::invalid_argument,
                          file + ": no run" + (seed ? " of that seed" : "") + " in it");
    }
    return *std::move(chosen);
}

/// The arguments that the recorded run had.
RunArguments arguments_of(const sim::RunResult& result) {
    RunArguments arguments;
    arguments.seed = result.seed;
    arguments.nodes = result.nodes;
    arguments.duration = sim::duration_text(result.duration);
    arguments.workload = result.workload;
    arguments.faults = result.fault_kinds;
    arguments.graph = result.graph;
    return arguments;
}

}  // namespace

int run_command(const RunCommand& command) {
    Result<RunPlan> plan = plan_run(command.run);
    if (!plan) return usage_error(plan.error().message);
    return run_plan(command, *plan, std::nullopt);
}

int replay_command(const ReplayCommand& command) {
    if (command.file.empty()) {
        if (!command.run.run.seed) return usage_error("replay: expected a FILE or --seed N");
        return run_command(command.run);
    }
    const Result<std::string> text = read_file(command.file);
    if (!text) return usage_error(text.error().message);
    if (text->find("\"geode-schedule\"") < 64) {
        RunCommand scheduled = command.run;
        scheduled.run.schedule_file = command.file;
        return run_command(scheduled);
    }
    Result<sim::RunResult> recorded = choose_line(*text, command.file, command.run.run.seed);
    if (!recorded) return usage_error(recorded.error().message);
    Result<RunPlan> plan = plan_run(arguments_of(*recorded));
    if (!plan) return usage_error(plan.error().message);
    // Another build may draw another schedule from the seed; the recorded one is what failed.
    if (recorded->schedule &&
        sim::schedule_hash(sim::schedule_of(plan->options)) != recorded->schedule_hash) {
        plan->options.schedule = recorded->schedule;
        plan->options.schedule_file = command.file;
    }
    return run_plan(command.run, *plan, recorded->hash);
}

}  // namespace geode::cli

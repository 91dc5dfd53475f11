// SPDX-License-Identifier: Apache-2.0
// From the words of a command line to a run.

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>

#include "cli/geode_sim.h"
#include "cli/graph_files.h"

namespace geode::cli {
namespace {

Error wrong(std::string message) {
    return make_error(ErrorCode::invalid_argument, std::move(message));
}

template <class Integer>
bool read_number(std::string_view text, Integer& value) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc{} && end == text.data() + text.size() && !text.empty();
}

/// Where there are several graphs in a directory, the one that is called like the directory. A path
/// that is no directory may be DIRECTORY/PREFIX.
Result<GraphFiles> read_graph(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::path given = fs::path(path).lexically_normal();
    const fs::path directory = given.has_filename() ? given : given.parent_path();
    if (!fs::is_directory(directory, ignored)) {
        if (!fs::is_directory(directory.parent_path(), ignored)) {
            return make_error(ErrorCode::not_found, path + ": no such directory");
        }
        return read_graph_files(directory.parent_path().string(), directory.filename().string());
    }
    Result<GraphFiles> only = read_graph_files(directory.string());
    if (only || only.code() != ErrorCode::invalid_argument) return only;
    const std::string name = directory.filename().string();
    std::vector<std::string> prefixes;
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
        std::string file = entry.path().filename().string();
        constexpr std::string_view suffix = "-nodes.csv";
        if (!file.starts_with(name) || !file.ends_with(suffix)) continue;
        prefixes.push_back(file.substr(0, file.size() - suffix.size()));
    }
    if (prefixes.size() != 1) return only;
    return read_graph_files(directory.string(), prefixes.front());
}

Result<void> plan_schedule(const RunArguments& arguments, sim::RunOptions& options) {
    if (arguments.schedule_file.empty()) return {};
    GEODE_TRY(const std::string text, read_file(arguments.schedule_file));
    GEODE_TRY(sim::Schedule schedule, sim::parse_schedule(text, arguments.schedule_file));
    if (arguments.nodes && *arguments.nodes != schedule.nodes) {
        return wrong("--nodes " + std::to_string(*arguments.nodes) + " but " +
                     arguments.schedule_file + " is for " + std::to_string(schedule.nodes));
    }
    options.schedule_file = arguments.schedule_file;
    options.nodes = schedule.nodes;
    options.clients = schedule.clients;
    options.duration = schedule.duration;
    options.schedule = std::move(schedule);
    return {};
}

std::string workload_names() {
    std::string names;
    for (const sim::WorkloadSpec& spec : sim::workload_specs()) {
        names.append(names.empty() ? "" : " ").append(spec.name);
    }
    return names;
}

}  // namespace

Result<SeedRange> parse_seed_range(const std::string& text) {
    SeedRange range;
    const std::size_t dots = text.find("..");
    const bool pair = dots != std::string::npos;
    const std::string_view whole = text;
    if (read_number(whole.substr(0, dots), range.first) &&
        (!pair || read_number(whole.substr(dots + 2), range.last))) {
        if (!pair) range.last = range.first;
        constexpr std::uint64_t seeds_max = 100'000'000;
        if (range.first <= range.last && range.last - range.first < seeds_max) return range;
    }
    return wrong("\"" + text + "\": expected seeds as A..B with A <= B, at most 100 million");
}

Result<Shard> parse_shard(const std::string& text) {
    Shard shard;
    const std::size_t slash = text.find('/');
    const std::string_view whole = text;
    if (slash != std::string::npos && read_number(whole.substr(0, slash), shard.index) &&
        read_number(whole.substr(slash + 1), shard.count) && shard.index >= 1 &&
        shard.index <= shard.count) {
        return shard;
    }
    return wrong("\"" + text + "\": expected a shard as I/N with 1 <= I <= N");
}

std::vector<std::uint64_t> seeds_of(const SeedRange& range, const Shard& shard) {
    std::vector<std::uint64_t> seeds;
    const std::uint64_t count = range.last - range.first + 1;
    for (std::uint64_t i = shard.index - 1; i < count; i += shard.count) {
        seeds.push_back(range.first + i);
    }
    return seeds;
}

Result<RunPlan> plan_run(const RunArguments& arguments) {
    RunPlan plan;
    sim::RunOptions& options = plan.options;
    options.seed = arguments.seed.value_or(1);
    options.nodes = arguments.nodes.value_or(5);
    if (options.nodes < 1 || options.nodes > 99) return wrong("--nodes: expected 1 to 99");
    if (!arguments.duration.empty()) {
        GEODE_TRY(options.duration, sim::parse_duration(arguments.duration));
    }
    GEODE_TRY(options.faults,
              sim::parse_fault_kinds(arguments.faults.empty() ? "all" : arguments.faults));
    GEODE_TRY_VOID(plan_schedule(arguments, options));
    if (!arguments.graph.empty()) {
        GEODE_TRY(GraphFiles files, read_graph(arguments.graph));
        plan.graph = std::make_unique<sim::GraphData>(
            sim::GraphData{arguments.graph, std::move(files.vertices), std::move(files.edges)});
        options.graph = plan.graph.get();
        options.workload = "load";
    }
    if (!arguments.workload.empty()) options.workload = arguments.workload;
    if (sim::find_workload(options.workload) == nullptr) {
        return wrong("unknown workload \"" + options.workload +
                     "\"; there are: " + workload_names());
    }
    if (options.graph != nullptr && options.workload != "load") {
        return wrong("--graph goes with the workload load, not with " + options.workload);
    }
    return plan;
}

int usage_error(const std::string& message) {
    std::fprintf(stderr, "geode-sim: %s\n", message.c_str());
    return exit_usage;
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds_of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

std::uint32_t job_count(std::uint32_t asked) {
    if (asked > 0) return asked;
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? static_cast<std::uint32_t>(online) : 1;
}

}  // namespace geode::cli

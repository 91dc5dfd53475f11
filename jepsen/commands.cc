// SPDX-License-Identifier: Apache-2.0
#include "jepsen/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "jepsen/command.h"
#include "jepsen/line_client.h"
#include "jepsen/plots.h"
#include "jepsen/report.h"
#include "jepsen/store.h"
#include "jepsen/timeline.h"
#include "sim/data/duration_text.h"

namespace geode::jepsen {
namespace {

namespace fs = std::filesystem;

constexpr int exit_usage = 2;

int complain(const Error& error) {
    fmt::print(stderr, "geode-jepsen: {}\n",
               error.message.empty() ? error.describe() : error.message);
    return exit_usage;
}

int complain(const std::string& text) {
    fmt::print(stderr, "geode-jepsen: {}\n", text);
    return exit_usage;
}

/// From the file, or drawn from the seed exactly as geode-sim draws it.
Result<sim::Schedule> schedule_of(const RunArguments& arguments, std::string& kinds_text) {
    if (!arguments.schedule_file.empty()) {
        GEODE_TRY(const std::string text, read_file(arguments.schedule_file));
        kinds_text = "schedule";
        return sim::parse_schedule(text, arguments.schedule_file);
    }
    GEODE_TRY(const sim::FaultKinds kinds, sim::parse_fault_kinds(arguments.faults));
    kinds_text = sim::to_string(kinds);
    sim::DrawOptions draw;
    draw.nodes = arguments.nodes;
    draw.clients = arguments.concurrency;
    GEODE_TRY(draw.duration, sim::parse_duration(arguments.duration));
    draw.kinds = kinds;
    return sim::draw_schedule(Prng(arguments.seed).split("faults"), draw);
}

Result<ChaosOptions> options_of(const RunArguments& arguments) {
    ChaosOptions options;
    options.seed = arguments.seed;
    options.workload = arguments.workload;
    GEODE_TRY(options.schedule, schedule_of(arguments, options.fault_kinds));
    GEODE_TRY_VOID(sim::validate(options.schedule));
    const auto fits = [](std::uint32_t hosts) { return hosts >= 1 && hosts <= lab_hosts_max; };
    if (!fits(options.schedule.nodes) || !fits(options.schedule.clients)) {
        return make_error(ErrorCode::invalid_argument,
                          fmt::format("expected 1 to {} nodes and clients", lab_hosts_max));
    }
    const auto names = workload_names();
    if (std::ranges::find(names, arguments.workload) == names.end()) {
        return make_error(ErrorCode::invalid_argument,
                          fmt::format("unknown workload \"{}\"; there are: {}", arguments.workload,
                                      fmt::join(names, " ")));
    }
    GEODE_TRY(options.liveness_bound, sim::parse_duration(arguments.liveness_bound));
    options.operations_per_s = arguments.rate;
    options.node_binary = fs::absolute(arguments.node_binary).string();
    if (::access(options.node_binary.c_str(), X_OK) != 0) {
        return make_error(ErrorCode::not_found, "no program at " + options.node_binary);
    }
    if (::access(arguments.preload_library.c_str(), R_OK) == 0) {
        options.preload_library = fs::absolute(arguments.preload_library).string();
    }
    return Result<ChaosOptions>(std::move(options));
}

LabPlan plan_of(const sim::Schedule& schedule) {
    LabPlan plan;
    plan.prefix = fmt::format("geode-jepsen-{}", ::getpid());
    plan.nodes = schedule.nodes;
    plan.clients = schedule.clients + 1;  // and the harness itself
    return plan;
}

/// A network of namespaces if it can be had; otherwise says why not.
std::unique_ptr<Lab> enter_lab(const RunArguments& arguments, ChaosOptions& options) {
    if (arguments.loopback) {
        options.why_no_lab = "on loopback, as asked for";
        return nullptr;
    }
    Result<std::unique_ptr<Lab>> lab = Lab::enter(plan_of(options.schedule), options.seed);
    if (!lab) {
        options.why_no_lab = "no namespaces (" + lab.error().message + ")";
        fmt::print(stderr,
                   "geode-jepsen: skipped: {}; running on loopback, where processes can be killed "
                   "and paused but not parted\n",
                   options.why_no_lab);
        return nullptr;
    }
    for (const std::string& missing : (*lab)->missing()) {
        fmt::print(stderr, "geode-jepsen: skipped: {}\n", missing);
    }
    return *std::move(lab);
}

std::string reproduce_line(const RunArguments& arguments, const Store& store) {
    return fmt::format(
        "geode-jepsen run --schedule {}/schedule.json --workload {} --seed {} "
        "--rate {:g}{}",
        store.directory(), arguments.workload, arguments.seed, arguments.rate,
        arguments.loopback ? " --loopback" : "");
}

/// What is written into results.json is what analysis and comparison read.
Result<nlohmann::json> stored_result(const std::string& directory) {
    GEODE_TRY(const std::string text, read_file(directory + "/results.json"));
    auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("workload") || !json["workload"].is_string()) {
        return make_error(ErrorCode::invalid_argument, directory + "/results.json is no result");
    }
    return Result<nlohmann::json>(std::move(json));
}

int print_judgement(const AnalyzeArguments& arguments, const Judgement& judgement) {
    if (arguments.json) {
        const nlohmann::ordered_json json = {{"store", arguments.directory},
                                             {"verdict", check::to_string(judgement.verdict)},
                                             {"checked", judgement.checked},
                                             {"explanation", judgement.explanation}};
        fmt::print("{}\n", json.dump());
    } else {
        fmt::print("{}\t{}\t{}{}{}\n", arguments.directory, check::to_string(judgement.verdict),
                   judgement.checked, judgement.explanation.empty() ? "" : "\n",
                   judgement.explanation);
    }
    switch (judgement.verdict) {
        case check::Verdict::valid: return 0;
        case check::Verdict::invalid: return 1;
        case check::Verdict::unknown: return sim::exit_status(sim::RunVerdict::unrecoverable);
    }
    GEODE_UNREACHABLE("a verdict outside its enum");
}

}  // namespace

int run_command_line(const RunArguments& arguments) {
    auto options = options_of(arguments);
    if (!options) return complain(options.error());
    const auto store = Store::create(arguments.store, arguments.workload);
    if (!store) return complain(store.error());
    options->directory = store->nodes_directory();
    if (const auto kept = store->write("schedule.json", sim::to_json_text(options->schedule));
        !kept) {
        return complain(kept.error());
    }
    const std::unique_ptr<Lab> lab = enter_lab(arguments, *options);
    const auto report = run_chaos(*options, lab.get());
    const bool keep = !report || !report->result.passed() || arguments.keep_data;
    if (lab != nullptr) lab->unmount_small_disks(keep);
    if (!report) return complain(report.error().describe() + " (store " + store->directory() + ")");
    const std::string again = reproduce_line(arguments, *store);
    if (const auto kept = store->write_run(*options, *report, again); !kept) {
        return complain(kept.error());
    }
    if (arguments.json) {
        fmt::print("{}\n", to_json_line(*report, store->directory(), again));
    } else {
        fmt::print("{}", to_text(*report, store->directory(), again));
    }
    if (!keep) store->drop_data(options->schedule.nodes);
    return sim::exit_status(report->result.verdict);
}

int analyze_command(const AnalyzeArguments& arguments) {
    const auto result = stored_result(arguments.directory);
    if (!result) return complain(result.error());
    const std::string path = arguments.directory + "/history.edn";
    const auto text = read_file(path);
    if (!text) return complain(text.error());
    const auto judgement = judge_history((*result)["workload"].get<std::string>(), *text, path);
    if (!judgement) return complain(judgement.error());
    return print_judgement(arguments, *judgement);
}

int compare_command(const CompareArguments& arguments) {
    const auto real = read_file(arguments.directory + "/results.json");
    if (!real) return complain(real.error());
    const auto result = stored_result(arguments.directory);
    if (!result) return complain(result.error());
    std::string simulated;
    if (!arguments.simulated.empty()) {
        auto text = read_file(arguments.simulated);
        if (!text) return complain(text.error());
        simulated = *std::move(text);
    } else {
        const auto done = run_command({arguments.sim_binary, "run", "--json", "--seed",
                                       std::to_string((*result).value("seed", std::uint64_t{1})),
                                       "--workload", (*result)["workload"].get<std::string>(),
                                       "--schedule", arguments.directory + "/schedule.json"});
        if (!done) return complain(done.error());
        if (done->output.empty()) return complain("geode-sim: " + done->errors);
        simulated = done->output;
    }
    const auto table = compare_results(simulated, *real);
    if (!table) return complain(table.error());
    fmt::print("{}", *table);
    std::error_code ignored;
    const fs::path folder = fs::absolute(arguments.directory, ignored);
    if (const auto kept = write_text((folder / "simulated.json").string(), simulated); !kept) {
        return complain(kept.error());
    }
    if (const auto kept = write_text((folder / "compare.txt").string(), *table); !kept) {
        return complain(kept.error());
    }
    return 0;
}

int client_command(const ClientArguments& arguments) {
    const auto deadline = sim::parse_duration(arguments.deadline);
    if (!deadline) return complain(deadline.error());
    std::vector<Address> endpoints;
    std::string_view rest = arguments.endpoints;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const auto address = parse_address(rest.substr(0, comma));
        if (!address) return complain(address.error());
        endpoints.push_back(*address);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (endpoints.empty()) return complain("--endpoints: expected host:port,...");
    return serve_lines(endpoints, *deadline);
}

int probe_command(const std::string& preload_library) {
    LabPlan plan;
    plan.prefix = fmt::format("geode-jepsen-{}", ::getpid());
    plan.nodes = 1;
    plan.clients = 1;
    const auto lab = Lab::enter(plan, 1);
    if (!lab) {
        fmt::print("namespaces    no: {}\n", lab.error().message);
    } else {
        const auto line = [](std::string_view name, bool there, std::string_view what) {
            fmt::print("{:<13} {} ({})\n", name, there ? "yes" : "no", what);
        };
        line("namespaces", true, "every node in its own, joined by a bridge");
        line("nftables", (*lab)->can_filter(), "partitions, lost packets, flipped bits, ports");
        line("htb", (*lab)->can_limit(), "slow links");
        line("netem", (*lab)->has_netem(), "delay, duplicates, reordering");
        line("detour", !(*lab)->has_netem() && (*lab)->can_delay(), "the same, without netem");
        line("ss --kill", (*lab)->can_reset(), "connection resets");
        for (const std::string& missing : (*lab)->missing()) fmt::print("missing: {}\n", missing);
    }
    const bool preload = ::access(preload_library.c_str(), R_OK) == 0;
    fmt::print("{:<13} {} ({})\n", "preload", preload ? "yes" : "no",
               "clocks and disks: " + preload_library);
    return 0;
}

/// Nodes die with their harness; this is for what even that missed.
int cleanup_command() {
    int ended = 0;
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator("/proc", failure)) {
        const std::string name = entry.path().filename().string();
        if (!std::ranges::all_of(name,
                                 [](char letter) { return letter >= '0' && letter <= '9'; })) {
            continue;
        }
        const auto environment = read_file(entry.path().string() + "/environ");
        if (!environment) continue;
        constexpr std::string_view mark = "GEODE_JEPSEN_HARNESS=";
        const std::size_t at = environment->find(mark);
        if (at == std::string::npos) continue;
        const std::string harness = environment->substr(at + mark.size()).c_str();
        if (harness == std::to_string(::getpid()) || fs::exists("/proc/" + harness)) continue;
        ::kill(static_cast<pid_t>(std::stol(name)), SIGKILL);
        fmt::print("ended process {} of harness {}, which is gone\n", name, harness);
        ++ended;
    }
    if (ended == 0) fmt::print("nothing was left behind\n");
    return 0;
}

}  // namespace geode::jepsen

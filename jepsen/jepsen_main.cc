// SPDX-License-Identifier: Apache-2.0

// geode-jepsen: real geode-node processes under the simulator's fault schedules. Parses the command
// line and runs one command of jepsen/commands.h.

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>

#include "jepsen/commands.h"
#include "jepsen/lab_plan.h"
#include "node/version.h"

namespace {

using namespace geode;

constexpr const char* examples = R"(
examples:
  geode-jepsen run --seed 7                     5 nodes, 60 s, all faults, workload register
  geode-jepsen run --workload graph --duration 30m --rate 30
  geode-jepsen run --workload append            transactions on lists; also: bank
  geode-jepsen run --faults crash,partition --nodes 3 --json
  geode-jepsen run --schedule schedule.json     the file that geode-sim run --schedule executes
  geode-jepsen compare store/latest             that run beside the simulator's, same schedule
  geode-jepsen analyze store/latest             judge a stored history again
  geode-jepsen probe                            what this machine can do
  geode-jepsen cleanup                          end nodes whose harness was killed

exit status: 0 pass, 1 consistency violation, 2 usage or bad input, 3 no liveness,
             4 a node ended by itself, 6 the checker gave up

Network faults need root: every node runs in a network namespace of its own. Without that the run is
on loopback, and says so.)";

std::string beside(const char* program, const char* name) {
    std::error_code failure;
    const auto self = std::filesystem::canonical("/proc/self/exe", failure);
    const auto folder = failure ? std::filesystem::path(program) : self;
    return (folder.parent_path() / name).lexically_normal().string();
}

struct Commands {
    jepsen::RunArguments run;
    jepsen::AnalyzeArguments analyze;
    jepsen::CompareArguments compare;
    jepsen::ClientArguments client;
    int status = 0;
};

void add_run(CLI::App& app, Commands& all) {
    CLI::App* const run = app.add_subcommand("run", "run processes under a fault schedule");
    jepsen::RunArguments& arguments = all.run;
    run->add_option("--seed", arguments.seed, "of schedule and clients (1)");
    run->add_option("--nodes", arguments.nodes, "geode-node processes (5)")
        ->check(CLI::Range(1U, jepsen::lab_hosts_max));
    run->add_option("--concurrency", arguments.concurrency, "clients (5)")
        ->check(CLI::Range(1U, jepsen::lab_hosts_max));
    run->add_option("--duration", arguments.duration, "of the fault phase: 60s, 500ms, 30m");
    run->add_option("--workload", arguments.workload, "register, graph, append or bank (register)");
    run->add_option("--faults", arguments.faults, "all, none, or names: crash,pause or all,-flap");
    run->add_option("--schedule", arguments.schedule_file,
                    "execute this file; its nodes, clients and duration are the run's");
    run->add_option("--store", arguments.store, "where results go (store)");
    run->add_option("--rate", arguments.rate, "operations per second, all clients together (50)")
        ->check(CLI::Range(0.01, 100'000.0));
    run->add_option("--liveness-bound", arguments.liveness_bound,
                    "after the heal every client must have an answer within (30s)");
    run->add_flag("--loopback", arguments.loopback, "no namespaces, even if they could be had");
    run->add_flag("--keep-data", arguments.keep_data, "the nodes' data too, even after a pass");
    run->add_option("--node-binary", arguments.node_binary, "geode-node to run");
    run->add_option("--preload", arguments.preload_library,
                    "libgeode_faults.so, for wrong clocks and bad disks");
    run->add_flag("--json", arguments.json, "one JSON object on stdout; all else goes to stderr");
    run->callback([&all] { all.status = jepsen::run_command_line(all.run); });
}

void add_others(CLI::App& app, Commands& all) {
    CLI::App* const analyze = app.add_subcommand("analyze", "judge a stored history again");
    analyze->add_option("store", all.analyze.directory, "such as store/latest")->required();
    analyze->add_flag("--json", all.analyze.json, "one JSON object");
    analyze->callback([&all] { all.status = jepsen::analyze_command(all.analyze); });

    CLI::App* const compare =
        app.add_subcommand("compare", "one schedule in both worlds, side by side");
    compare->add_option("store", all.compare.directory, "the real run, such as store/latest")
        ->required();
    compare->add_option("--sim", all.compare.simulated,
                        "a result of geode-sim run --json (default: runs it now)");
    compare->add_option("--sim-binary", all.compare.sim_binary, "geode-sim to run");
    compare->callback([&all] { all.status = jepsen::compare_command(all.compare); });

    CLI::App* const client = app.add_subcommand("client", "a client for other programs, by lines");
    client->add_option("--endpoints", all.client.endpoints, "client addresses, comma-separated")
        ->envname("GEODE_ENDPOINTS");
    client->add_option("--deadline", all.client.deadline, "of one request (5s)");
    client->callback([&all] { all.status = jepsen::client_command(all.client); });

    CLI::App* const probe = app.add_subcommand("probe", "what this machine can do");
    probe->callback([&all] { all.status = jepsen::probe_command(all.run.preload_library); });
    CLI::App* const cleanup = app.add_subcommand("cleanup", "end nodes whose harness was killed");
    cleanup->callback([&all] { all.status = jepsen::cleanup_command(); });
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app{
        "Runs real geode-node processes under fault schedules and judges what clients saw."};
    app.footer(examples);
    app.set_version_flag("--version", "geode-jepsen " + std::string(node::version));
    app.require_subcommand(1);
    Commands all;
    all.run.node_binary = beside(argv[0], "geode-node");
    all.run.preload_library = beside(argv[0], "../lib/libgeode_faults.so");
    all.compare.sim_binary = beside(argv[0], "geode-sim");
    add_run(app, all);
    add_others(app, all);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return all.status;
}

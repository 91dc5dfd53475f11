// SPDX-License-Identifier: Apache-2.0

// geode-failover: runs jepsen/failover.h and prints its verdict. Exit 0: everything held; 1:
// something did not; 2: the run could not be made.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "jepsen/failover.h"

namespace {

using namespace geode;

constexpr double gap_target_ms = 1000;

constexpr const char* examples = R"(
examples:
  geode-failover                                       3 nodes, 20 kills, about 70 s
  geode-failover --graph ../shared/data/graphs/air-routes --prefix air-routes-latest
  geode-failover --kills 5 --nodes 5 --history /tmp/history.jsonl --json)";

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

int print(const jepsen::FailoverReport& report, bool json) {
    const double worst = report.gaps_ms.empty()
                             ? 0
                             : *std::max_element(report.gaps_ms.begin(), report.gaps_ms.end());
    if (json) {
        const nlohmann::json out{{"kills", report.kills},
                                 {"gap_ms_p50", median(report.gaps_ms)},
                                 {"gap_ms_max", worst},
                                 {"gaps_ms", report.gaps_ms},
                                 {"acknowledged_writes", report.acknowledged},
                                 {"register_operations", report.register_operations},
                                 {"unknown", report.unknown},
                                 {"graph_vertices", report.graph_vertices},
                                 {"graph_edges", report.graph_edges},
                                 {"problems", report.problems}};
        fmt::print("{}\n", out.dump());
    } else {
        fmt::print(
            "{} kills of the leader: write gap p50 {:.0f} ms, max {:.0f} ms (target < {:.0f})\n",
            report.kills, median(report.gaps_ms), worst, gap_target_ms);
        fmt::print("{} acknowledged writes, {} register operations, {} of unknown outcome\n",
                   report.acknowledged, report.register_operations, report.unknown);
        for (const std::string& problem : report.problems) fmt::print("PROBLEM: {}\n", problem);
        if (report.problems.empty()) {
            fmt::print(
                "every acknowledged write is there, the replicas are byte-identical, "
                "the history is linearizable\n");
        }
    }
    return report.problems.empty() ? 0 : 1;
}

std::string beside(const char* program, const char* name) {
    std::error_code failure;
    const auto self = std::filesystem::canonical("/proc/self/exe", failure);
    const auto folder = failure ? std::filesystem::path(program) : self;
    return (folder.parent_path() / name).string();
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app{"Kills the leader of real geode-node processes under load and judges the rest."};
    app.footer(examples);
    jepsen::FailoverOptions options;
    jepsen::ProcessClusterOptions processes;
    processes.node_binary = beside(argv[0], "geode-node");
    bool json = false;
    app.add_option("--nodes", processes.nodes, "processes")->check(CLI::Range(1, 9));
    app.add_option("--kills", options.kills, "rounds")->check(CLI::Range(0, 100'000));
    app.add_option("--graph", options.graph_directory, "load this directory's CSV files first");
    app.add_option("--prefix", options.graph_prefix, "of the files, where there are several");
    app.add_option("--dir", processes.directory, "data and logs (default: a new one below /tmp)");
    app.add_option("--node-binary", processes.node_binary, "geode-node to run");
    app.add_option("--history", options.history_file, "keep the register history as JSON lines");
    app.add_option("--seed", options.seed, "of the workload");
    app.add_flag("--json", json, "one JSON object on stdout");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    const bool own_directory = processes.directory.empty();
    if (own_directory) {
        char name[] = "/tmp/geode-failover-XXXXXX";
        if (::mkdtemp(name) == nullptr) return 2;
        processes.directory = name;
    }
    auto cluster = jepsen::ProcessCluster::create(processes);
    if (!cluster) {
        fmt::print(stderr, "geode-failover: {}\n", cluster.error().describe());
        return 2;
    }
    const auto report = jepsen::run_failover(*cluster, options);
    if (!report) {
        fmt::print(stderr, "geode-failover: {} (logs in {})\n", report.error().describe(),
                   processes.directory);
        return 2;
    }
    const int status = print(*report, json);
    // What a failed run left is evidence.
    std::error_code ignored;
    if (own_directory && status == 0) std::filesystem::remove_all(processes.directory, ignored);
    return status;
}

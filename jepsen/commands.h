// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands of geode-jepsen. Each prints, and returns the exit status: 0 pass, 1 violation,
// 2 usage or bad input, 3 no liveness, 4 a node ended by itself, 6 the checker gave up.

#include <cstdint>
#include <string>

namespace geode::jepsen {

struct RunArguments {
    std::uint64_t seed = 1;
    std::uint32_t nodes = 5;
    std::uint32_t concurrency = 5;
    std::string duration = "60s";
    std::string workload = "register";
    std::string faults = "all";
    std::string schedule_file;
    std::string store = "store";
    std::string node_binary;      ///< geode-node
    std::string preload_library;  ///< libgeode_faults.so
    std::string liveness_bound = "30s";
    double rate = 50;
    bool loopback = false;
    bool keep_data = false;
    bool json = false;
};
int run_command_line(const RunArguments& arguments);

struct AnalyzeArguments {
    std::string directory;
    bool json = false;
};
/// Judges a store's history again.
int analyze_command(const AnalyzeArguments& arguments);

struct CompareArguments {
    std::string directory;   ///< of the real run
    std::string simulated;   ///< a result line of geode-sim; "": runs geode-sim now
    std::string sim_binary;  ///< geode-sim
};
/// Lays the two worlds' results of one schedule side by side; also into the store.
int compare_command(const CompareArguments& arguments);

struct ClientArguments {
    std::string endpoints = "127.0.0.1:3141";
    std::string deadline = "5s";
};
/// A client for other programs, line by line (line_client.h).
int client_command(const ClientArguments& arguments);

/// What this machine can do, one line each.
int probe_command(const std::string& preload_library);

/// Ends what killed harnesses left behind: nodes whose harness is gone.
int cleanup_command();

}  // namespace geode::jepsen

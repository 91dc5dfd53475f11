// SPDX-License-Identifier: Apache-2.0
#pragma once

// The failover run: real processes, the leader killed again and again under load (E10, P-run).
//
// While a graph stays loaded, one client writes a new vertex every few milliseconds and others
// work on hot registers. Each round kills the leader with SIGKILL, waits, and restarts it. At the
// end everything acknowledged must be there, the loaded graph must be what the files say, the
// replicas must agree byte for byte, and the registers' history must be linearizable.

#include <string>
#include <vector>

#include "jepsen/process_cluster.h"

namespace geode::jepsen {

struct FailoverOptions {
    std::uint32_t kills = 20;
    std::uint32_t register_clients = 5;
    Duration between_kills = seconds(2);
    Duration down_time = milliseconds(1200);  ///< from the kill to the restart
    Duration write_interval = milliseconds(5);
    std::string graph_directory;  ///< empty: no graph is loaded
    std::string graph_prefix;
    std::string history_file;  ///< empty: the history is not kept
    std::uint64_t seed = 1;
};

struct FailoverReport {
    std::uint32_t kills = 0;
    std::vector<double> gaps_ms;  ///< per kill: longest time without an acknowledged write
    std::uint64_t acknowledged = 0;
    std::uint64_t unknown = 0;
    std::uint64_t register_operations = 0;
    std::uint64_t graph_vertices = 0;
    std::uint64_t graph_edges = 0;
    std::vector<std::string> problems;  ///< empty: everything held
};

/// Runs all of it; blocks. Progress goes to stderr. Errors: a node that does not start, files
/// that cannot be read.
Result<FailoverReport> run_failover(ProcessCluster& cluster, const FailoverOptions& options);

}  // namespace geode::jepsen

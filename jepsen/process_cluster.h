// SPDX-License-Identifier: Apache-2.0
#pragma once

// ProcessCluster: real geode-node processes on loopback, started, killed and restarted.
//
// Each node has a data directory and a log file below one directory. Ports are picked free at
// construction and kept over restarts. Only processes started here are ever signalled, by their
// process id; the destructor kills what still runs.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/network.h"

namespace geode::jepsen {

struct ProcessClusterOptions {
    std::string node_binary;  ///< path of geode-node
    std::string directory;    ///< made if absent; data and logs go below it
    std::uint32_t nodes = 3;
    std::vector<std::string> extra_arguments;
};

class ProcessCluster {
public:
    /// Picks ports. Error: `io_error`, `unavailable` (no free port).
    static Result<ProcessCluster> create(ProcessClusterOptions options);
    ~ProcessCluster();
    ProcessCluster(ProcessCluster&& other) noexcept;
    ProcessCluster& operator=(ProcessCluster&&) = delete;

    /// Starts a node that is down. Error: `io_error`.
    Result<void> start(std::uint32_t number);
    /// SIGKILL, and waits for the end. Does nothing if it is down.
    void kill(std::uint32_t number);
    /// SIGTERM, waits for the end, and returns the exit status; -1 if it did not end by itself.
    int terminate(std::uint32_t number);
    bool running(std::uint32_t number) const { return pids_.contains(number); }

    std::uint32_t nodes() const { return options_.nodes; }
    Address client_address(std::uint32_t number) const;
    std::vector<Address> client_addresses() const;

private:
    explicit ProcessCluster(ProcessClusterOptions options) : options_(std::move(options)) {}
    std::vector<std::string> arguments(std::uint32_t number) const;

    ProcessClusterOptions options_;
    std::vector<std::uint16_t> ports_;  ///< client and cluster port of node 1, of node 2, ...
    std::map<std::uint32_t, pid_t> pids_;
};

}  // namespace geode::jepsen

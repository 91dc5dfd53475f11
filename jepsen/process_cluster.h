// SPDX-License-Identifier: Apache-2.0
#pragma once

// ProcessCluster: real geode-node processes, started, killed, paused and restarted.
//
// Each node has a data directory and a log file below one directory. On loopback, ports are picked
// free at construction and kept over restarts; elsewhere the caller gives each node its place. Only
// processes started here are ever signalled, by their process id. They die with the thread that
// started them, and the destructor kills what still runs.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/network.h"

namespace geode::jepsen {

/// Where a node is to be found, and how its process is started there.
struct NodePlace {
    Address client;   ///< that clients use
    Address cluster;  ///< that peers use
    Address client_listen;
    Address cluster_listen;
    std::vector<std::string> prefix;  ///< words before the program's: a namespace, an environment
};

struct ProcessClusterOptions {
    std::string node_binary;  ///< path of geode-node
    std::string directory;    ///< made if absent; data and logs go below it
    std::uint32_t nodes = 3;
    std::vector<std::string> extra_arguments;
    std::vector<NodePlace> places;  ///< of node 1, 2, ...; empty: free ports on loopback
};

/// A node that ended without being told to.
struct ProcessEnd {
    std::uint32_t node = 0;
    bool by_signal = false;
    int status = 0;  ///< exit status, or the signal
};

class ProcessCluster {
public:
    /// Picks ports if no places are given. Error: `io_error`, `unavailable` (no free port).
    static Result<ProcessCluster> create(ProcessClusterOptions options);
    ~ProcessCluster();
    ProcessCluster(ProcessCluster&& other) noexcept;
    ProcessCluster& operator=(ProcessCluster&&) = delete;

    /// Puts more words between the place's prefix and the program.
    void add_prefix(std::uint32_t number, const std::vector<std::string>& words);
    /// Starts a node that is down. Error: `io_error`.
    Result<void> start(std::uint32_t number);
    /// SIGKILL, and waits for the end. Does nothing if it is down.
    void kill(std::uint32_t number);
    /// SIGTERM, waits for the end, and returns the exit status; -1 if it did not end by itself.
    int terminate(std::uint32_t number);
    /// SIGSTOP and SIGCONT. True once the kernel shows the process in that state; false if it is
    /// down, or does not get there within a second.
    bool pause(std::uint32_t number);
    bool resume(std::uint32_t number);
    bool running(std::uint32_t number) const { return pids_.contains(number); }
    /// Nodes that ended by themselves since the last call; they are down now.
    std::vector<ProcessEnd> take_ended();
    std::string log_file(std::uint32_t number) const;
    /// Holds the data directory and nothing else: a place for a file system of its own.
    std::string disk_directory(std::uint32_t number) const;

    std::uint32_t nodes() const { return options_.nodes; }
    Address client_address(std::uint32_t number) const;
    std::vector<Address> client_addresses() const;

private:
    explicit ProcessCluster(ProcessClusterOptions options) : options_(std::move(options)) {}
    std::vector<std::string> arguments(std::uint32_t number) const;
    bool signal_and_see(std::uint32_t number, int signal, bool stopped) const;

    ProcessClusterOptions options_;  ///< with a place for every node
    std::map<std::uint32_t, pid_t> pids_;
};

}  // namespace geode::jepsen

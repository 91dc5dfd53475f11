// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the `geode` shell does: each command runs in a fiber over an OS World and returns the exit
// status. Results go to stdout, everything else to stderr.

#include <cstdint>
#include <string>
#include <vector>

#include "node/client/client.h"
#include "runtime/world.h"

namespace geode::cli {

struct AdminOptions {
    std::vector<Address> endpoints;
    Duration timeout = seconds(5);
    bool json = false;
};

// Exit statuses of `health`; other commands use 0 and failed.
inline constexpr int exit_healthy = 0;
inline constexpr int exit_degraded = 1;
inline constexpr int exit_unhealthy = 2;
inline constexpr int exit_failed = 1;

/// A line per endpoint: node, role, term, leader, commit, applied, lag, health.
int show_status(World& world, const AdminOptions& options);

/// Prints the leader's node id and nothing else; nothing, and exit_failed, if there is none.
int show_primary(World& world, const AdminOptions& options);

/// Healthy: a leader and every endpoint answer. Degraded: a leader and a majority of its members.
/// Unhealthy: no leader, or no majority.
int show_health(World& world, const AdminOptions& options);

/// Prints one vertex; exit_failed if it does not exist.
int get_vertex(World& world, const AdminOptions& options, VertexId id, bool local);

struct NeighborsQuery {
    VertexId vertex;
    graph::Direction direction = graph::Direction::out;
    std::string type;         ///< empty: any
    std::uint32_t limit = 0;  ///< 0: all
    bool local = false;
};
/// Prints a vertex's edges, one a line.
int show_neighbors(World& world, const AdminOptions& options, const NeighborsQuery& query);

struct LoadOptions {
    std::string directory;
    std::string prefix;          ///< which pair of files, where there are several
    std::uint64_t batch = 500;   ///< commands in one write, 1..10,000
    std::uint32_t parallel = 8;  ///< writes under way
    bool progress = true;
};
/// Loads *nodes.csv and *edges.csv of a directory, vertices first.
int load(World& world, const AdminOptions& options, const LoadOptions& load);

}  // namespace geode::cli

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The graph workload: concurrent inserts and deletes of vertices and edges over a small id space.
//
// Few ids, so that clients collide: a vertex is deleted while another client hangs an edge on it.
// Every put carries a unique stamp, so that a final dump says which write won. The harness checks
// the dump against the record: nothing acknowledged is lost, nothing unwritten is there, both
// adjacency directions agree, no edge dangles.

#include <cstdint>

#include "node/client/client.h"
#include "workloads/client_loop.h"

namespace geode::workloads {

/// Records events in the order of the calls. Must not suspend.
class GraphRecorder {
public:
    virtual ~GraphRecorder() = default;
    virtual void invoked(std::int64_t process, const graph::Command& command) = 0;
    /// `refused`: the graph answered not_found or conflict.
    virtual void completed(std::int64_t process, Ending ending) = 0;
};

/// The property that every put of this workload sets, to a value unique over the run.
inline constexpr std::string_view stamp_property = "stamp";

struct GraphOptions {
    std::uint32_t client = 0;  ///< 0..clients-1
    std::uint32_t clients = 1;
    std::uint32_t vertices = 12;  ///< ids 1..vertices
    std::uint32_t edge_types = 2;
    std::uint32_t edge_ranks = 2;
    Pace pace;
};

/// Runs until `control.stop`. Suspends; throws Killed. `next_stamp` is shared by all clients.
void run_graph_client(World& world, node::Client& client, const GraphOptions& options,
                      const Control& control, std::int64_t& next_stamp, GraphRecorder& recorder,
                      Progress& progress);

}  // namespace geode::workloads

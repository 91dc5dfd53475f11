// SPDX-License-Identifier: Apache-2.0
#pragma once

// The load workload: a whole graph written in batches by several clients, under faults.
//
// Vertices first, then edges, which need both ends. Puts are idempotent, so a batch whose outcome
// is unknown is simply written again: a late duplicate puts the same bytes. When all batches are
// acknowledged the graph in the store must be the graph that was given, nothing more or less.

#include <cstdint>
#include <vector>

#include "node/client/client.h"
#include "workloads/client_loop.h"

namespace geode::workloads {

/// The batches and who works on them. Shared by all clients of a run.
class LoadQueue {
public:
    /// `edges` wait until every one of `vertices` is acknowledged.
    LoadQueue(std::vector<graph::Batch> vertices, std::vector<graph::Batch> edges);

    /// The next batch to write, or null if there is none at present. The caller gives it back.
    const graph::Command* take(std::size_t& number);
    /// The batch was acknowledged, or must be written again.
    void done(std::size_t number);
    void again(std::size_t number);

    bool complete() const { return acknowledged_ == batches_.size(); }
    std::size_t total() const { return batches_.size(); }
    std::size_t acknowledged() const { return acknowledged_; }

private:
    std::vector<graph::Command> batches_;  ///< vertices, then edges
    std::size_t vertex_batches_;
    std::size_t next_ = 0;
    std::size_t acknowledged_ = 0;
    std::vector<std::size_t> returned_;
};

/// Runs until the queue is complete or `control.stop`. Suspends; throws Killed.
void run_load_client(World& world, node::Client& client, const Pace& pace, const Control& control,
                     LoadQueue& queue, Progress& progress);

}  // namespace geode::workloads

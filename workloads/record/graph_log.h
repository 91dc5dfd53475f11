// SPDX-License-Identifier: Apache-2.0
#pragma once

// The graph workload's record: every write with its outcome, judged against the final graph.
//
// A command becomes one check::GraphWrite per element it touches, all with the command's times and
// outcome. Positions count events in the order of the calls, which in one thread is real time.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workloads/check/graph_check.h"
#include "workloads/graph.h"

namespace geode::workloads {

class GraphLog : public GraphRecorder {
public:
    void invoked(std::int64_t process, const graph::Command& command) override;
    void completed(std::int64_t process, Ending ending) override;

    const std::vector<check::GraphWrite>& writes() const { return writes_; }

private:
    std::vector<check::GraphWrite> writes_;
    std::map<std::int64_t, std::pair<std::size_t, std::size_t>> running_;  ///< by process
    std::uint64_t position_ = 0;
};

/// What all replicas hold after a run. In-edges carry no properties.
struct FinalGraph {
    std::vector<graph::Vertex> vertices;
    std::vector<graph::Edge> out_edges;
    std::vector<graph::Edge> in_edges;
};

check::GraphDump dump_of(const FinalGraph& graph);

/// What is wrong with the graph, given the writes, one line per violation; nothing if all is well.
std::optional<std::string> judge_final_graph(const std::vector<check::GraphWrite>& writes,
                                             const FinalGraph& graph);

}  // namespace geode::workloads

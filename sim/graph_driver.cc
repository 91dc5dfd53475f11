// SPDX-License-Identifier: Apache-2.0
// The graph workload: every write is recorded with its outcome and judged against the final dump.

#include <map>

#include "graph/record.h"
#include "sim/workload_driver.h"
#include "workloads/check/graph_check.h"
#include "workloads/graph.h"

namespace geode::sim {
namespace {

using workloads::Ending;

check::EdgeKey key_of(const graph::EdgeKey& key) {
    return {key.from, key.type, key.to, key.rank};
}

/// The writes of a command, one per element it touches.
struct WritesOf {
    std::vector<check::GraphWrite>& writes;

    void add(check::GraphElement element, std::optional<std::string> content) {
        check::GraphWrite write;
        write.element = std::move(element);
        write.content = std::move(content);
        writes.push_back(std::move(write));
    }
    void operator()(const graph::PutVertex& put) {
        add(put.vertex.id, graph::encode_vertex(put.vertex));
    }
    void operator()(const graph::DeleteVertex& removal) { add(removal.id, std::nullopt); }
    void operator()(const graph::PutEdge& put) {
        add(key_of(put.edge.key), graph::encode_edge(put.edge.properties));
    }
    void operator()(const graph::DeleteEdge& removal) { add(key_of(removal.key), std::nullopt); }
    void operator()(const graph::CompareAndSet&) {
        GEODE_UNREACHABLE("the graph workload does not compare and set");
    }
    void operator()(const graph::Batch& batch) {
        for (const graph::SingleCommand& command : batch.commands) std::visit(*this, command);
    }
};

class WriteLog final : public workloads::GraphRecorder {
public:
    void invoked(std::int64_t process, const graph::Command& command) override {
        const std::size_t first = writes_.size();
        std::visit(WritesOf{writes_}, command);
        ++position_;
        for (std::size_t i = first; i < writes_.size(); ++i) writes_[i].invoked = position_;
        running_[process] = {first, writes_.size()};
    }
    void completed(std::int64_t process, Ending ending) override {
        const auto running = running_.extract(process);
        GEODE_ASSERT_MSG(!running.empty(), "what completes was invoked");
        ++position_;
        for (std::size_t i = running.mapped().first; i < running.mapped().second; ++i) {
            writes_[i].completion = completion_of(ending);
            if (ending != Ending::unknown) writes_[i].completed = position_;
        }
    }
    const std::vector<check::GraphWrite>& writes() const { return writes_; }

private:
    static check::Completion completion_of(Ending ending) {
        switch (ending) {
            case Ending::ok: return check::Completion::ok;
            case Ending::refused:
            case Ending::fail: return check::Completion::fail;
            case Ending::unknown: return check::Completion::unknown;
        }
        GEODE_UNREACHABLE("an ending outside its enum");
    }

    std::vector<check::GraphWrite> writes_;
    std::map<std::int64_t, std::pair<std::size_t, std::size_t>> running_;  ///< by process
    std::uint64_t position_ = 0;
};

check::GraphDump dump_of(const FinalGraph& graph) {
    check::GraphDump dump;
    std::map<check::EdgeKey, std::string> contents;
    for (const graph::Vertex& vertex : graph.vertices) {
        dump.vertices.push_back({vertex.id, graph::encode_vertex(vertex)});
    }
    for (const graph::Edge& edge : graph.out_edges) {
        std::string content = graph::encode_edge(edge.properties);
        contents[key_of(edge.key)] = content;
        dump.out_edges.push_back({key_of(edge.key), std::move(content)});
    }
    // An edge's properties are stored once, with its source.
    for (const graph::Edge& edge : graph.in_edges) {
        const auto found = contents.find(key_of(edge.key));
        dump.in_edges.push_back(
            {key_of(edge.key), found == contents.end() ? std::string() : found->second});
    }
    return dump;
}

class GraphDriver final : public WorkloadDriver {
public:
    explicit GraphDriver(const WorkloadSetup& setup)
        : clients_(setup.clients), vertices_(setup.knobs.graph_vertices) {
        pace_.think_time_mean = setup.knobs.think_time_mean;
        pace_.deadline = setup.knobs.operation_deadline;
    }

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::GraphOptions options;
        options.client = number - 1;
        options.clients = clients_;
        options.vertices = vertices_;
        options.pace = pace_;
        workloads::run_graph_client(world, client, options, control, next_stamp_, log_, progress);
    }

    std::optional<std::string> judge(const FinalGraph* graph) override {
        if (graph == nullptr) return std::nullopt;  // only the final state says anything
        const std::vector<check::GraphViolation> violations =
            check::check_graph(log_.writes(), dump_of(*graph));
        if (violations.empty()) return std::nullopt;
        std::string text;
        for (const check::GraphViolation& violation : violations) {
            if (!text.empty()) text += '\n';
            text.append(check::to_string(violation.anomaly)).append(": ");
            text.append(violation.element).append(": ").append(violation.explanation);
        }
        return text;
    }

private:
    std::uint32_t clients_;
    std::uint32_t vertices_;
    workloads::Pace pace_;
    std::int64_t next_stamp_ = 1;
    WriteLog log_;
};

}  // namespace

std::unique_ptr<WorkloadDriver> make_graph_driver(const WorkloadSetup& setup) {
    return std::make_unique<GraphDriver>(setup);
}

}  // namespace geode::sim

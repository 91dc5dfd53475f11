// SPDX-License-Identifier: Apache-2.0
#include "workloads/record/graph_log.h"

#include "graph/record.h"
#include "workloads/record/completion.h"

namespace geode::workloads {
namespace {

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

}  // namespace

void GraphLog::invoked(std::int64_t process, const graph::Command& command) {
    const std::size_t first = writes_.size();
    std::visit(WritesOf{writes_}, command);
    ++position_;
    for (std::size_t i = first; i < writes_.size(); ++i) writes_[i].invoked = position_;
    running_[process] = {first, writes_.size()};
}

void GraphLog::completed(std::int64_t process, Ending ending) {
    const auto running = running_.extract(process);
    GEODE_ASSERT_MSG(!running.empty(), "what completes was invoked");
    ++position_;
    for (std::size_t i = running.mapped().first; i < running.mapped().second; ++i) {
        writes_[i].completion = completion_of(ending);
        if (ending != Ending::unknown) writes_[i].completed = position_;
    }
}

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

std::optional<std::string> judge_final_graph(const std::vector<check::GraphWrite>& writes,
                                             const FinalGraph& graph) {
    const std::vector<check::GraphViolation> violations =
        check::check_graph(writes, dump_of(graph));
    if (violations.empty()) return std::nullopt;
    std::string text;
    for (const check::GraphViolation& violation : violations) {
        if (!text.empty()) text += '\n';
        text.append(check::to_string(violation.anomaly)).append(": ");
        text.append(violation.element).append(": ").append(violation.explanation);
    }
    return text;
}

}  // namespace geode::workloads

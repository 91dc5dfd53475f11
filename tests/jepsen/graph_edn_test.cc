// SPDX-License-Identifier: Apache-2.0
#include "jepsen/graph_edn.h"

#include <catch2/catch.hpp>

#include "jepsen/workload.h"

using namespace geode;
using namespace geode::jepsen;

namespace {

graph::Vertex stamped_vertex(std::uint64_t id, std::int64_t stamp) {
    graph::Vertex vertex;
    vertex.id = VertexId(id);
    vertex.labels = {"Item"};
    vertex.properties.emplace("stamp", graph::Value(stamp));
    return vertex;
}

graph::Edge stamped_edge(std::uint64_t from, std::uint64_t to, std::int64_t stamp) {
    graph::Edge edge;
    edge.key.from = VertexId(from);
    edge.key.type = "KNOWS";
    edge.key.to = VertexId(to);
    edge.properties.emplace("stamp", graph::Value(stamp));
    return edge;
}

std::string event(std::string_view type, int process, const FunctionAndValue& what) {
    return "{:type :" + std::string(type) + ", :process " + std::to_string(process) +
           ", :f :" + what.function + ", :value " + what.value + "}\n";
}

std::string done(int process, const graph::Command& command) {
    return event("invoke", process, edn_of(command)) + event("ok", process, edn_of(command));
}

std::string scan(const workloads::FinalGraph& graph) {
    return event("invoke", 9, {"scan", "nil"}) + event("ok", 9, {"scan", edn_of(graph)});
}

/// A vertex pair with an edge, a deletion, and what they leave.
std::string history_of_a_pair() {
    graph::Batch batch;
    batch.commands = {graph::PutVertex{stamped_vertex(1, 10)},
                      graph::PutVertex{stamped_vertex(2, 11)},
                      graph::PutEdge{stamped_edge(1, 2, 12)}};
    return done(0, batch) + done(1, graph::PutVertex{stamped_vertex(3, 13)}) +
           done(1, graph::DeleteVertex{VertexId(3), true}) +
           done(0, graph::PutEdge{stamped_edge(2, 1, 14)}) +
           done(0, graph::DeleteEdge{stamped_edge(2, 1, 0).key});
}

workloads::FinalGraph final_pair() {
    workloads::FinalGraph graph;
    graph.vertices = {stamped_vertex(1, 10), stamped_vertex(2, 11)};
    graph.out_edges = {stamped_edge(1, 2, 12)};
    graph.in_edges = {graph.out_edges[0]};
    graph.in_edges[0].properties.clear();
    return graph;
}

check::Verdict verdict_of(const std::string& text) {
    const auto judged = judge_history("graph", text, "history.edn");
    REQUIRE(judged);
    return judged->verdict;
}

}  // namespace

TEST_CASE("graph EDN: commands as a person reads them", "[fast]") {
    CHECK(edn_of(graph::PutVertex{stamped_vertex(3, 17)}).value ==
          R"({:id 3, :labels ["Item"], :properties {"stamp" 17}})");
    CHECK(edn_of(graph::DeleteVertex{VertexId(3), true}).value == "{:id 3, :detach true}");
    CHECK(edn_of(graph::PutEdge{stamped_edge(3, 4, 18)}).value ==
          R"({:from 3, :type "KNOWS", :to 4, :rank 0, :properties {"stamp" 18}})");
    graph::Batch batch;
    batch.commands = {graph::DeleteVertex{VertexId(3), false}};
    CHECK(edn_of(batch).value == "[[:delete-vertex {:id 3, :detach false}]]");
}

TEST_CASE("graph EDN: a stored history is judged like the live one", "[fast]") {
    CHECK(verdict_of(history_of_a_pair() + scan(final_pair())) == check::Verdict::valid);

    workloads::FinalGraph lost = final_pair();
    lost.vertices.pop_back();
    CHECK(verdict_of(history_of_a_pair() + scan(lost)) == check::Verdict::invalid);

    workloads::FinalGraph one_way = final_pair();
    one_way.in_edges.clear();
    CHECK(verdict_of(history_of_a_pair() + scan(one_way)) == check::Verdict::invalid);

    workloads::FinalGraph other_stamp = final_pair();
    other_stamp.vertices[0] = stamped_vertex(1, 99);
    CHECK(verdict_of(history_of_a_pair() + scan(other_stamp)) == check::Verdict::invalid);

    CHECK(verdict_of(history_of_a_pair()) == check::Verdict::unknown);
}

TEST_CASE("graph EDN: what is no history of this workload is refused by line", "[fast]") {
    const auto refused = parse_graph_history(
        "{:type :invoke, :process 0, :f :put-vertex, :value {:id 1}}\n", "history.edn");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("history.edn:1") != std::string::npos);
    CHECK_FALSE(parse_graph_history("{:type :ok, :process 0, :f :batch, :value []}", "h"));
}

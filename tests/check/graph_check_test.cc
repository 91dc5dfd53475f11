// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/graph_check.h"

#include <catch2/catch.hpp>

namespace geode::check {
namespace {

const EdgeKey knows{.source = VertexId(1), .label = "KNOWS", .target = VertexId(2)};

GraphWrite acknowledged(GraphElement element, std::optional<std::string> content,
                        std::uint64_t invoked) {
    return {std::move(element), std::move(content), Completion::ok, invoked, invoked + 1};
}

/// Two vertices and an edge, written and there.
struct Graph {
    std::vector<GraphWrite> writes{acknowledged(VertexId(1), "a", 0),
                                   acknowledged(VertexId(2), "b", 2),
                                   acknowledged(knows, "since 1999", 4)};
    GraphDump dump{.vertices = {{VertexId(1), "a"}, {VertexId(2), "b"}},
                   .out_edges = {{knows, "since 1999"}},
                   .in_edges = {{knows, "since 1999"}}};

    std::string violations() const {
        std::string out;
        for (const GraphViolation& found : check_graph(writes, dump)) {
            out.append(to_string(found.anomaly)).append(": ");
            out.append(found.explanation).append("\n");
        }
        return out;
    }
};

TEST_CASE("graph: what was written is there", "[fast]") {
    REQUIRE(Graph().violations().empty());
    REQUIRE(check_graph({}, {}).empty());
}

TEST_CASE("graph: an acknowledged write may not be lost", "[fast]") {
    Graph graph;
    graph.writes.push_back(acknowledged(VertexId(1), "new", 10));
    REQUIRE(graph.violations() ==
            "lost-write: vertex 1 holds \"a\", but the write of \"new\" invoked at 10, "
            "acknowledged at 11 is neither there nor replaced; the write of \"a\" invoked at 0, "
            "acknowledged at 1 came before it\n");
    // A concurrent write may have come last.
    graph.writes[0].completed = 100;
    REQUIRE(graph.violations().empty());
}

TEST_CASE("graph: unknown writes are allowed and not demanded", "[fast]") {
    Graph graph;
    graph.writes.push_back({VertexId(1), "maybe", Completion::unknown, 10});
    REQUIRE(graph.violations().empty());
    graph.dump.vertices[0].content = "maybe";
    REQUIRE(graph.violations().empty());
    graph.writes.back().completion = Completion::fail;
    REQUIRE(graph.violations() == "unwritten: vertex 1 holds \"maybe\", which nobody wrote\n");
}

TEST_CASE("graph: a vertex may vanish only by a delete", "[fast]") {
    Graph graph;
    graph.dump = {.vertices = {{VertexId(2), "b"}}, .out_edges = {}, .in_edges = {}};
    REQUIRE(graph.violations() ==
            "lost-write: vertex 1 holds nothing, but the write of \"a\" invoked at 0, "
            "acknowledged at 1 is neither there nor replaced\n"
            "lost-write: edge 1-KNOWS->2 holds nothing, but the write of \"since 1999\" invoked at "
            "4, acknowledged at 5 is neither there nor replaced\n");
    // One delete explains both: it takes the edge along.
    graph.writes.push_back(acknowledged(VertexId(1), std::nullopt, 10));
    REQUIRE(graph.violations().empty());
    // An edge put only after the delete had completed is not explained by it.
    graph.writes[2] = acknowledged(knows, "since 1999", 20);
    REQUIRE(graph.violations().starts_with("lost-write: edge 1-KNOWS->2 holds nothing"));
}

TEST_CASE("graph: a deleted element may not come back", "[fast]") {
    Graph graph;
    graph.writes.push_back(acknowledged(knows, std::nullopt, 10));
    REQUIRE(graph.violations().starts_with(
        "lost-write: edge 1-KNOWS->2 holds \"since 1999\", but the delete invoked at 10"));
}

TEST_CASE("graph: both directions list the same edges", "[fast]") {
    Graph graph;
    graph.dump.in_edges.clear();
    REQUIRE(graph.violations() == "adjacency: edge 1-KNOWS->2 is stored with its source only\n");
    graph.dump.in_edges = {{knows, "other\n"}};
    REQUIRE(graph.violations() ==
            "adjacency: edge 1-KNOWS->2 holds \"since 1999\" with its source and \"other\\x0a\" "
            "with its target\n");
    graph.dump.in_edges = {{knows, "since 1999"}, {knows, "since 1999"}};
    REQUIRE(graph.violations() ==
            "duplicate: edge 1-KNOWS->2 is listed twice among the in-edges\n");
    graph.dump.in_edges = graph.dump.out_edges;
    graph.dump.in_edges.push_back({{VertexId(2), "KNOWS", VertexId(1), 3}, ""});
    REQUIRE(graph.violations() == "adjacency: edge 2-KNOWS->1 #3 is stored with its target only\n");
}

TEST_CASE("graph: edges end at vertices that exist", "[fast]") {
    Graph graph;
    graph.writes.push_back(acknowledged(VertexId(2), std::nullopt, 10));
    graph.dump.vertices.pop_back();
    REQUIRE(graph.violations() ==
            "dangling-edge: edge 1-KNOWS->2 ends at vertex 2, which does not exist\n");
    graph.dump.vertices.push_back({VertexId(1), "a"});
    REQUIRE(graph.violations().starts_with("duplicate: vertex 1 is listed twice\n"));
}

TEST_CASE("graph: replicas are equal byte by byte", "[fast]") {
    REQUIRE(check_replicas({}).empty());
    const std::vector<ReplicaDump> replicas{{"n1", "abcd"}, {"n2", "abcd"}, {"n3", "abX"}};
    const auto found = check_replicas(replicas);
    REQUIRE(found.size() == 1);
    REQUIRE(found[0].anomaly == GraphAnomaly::replicas_differ);
    REQUIRE(found[0].explanation ==
            "replicas n1, n3 differ from byte 2 on (4 and 3 bytes): \"cd\" and \"X\"");
}

TEST_CASE("graph: a unique value is held once for each constraint", "[fast]") {
    const auto violations = check_unique(std::vector<UniqueValue>{
        {"Person.email", "a@b", VertexId(3)},
        {"Person.email", "a@b", VertexId(1)},
        {"Person.email", "a@b", VertexId(1)},
        {"Person.email", "c@d", VertexId(2)},
        {"City.name", "a@b", VertexId(4)},
    });
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].anomaly == GraphAnomaly::not_unique);
    CHECK(violations[0].element == "vertex 3");
    CHECK(violations[0].explanation ==
          "vertex 3 holds \"a@b\", as vertex 1 does, but Person.email is unique");
    CHECK(check_unique({}).empty());
}

TEST_CASE("graph: a count is what a scan finds", "[fast]") {
    const std::vector<CountClaim> claims{{"vertices", 3, 3}, {"edges", 4, 5}};
    const auto violations = check_counts(claims);
    REQUIRE(violations.size() == 1);
    CHECK(to_string(violations[0].anomaly) == "count-differs");
    CHECK(violations[0].explanation == "the count of edges is kept as 4, but there are 5");
}

}  // namespace
}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "graph/graph_check.h"
#include "tests/graph/map_view.h"

using namespace geode;
using namespace geode::graph;

namespace {

struct Fixture {
    MapView store;
    GraphTransaction transaction{store};

    Outcome apply(const Command& command) { return apply_ok(transaction, command); }
    void two_friends() {
        CHECK(apply(PutVertex{person(1)}).is_ok());
        CHECK(apply(PutVertex{person(2)}).is_ok());
        CHECK(apply(PutEdge{edge(1, "knows", 2)}).is_ok());
    }
};

Outcome outcome(OutcomeCode code, std::string message, std::optional<Value> actual = {}) {
    return {code, std::move(message), std::move(actual)};
}

}  // namespace

TEST_CASE("transaction: an edge needs both its vertices and says which is missing", "[fast]") {
    Fixture f;
    CHECK(f.apply(PutVertex{person(1)}).is_ok());
    CHECK(f.apply(PutEdge{edge(1, "knows", 2)}) ==
          outcome(OutcomeCode::not_found, "vertex 2 does not exist"));
    CHECK(f.apply(PutEdge{edge(3, "knows", 1)}) ==
          outcome(OutcomeCode::not_found, "vertex 3 does not exist"));
    CHECK(f.transaction.change_count() == 1);
    CHECK(f.apply(PutEdge{edge(1, "knows", 1)}).is_ok());
}

TEST_CASE("transaction: a vertex with edges stays unless detached", "[fast]") {
    Fixture f;
    f.two_friends();
    CHECK(f.apply(DeleteVertex{VertexId(1)}) ==
          outcome(OutcomeCode::conflict, "vertex 1 still has edge (1)-[knows 0]->(2)"));
    CHECK(f.apply(DeleteVertex{VertexId(2)}) ==
          outcome(OutcomeCode::conflict, "vertex 2 still has edge (1)-[knows 0]->(2)"));
    CHECK(f.apply(PutEdge{edge(2, "knows", 2, 9)}).is_ok());
    CHECK(f.apply(DeleteVertex{VertexId(2), true}).is_ok());
    commit(f.transaction, f.store);
    CHECK(f.store.map.size() == 1);
    CHECK(f.apply(DeleteVertex{VertexId(1)}).is_ok());
    CHECK(f.apply(DeleteVertex{VertexId(1)}) ==
          outcome(OutcomeCode::not_found, "vertex 1 does not exist"));
}

TEST_CASE("transaction: what the base has is seen, and hidden by what was done to it", "[fast]") {
    Fixture f;
    f.two_friends();
    commit(f.transaction, f.store);
    CHECK(f.apply(PutEdge{edge(2, "knows", 1)}).is_ok());  // remembers that the base has both
    CHECK(f.apply(DeleteVertex{VertexId(2), true}).is_ok());
    CHECK(f.apply(PutEdge{edge(1, "knows", 2)}).code == OutcomeCode::not_found);
    CHECK(f.apply(DeleteEdge{{VertexId(1), "knows", VertexId(2), 0}}).code ==
          OutcomeCode::not_found);
    CHECK(f.apply(PutVertex{person(2)}).is_ok());
    CHECK(f.apply(PutEdge{edge(1, "knows", 2)}).is_ok());
    commit(f.transaction, f.store);
    CHECK(check_adjacency(f.store).value() == std::nullopt);
    CHECK(f.transaction.reader().count().value() == GraphCounts{2, 1});
}

TEST_CASE("transaction: puts replace, ranks tell parallel edges apart", "[fast]") {
    Fixture f;
    f.two_friends();
    CHECK(f.apply(PutEdge{edge(1, "knows", 2, 0, {{"since", 2020}})}).is_ok());
    CHECK(f.apply(PutEdge{edge(1, "knows", 2, 1, {{"since", 2021}})}).is_ok());
    CHECK(f.apply(PutVertex{{VertexId(1), {"Robot"}, {{"name", "R"}}}}).is_ok());
    commit(f.transaction, f.store);
    const GraphReader reader = f.transaction.reader();
    CHECK(reader.count().value() == GraphCounts{2, 2});
    CHECK(reader.get_edge({VertexId(1), "knows", VertexId(2), 0}).value()->properties ==
          Properties{{"since", 2020}});
    CHECK(reader.get_vertex(VertexId(1)).value() ==
          Vertex{VertexId(1), {"Robot"}, {{"name", "R"}}});
    CHECK(reader.get_edge({VertexId(2), "knows", VertexId(1), 0}).value() == std::nullopt);
    CHECK(f.apply(DeleteEdge{{VertexId(2), "knows", VertexId(1), 0}}) ==
          outcome(OutcomeCode::not_found, "edge (2)-[knows 0]->(1) does not exist"));
}

TEST_CASE("transaction: compare-and-set", "[fast]") {
    Fixture f;
    const auto cas = [&](std::uint64_t id, Value expected, Value desired, bool create = false) {
        return f.apply(
            CompareAndSet{VertexId(id), "n", std::move(expected), std::move(desired), create});
    };
    CHECK(f.apply(PutVertex{person(1, {{"other", true}})}).is_ok());
    CHECK(cas(1, Value(), 1).is_ok());
    CHECK(cas(1, Value(), 2) == outcome(OutcomeCode::conflict,
                                        "property n of vertex 1 has another value than expected",
                                        Value(1)));
    CHECK(cas(1, 1.0, 2).actual == Value(1));
    CHECK(cas(1, 1, 2).is_ok());
    CHECK(cas(1, 2, Value()).is_ok());
    CHECK(cas(1, 2, 3).actual == Value());
    CHECK(f.transaction.reader().get_vertex(VertexId(1)).value() == person(1, {{"other", true}}));

    CHECK(cas(5, Value(), 1) == outcome(OutcomeCode::not_found, "vertex 5 does not exist"));
    CHECK(cas(5, 7, 1, true).code == OutcomeCode::conflict);
    CHECK(f.transaction.reader().has_vertex(VertexId(5)).value() == false);
    CHECK(cas(5, Value(), 1, true).is_ok());
    CHECK(f.transaction.reader().get_vertex(VertexId(5)).value() ==
          Vertex{VertexId(5), {}, {{"n", 1}}});
}

TEST_CASE("transaction: a batch happens whole or not at all", "[fast]") {
    Fixture f;
    CHECK(f.apply(PutVertex{person(1, {{"n", 1}})}).is_ok());
    const Outcome failed = f.apply(Batch{
        {PutVertex{person(2)}, PutEdge{edge(1, "knows", 2)}, CompareAndSet{VertexId(1), "n", 1, 2},
         DeleteVertex{VertexId(1), true}, PutEdge{edge(1, "knows", 2)}, PutVertex{person(3)}}});
    CHECK(failed == outcome(OutcomeCode::not_found, "command 5: vertex 1 does not exist"));
    CHECK(f.transaction.change_count() == 1);
    CHECK(f.transaction.reader().get_vertex(VertexId(1)).value() == person(1, {{"n", 1}}));
    CHECK(f.apply(Batch{{PutVertex{person(2)}, PutEdge{edge(1, "knows", 2)}}}).is_ok());
    CHECK(f.apply(Batch{}).is_ok());
    const Outcome mismatch = f.apply(Batch{{CompareAndSet{VertexId(1), "n", 5, 6}}});
    CHECK(mismatch.actual == Value(1));
}

TEST_CASE("transaction: anything over a maximum is invalid and leaves no trace", "[fast]") {
    Fixture f;
    const auto invalid = [&](const Command& command, const char* why) {
        const Outcome refused = f.apply(command);
        CHECK(refused.code == OutcomeCode::invalid);
        CHECK_THAT(refused.message, Catch::Contains(why));
    };
    const std::string long_name(name_bytes_max + 1, 'x');
    const Edge good = edge(1, "knows", 1);
    Vertex many = person(1);
    for (std::uint64_t i = 0; i < properties_max; ++i) many.properties[std::to_string(i)] = 1;
    Value deep = List{};
    for (std::uint32_t i = 1; i < list_depth_max; ++i) deep = Value(List(1, deep));

    invalid(PutVertex{{VertexId(1), {""}, {}}}, "empty label");
    invalid(PutVertex{{VertexId(1), {long_name}, {}}}, "label bytes: 257, at most 256");
    invalid(PutVertex{person(1, {{"", 1}})}, "empty property name");
    invalid(PutVertex{person(1, {{"p", Value()}})}, "property p is null");
    invalid(PutVertex{person(1, {{"p", std::string(string_bytes_max + 1, 'x')}})}, "of a string");
    invalid(PutVertex{person(1, {{"p", List(list_elements_max + 1)}})}, "elements of a list");
    invalid(PutVertex{person(1, {{"p", List(1, deep)}})}, "nested deeper than 8");
    invalid(PutEdge{edge(1, "", 1)}, "empty edge type");
    invalid(DeleteEdge{{VertexId(1), long_name, VertexId(1), 0}}, "edge type bytes: 257");
    invalid(CompareAndSet{VertexId(1), "", 1, 2}, "empty property name");
    invalid(CompareAndSet{VertexId(1), "p", 1, List(1, deep)}, "desired: lists");
    invalid(Batch{std::vector<SingleCommand>(batch_commands_max + 1, PutEdge{good})}, "in a batch");
    invalid(Batch{{PutVertex{person(1)}, PutEdge{edge(1, "", 1)}}}, "command 2: empty edge type");
    CHECK(f.transaction.change_count() == 0);

    CHECK(f.apply(PutVertex{many}).is_ok());
    invalid(CompareAndSet{VertexId(1), "one more", Value(), 1}, "properties: 1025, at most 1024");
    many.properties["one more"] = 1;
    invalid(PutVertex{many}, "properties: 1025, at most 1024");
    CHECK(f.apply(PutVertex{person(1, {{"p", deep}})}).is_ok());
}

TEST_CASE("transaction: bytes of records and batches are bounded", "[fast]") {
    Fixture f;
    Vertex big = person(1);
    for (int i = 0; i < 3; ++i) {
        big.properties[std::to_string(i)] = std::string(string_bytes_max, 'x');
    }
    CHECK(f.apply(PutVertex{big}).is_ok());
    const Outcome full = f.apply(Batch{std::vector<SingleCommand>(6, PutVertex{big})});
    CHECK(full.code == OutcomeCode::invalid);
    CHECK_THAT(full.message, Catch::Contains("bytes of a batch"));
    big.properties["3"] = std::string(string_bytes_max, 'x');
    CHECK_THAT(f.apply(PutVertex{big}).message, Catch::Contains("bytes of the record"));
    CHECK_THAT(f.apply(CompareAndSet{VertexId(1), "3", Value(), big.properties["3"]}).message,
               Catch::Contains("bytes of the record"));
}

TEST_CASE("transaction: a damaged vertex record is an error, not an outcome", "[fast]") {
    Fixture f;
    f.store.put(vertex_key(VertexId(1)), "\x01");
    const Result<Outcome> damaged =
        f.transaction.apply(CompareAndSet{VertexId(1), "p", Value(), 1});
    CHECK(damaged.code() == ErrorCode::corrupt);
    CHECK_THAT(damaged.error().message, Catch::StartsWith("vertex 1: vertex record: "));
}

TEST_CASE("transaction: a hub with too many edges is not detached at once", "[fast]") {
    Fixture f;
    CHECK(f.apply(PutVertex{person(1)}).is_ok());
    commit(f.transaction, f.store);
    // Straight into the store: the limit is about one command's work, not about how edges came.
    for (std::uint64_t rank = 0; rank <= detach_edges_max; ++rank) {
        const EdgeKey loop{VertexId(1), "t", VertexId(1), rank};
        f.store.map.emplace_hint(f.store.map.end(), out_edge_key(loop), encode_edge({}));
    }
    const Outcome refused = f.apply(DeleteVertex{VertexId(1), true});
    CHECK(refused == outcome(OutcomeCode::invalid,
                             "vertex 1 has more than 100000 edges; delete some of them first"));
    CHECK(f.transaction.change_count() == 0);
    CHECK(f.apply(DeleteEdge{{VertexId(1), "t", VertexId(1), 0}}).is_ok());
    CHECK(f.apply(DeleteVertex{VertexId(1), true}).is_ok());
}

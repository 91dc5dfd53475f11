// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/graph/map_view.h"

using namespace geode;
using namespace geode::graph;

namespace {

struct Fixture {
    MapView store;
    GraphReader reader{store};

    Fixture() {
        GraphTransaction transaction(store);
        for (std::uint64_t id = 0; id < 4; ++id) apply_ok(transaction, PutVertex{person(id)});
        for (const Edge& each : {edge(0, "a", 1, 7, {{"p", 1}}), edge(0, "b", 2), edge(0, "a", 0),
                                 edge(3, "a", 0, 0, {{"p", 2}}), edge(1, "b", 0)}) {
            apply_ok(transaction, PutEdge{each});
        }
        commit(transaction, store);
    }
};

}  // namespace

TEST_CASE("reader: neighbours carry their properties in every direction", "[fast]") {
    Fixture f;
    CHECK(f.reader.neighbors({VertexId(0), Direction::out}).value().edges ==
          std::vector<Edge>{edge(0, "a", 0), edge(0, "a", 1, 7, {{"p", 1}}), edge(0, "b", 2)});
    CHECK(f.reader.neighbors({VertexId(0), Direction::in, "a"}).value().edges ==
          std::vector<Edge>{edge(0, "a", 0), edge(3, "a", 0, 0, {{"p", 2}})});
    CHECK(f.reader.neighbors({VertexId(0), Direction::both, "a"}).value().edges ==
          std::vector<Edge>{edge(0, "a", 0), edge(0, "a", 1, 7, {{"p", 1}}),
                            edge(3, "a", 0, 0, {{"p", 2}})});
    CHECK(f.reader.neighbors({VertexId(9), Direction::both}).value().edges.empty());
}

TEST_CASE("reader: a visitor stops where it wants", "[fast]") {
    Fixture f;
    for (std::size_t most = 1; most <= 6; ++most) {
        std::size_t seen = 0;
        const Result<void> read = f.reader.for_each_edge(
            VertexId(0), Direction::both, {}, [&](const EdgeRef&) { return ++seen < most; });
        CHECK(read.has_value());
        CHECK(seen == std::min<std::size_t>(most, 5));
    }
}

TEST_CASE("reader: limits and continuations are checked", "[fast]") {
    Fixture f;
    const auto code = [&](const NeighborQuery& query) { return f.reader.neighbors(query).code(); };
    CHECK(code({VertexId(0), Direction::out, {}, 0}) == ErrorCode::invalid_argument);
    CHECK(code({VertexId(0), Direction::out, {}, page_entries_max + 1}) ==
          ErrorCode::invalid_argument);
    const Bytes next = f.reader.neighbors({VertexId(0), Direction::out, {}, 1}).value().next;
    CHECK_FALSE(next.empty());
    CHECK(f.reader.neighbors({VertexId(0), Direction::out, {}, 9, next}).value().edges.size() == 2);
    CHECK(code({VertexId(1), Direction::out, {}, 9, next}) == ErrorCode::invalid_argument);
    CHECK(code({VertexId(0), Direction::in, {}, 9, next}) == ErrorCode::invalid_argument);
    CHECK(code({VertexId(0), Direction::out, "b", 9, next}) == ErrorCode::invalid_argument);
    CHECK(f.reader.scan_edges(Direction::in, 9, next).code() == ErrorCode::invalid_argument);
    CHECK(f.reader.scan_edges(Direction::out, 0).code() == ErrorCode::invalid_argument);
    CHECK(f.reader.scan_vertices(VertexId(0), 0).code() == ErrorCode::invalid_argument);
}

TEST_CASE("reader: damage is reported with the element's name", "[fast]") {
    Fixture f;
    const EdgeKey first{VertexId(0), "a", VertexId(1), 7};
    f.store.put(out_edge_key(first), "");
    const Result<std::optional<Edge>> got = f.reader.get_edge(first);
    CHECK(got.error().message == "edge (0)-[a 7]->(1): edge record: cut short at byte 0 of 0");
    CHECK(f.reader.neighbors({VertexId(1), Direction::in}).code() == ErrorCode::corrupt);
    f.store.remove(out_edge_key(first));
    CHECK(f.reader.neighbors({VertexId(1), Direction::in}).error().message ==
          "edge (0)-[a 7]->(1): has no out-edge record");
    f.store.put("vjunk", "");
    CHECK(f.reader.scan_vertices(VertexId(0), 9).code() == ErrorCode::corrupt);
    f.store.put("ojunk", "");
    CHECK(f.reader.scan_edges(Direction::out, 9).code() == ErrorCode::corrupt);
}

TEST_CASE("reader: an error of the store reaches the caller, wherever it happens", "[fast]") {
    Fixture f;
    for (std::uint64_t reads = 0; reads < 4; ++reads) {
        f.store.reads_until_failure = reads;
        CHECK(f.reader.neighbors({VertexId(0), Direction::both}).code() == ErrorCode::io_error);
        f.store.reads_until_failure = reads;
        CHECK(f.reader.count().code() == ErrorCode::io_error);
        f.store.reads_until_failure = reads;
        CHECK(f.reader.scan_vertices(VertexId(0), 9).has_value() == false);
    }
}

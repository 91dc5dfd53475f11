// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "graph/graph_check.h"
#include "tests/graph/map_view.h"

using namespace geode;
using namespace geode::graph;

namespace {

const EdgeKey first_edge{VertexId(1), "knows", VertexId(2), 0};

MapView two_friends() {
    MapView store;
    GraphTransaction transaction(store);
    apply_ok(transaction, PutVertex{person(1)});
    apply_ok(transaction, PutVertex{person(2)});
    apply_ok(transaction, PutEdge{{first_edge, {}}});
    commit(transaction, store);
    return store;
}

}  // namespace

TEST_CASE("check: names the first violation of every kind", "[fast]") {
    const auto finding = [](auto&& damage) {
        MapView store = two_friends();
        damage(store);
        return check_adjacency(store).value();
    };
    CHECK(finding([](MapView&) {}) == std::nullopt);
    CHECK(finding([](MapView& store) { store.remove(in_edge_key(first_edge)); }) ==
          "edge (1)-[knows 0]->(2) has no in-edge record");
    CHECK(finding([](MapView& store) { store.remove(out_edge_key(first_edge)); }) ==
          "edge (1)-[knows 0]->(2) has no out-edge record");
    CHECK(finding([](MapView& store) { store.remove(vertex_key(VertexId(1))); }) ==
          "edge (1)-[knows 0]->(2) touches missing vertex 1");
    CHECK(finding([](MapView& store) { store.remove(vertex_key(VertexId(2))); }) ==
          "edge (1)-[knows 0]->(2) touches missing vertex 2");
    CHECK(finding([](MapView& store) { store.put(vertex_key(VertexId(1)), "\x01"); }) ==
          "vertex 1: vertex record: cut short at byte 1 of 1");
    CHECK(finding([](MapView& store) { store.put(out_edge_key(first_edge), "\x01\x01"); }) ==
          "edge (1)-[knows 0]->(2): edge record: count larger than the bytes left at byte 2 of 2");
    CHECK(finding([](MapView& store) { store.put(in_edge_key(first_edge), ""); }) ==
          "edge (1)-[knows 0]->(2): in-edge record: cut short at byte 0 of 0");
    CHECK(finding([](MapView& store) { store.put("oxxx", ""); }) == "edge key cut short");
    CHECK(finding([](MapView& store) { store.put("vxxx", ""); }) == "not the key of a vertex");
    CHECK(finding([](MapView& store) { store.put("m anything", "of the node"); }) == std::nullopt);
}

TEST_CASE("check: the view's errors are errors, not findings", "[fast]") {
    for (std::uint64_t reads = 0; reads < 7; ++reads) {
        MapView store = two_friends();
        store.reads_until_failure = reads;
        CHECK(check_adjacency(store).code() == ErrorCode::io_error);
        store.reads_until_failure = std::min<std::uint64_t>(reads, 3);
        CHECK(digest(store).code() == ErrorCode::io_error);
    }
}

TEST_CASE("check: digests differ when anything graph differs, and only then", "[fast]") {
    MapView store = two_friends();
    const GraphDigest before = digest(store).value();
    CHECK(before.vertices == 2);
    CHECK(before.edges == 1);
    // Pins the encoding: a change here is a change of the format on disk.
    CHECK(before.hash == 0x353a26b022951db3ULL);

    store.put("m", "the node's own");
    CHECK(digest(store).value() == before);
    MapView other = store;
    other.remove(in_edge_key(first_edge));
    CHECK(digest(other).value().hash != before.hash);
    other = store;
    other.put(vertex_key(VertexId(1)), encode_vertex(person(1, {{"n", 1}})));
    CHECK(digest(other).value().hash != before.hash);
    other = store;
    other.map.erase(vertex_key(VertexId(1)));
    other.put(vertex_key(VertexId(3)), encode_vertex(person(3)));
    CHECK(digest(other).value().hash != before.hash);
}

// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "graph/graph_check.h"
#include "tests/graph/generators.h"
#include "tests/graph/map_view.h"
#include "tests/graph/reference_graph.h"

using namespace geode;
using namespace geode::graph;

namespace {

enum class Then : std::uint8_t { go_on, commit, drop };

std::vector<EdgeKey> paged_keys(const GraphReader& reader, NeighborQuery query) {
    std::vector<EdgeKey> keys;
    Bytes after;
    do {
        query.after = after;
        const EdgePage page = reader.neighbors(query).value();
        RC_ASSERT(page.edges.size() <= query.limit);
        RC_ASSERT(page.next.empty() || page.edges.size() == query.limit);
        for (const Edge& each : page.edges) keys.push_back(each.key);
        after = page.next;
    } while (!after.empty());
    return keys;
}

void check_neighbors(const GraphReader& reader, const ReferenceGraph& reference) {
    const std::string types[] = {"a", "ab", std::string("a\0", 2), "b", "none"};
    for (std::uint64_t id = 0; id < 6; ++id) {
        for (const Direction direction : {Direction::out, Direction::in, Direction::both}) {
            const VertexId vertex(id);
            const std::vector<EdgeKey> all = reference.edges_of(vertex, direction, nullptr);
            for (const std::uint32_t limit : {1U, 2U, 3U, page_entries_max}) {
                RC_ASSERT(paged_keys(reader, {vertex, direction, {}, limit, {}}) == all);
            }
            for (const std::string& type : types) {
                RC_ASSERT(paged_keys(reader, {vertex, direction, type, 2, {}}) ==
                          reference.edges_of(vertex, direction, &type));
            }
        }
    }
}

void check_scans(const GraphReader& reader, const ReferenceGraph& reference) {
    std::vector<Vertex> vertices;
    std::optional<VertexId> first = VertexId(0);
    while (first) {
        VertexPage page = reader.scan_vertices(*first, 2).value();
        for (Vertex& vertex : page.vertices) vertices.push_back(std::move(vertex));
        first = page.next;
    }
    RC_ASSERT(vertices.size() == reference.vertices.size());
    for (const Vertex& vertex : vertices) RC_ASSERT(reference.vertices.at(vertex.id) == vertex);

    for (const Direction direction : {Direction::out, Direction::in}) {
        std::map<EdgeKey, Properties> edges;
        Bytes after;
        do {
            EdgePage page = reader.scan_edges(direction, 3, after).value();
            for (Edge& each : page.edges) edges.emplace(each.key, std::move(each.properties));
            after = page.next;
        } while (!after.empty());
        if (direction == Direction::out) {
            RC_ASSERT(edges == reference.edges);
        } else {
            RC_ASSERT(edges.size() == reference.edges.size());
            for (const auto& [key, properties] : edges) RC_ASSERT(reference.edges.contains(key));
        }
    }
}

/// A store into which the reference was loaded afresh: what any history must be equal to.
MapView load(const ReferenceGraph& reference) {
    MapView store;
    GraphTransaction transaction(store);
    for (const auto& [id, vertex] : reference.vertices) apply_ok(transaction, PutVertex{vertex});
    for (const auto& [key, properties] : reference.edges) {
        apply_ok(transaction, PutEdge{{key, properties}});
    }
    commit(transaction, store);
    return store;
}

void check_same(GraphTransaction& transaction, const MapView& store,
                const ReferenceGraph& reference) {
    const GraphReader reader = transaction.reader();
    for (std::uint64_t id = 0; id < 6; ++id) {
        const auto at = reference.vertices.find(VertexId(id));
        const std::optional<Vertex> found = reader.get_vertex(VertexId(id)).value();
        RC_ASSERT(found.has_value() == (at != reference.vertices.end()));
        RC_ASSERT(reader.has_vertex(VertexId(id)).value() == found.has_value());
        if (found) RC_ASSERT(*found == at->second);
    }
    for (const auto& [key, properties] : reference.edges) {
        RC_ASSERT(reader.get_edge(key).value() == (Edge{key, properties}));
    }
    check_neighbors(reader, reference);
    check_scans(reader, reference);
    RC_ASSERT(reader.count().value() ==
              (GraphCounts{reference.vertices.size(), reference.edges.size()}));

    // What a commit at this moment would leave behind.
    MapView committed = store;
    transaction.append_to(committed);
    RC_ASSERT(check_adjacency(committed).value() == std::nullopt);
    RC_ASSERT(committed.map == load(reference).map);
    MapView loaded = load(reference);
    RC_ASSERT(digest(committed).value() == digest(loaded).value());
}

}  // namespace

TEST_CASE("graph: agrees with the reference graph on any commands", "[fast]") {
    rc::prop("outcomes, reads, adjacency and digests agree", [] {
        const auto steps = *rc::gen::resize(
            60, rc::gen::container<std::vector<std::pair<Command, Then>>>(rc::gen::pair(
                    gens::command(), rc::gen::weightedElement<Then>(
                                         {{6, Then::go_on}, {2, Then::commit}, {1, Then::drop}}))));
        MapView store;
        GraphTransaction transaction(store);
        ReferenceGraph reference;
        ReferenceGraph committed;
        std::uint64_t batches_ok = 0;
        std::uint64_t batches_undone = 0;
        for (const auto& [command, then] : steps) {
            const Outcome expected = reference.apply(command);
            const Outcome outcome = apply_ok(transaction, command);
            RC_ASSERT(to_string(outcome.code) == to_string(expected.code));
            RC_ASSERT(outcome.actual == expected.actual);
            RC_ASSERT(outcome.message.empty() == outcome.is_ok());
            if (then == Then::commit) {
                check_same(transaction, store, reference);
                commit(transaction, store);
                committed = reference;
            } else if (then == Then::drop) {
                transaction.clear();
                reference = committed;
            }
            MapView now = store;
            transaction.append_to(now);
            RC_ASSERT(check_adjacency(now).value() == std::nullopt);
            if (std::holds_alternative<Batch>(command)) {
                ++(outcome.is_ok() ? batches_ok : batches_undone);
            }
        }
        RC_CLASSIFY(batches_ok > 0, "a batch applied");
        RC_CLASSIFY(batches_undone > 0, "a batch undone");
        check_same(transaction, store, reference);
    });
}

TEST_CASE("graph: a read error undoes its command and nothing else", "[fast]") {
    rc::prop("the transaction stands as before", [] {
        const auto commands = *rc::gen::resize(
            30, rc::gen::nonEmpty(rc::gen::container<std::vector<Command>>(gens::command())));
        const Command last = *gens::command();
        MapView store;
        GraphTransaction transaction(store);
        for (std::size_t i = 0; i < commands.size(); ++i) {
            apply_ok(transaction, commands[i]);
            if (i == commands.size() / 2) commit(transaction, store);
        }
        MapView before = store;
        transaction.append_to(before);

        store.reads_until_failure = *rc::gen::inRange<std::uint64_t>(0, 3);
        const Result<Outcome> outcome = transaction.apply(last);
        store.reads_until_failure = UINT64_MAX;
        MapView after = store;
        transaction.append_to(after);
        if (!outcome) {
            RC_ASSERT(outcome.code() == ErrorCode::io_error);
            RC_ASSERT(after.map == before.map);
            // A later attempt finds the store as it is, not as the failure left it.
            MapView twin = before;
            GraphTransaction fresh(twin);
            RC_ASSERT(apply_ok(transaction, last) == apply_ok(fresh, last));
        }
        RC_TAG(outcome.has_value() ? "no read failed" : "a read failed");
    });
}

// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "graph/csv_load.h"
#include "graph/graph_check.h"
#include "graph/store_view.h"
#include "graph/synthetic.h"
#include "tests/graph/map_view.h"
#include "tests/support/fake_world.h"

using namespace geode;
using namespace geode::graph;

namespace {

std::vector<Batch> small_world() {
    SyntheticGraph graph = make_social_graph(Prng(5), {300, 4, 2, VertexId(1)});
    return to_batches(std::move(graph.vertices), std::move(graph.edges), 64);
}

/// As a node does it: several commands in one transaction, one write, the node's own key with it.
Result<void> apply_all(storage::KvAccess& kv, const std::vector<Batch>& commands) {
    StoreView view(kv);
    GraphTransaction transaction(view);
    storage::KvBatch batch;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        GEODE_TRY(const Outcome outcome, transaction.apply(commands[i]));
        GEODE_ASSERT(outcome.is_ok());
        if (i % 3 != 2 && i + 1 != commands.size()) continue;
        batch.clear();
        transaction.append_to(batch);
        batch.put(BytesView(&meta_prefix, 1), std::to_string(i));
        GEODE_TRY_VOID(kv.write(batch));
        transaction.clear();
    }
    return {};
}

GraphDigest digest_in_memory(const std::vector<Batch>& commands) {
    MapView store;
    GraphTransaction transaction(store);
    for (const Batch& command : commands) apply_ok(transaction, command);
    commit(transaction, store);
    return expect(digest(store));
}

}  // namespace

TEST_CASE("store: a graph in LevelDB is the graph in memory, after reopening too", "[fast]") {
    const std::vector<Batch> commands = small_world();
    test::MemoryDisk disk;
    for (const bool fresh : {true, false}) {
        test::FakeWorld world(disk);
        world.run([&] {
            storage::KvOptions options;
            options.write_buffer_bytes = 64 * 1024;  // Small: tables and compactions happen.
            const std::unique_ptr<storage::KvStore> store =
                expect(storage::KvStore::open(world, "kv", options));
            store->access([&](storage::KvAccess& kv) {
                if (fresh) REQUIRE(apply_all(kv, commands).has_value());
                StoreView view(kv);
                CHECK(expect(check_adjacency(view)) == std::nullopt);
                CHECK(expect(digest(view)) == digest_in_memory(commands));
            });
            if (fresh) REQUIRE(store->make_durable().has_value());
        });
    }
}

TEST_CASE("store: a snapshot stays what it was", "[fast]") {
    test::MemoryDisk disk;
    test::FakeWorld world(disk);
    world.run([&] {
        const std::unique_ptr<storage::KvStore> store =
            expect(storage::KvStore::open(world, "kv", {}));
        store->access([&](storage::KvAccess& kv) {
            REQUIRE(apply_all(kv, small_world()).has_value());
            const std::unique_ptr<storage::KvSnapshot> snapshot = expect(kv.snapshot());
            StoreView now(kv);
            StoreView then(kv, snapshot.get());
            const GraphDigest before = expect(digest(then));
            GraphTransaction transaction(now);
            CHECK(apply_ok(transaction, DeleteVertex{VertexId(1), true}).is_ok());
            storage::KvBatch batch;
            transaction.append_to(batch);
            REQUIRE(kv.write(batch).has_value());
            transaction.clear();
            CHECK(expect(check_adjacency(now)) == std::nullopt);
            CHECK(expect(digest(now)).vertices == 299);
            CHECK(expect(digest(then)) == before);
            CHECK(expect(GraphReader(then).has_vertex(VertexId(1))));
        });
    });
}

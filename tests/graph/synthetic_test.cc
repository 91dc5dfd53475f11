// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "graph/csv_load.h"
#include "graph/graph_check.h"
#include "graph/synthetic.h"
#include "tests/graph/map_view.h"

using namespace geode;
using namespace geode::graph;

namespace {

GraphDigest loaded(SyntheticGraph graph) {
    MapView store;
    GraphTransaction transaction(store);
    for (const Batch& batch : to_batches(std::move(graph.vertices), std::move(graph.edges), 100)) {
        const Outcome outcome = apply_ok(transaction, batch);
        CHECK(outcome.message == "");
    }
    commit(transaction, store);
    CHECK(check_adjacency(store).value() == std::nullopt);
    return digest(store).value();
}

}  // namespace

TEST_CASE("synthetic: the same seed makes the same graph, pinned across machines", "[fast]") {
    const SyntheticOptions options{200, 4, 2, VertexId(1)};
    const GraphDigest first = loaded(make_social_graph(Prng(1), options));
    CHECK(first == loaded(make_social_graph(Prng(1), options)));
    CHECK(first.hash == 0x3ff447aa837f1e89ULL);
    CHECK(loaded(make_social_graph(Prng(2), options)).hash != first.hash);
}

TEST_CASE("synthetic: sizes, distinct edges and a heavy tail", "[fast]") {
    const SyntheticOptions options{2'000, 4, 2, VertexId(100)};
    const SyntheticGraph graph = make_social_graph(Prng(3), options);
    CHECK(graph.vertices.size() == 2'000);
    CHECK(graph.vertices.front().id == VertexId(100));
    std::set<EdgeKey> keys;
    std::map<VertexId, std::uint64_t> followers;
    for (const Edge& each : graph.edges) {
        CHECK(keys.insert(each.key).second);
        CHECK(each.key.from > each.key.to);
        if (each.key.type == "follows") ++followers[each.key.to];
    }
    std::vector<std::uint64_t> degrees;
    for (const auto& [id, count] : followers) degrees.push_back(count);
    std::sort(degrees.begin(), degrees.end());
    // Uniform choice would leave the largest near 4 + ln(2000); preference makes hubs.
    CHECK(degrees.back() > 50);
    CHECK(degrees[degrees.size() / 2] <= 4);
    const auto follows = std::count_if(graph.edges.begin(), graph.edges.end(),
                                       [](const Edge& e) { return e.key.type == "follows"; });
    CHECK(follows > 7'900);
    CHECK(follows < 8'000);
}

TEST_CASE("synthetic: degenerate sizes", "[fast]") {
    CHECK(make_social_graph(Prng(1), {0, 4, 2, VertexId(1)}).vertices.empty());
    CHECK(make_social_graph(Prng(1), {1, 4, 2, VertexId(1)}).edges.empty());
    const SyntheticGraph two = make_social_graph(Prng(1), {2, 4, 2, VertexId(1)});
    CHECK(two.edges.size() == 2);
}

// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "graph/csv_load.h"
#include "graph/graph_check.h"
#include "tests/graph/map_view.h"

using namespace geode;
using namespace geode::graph;

namespace {

/// The data is not part of the repository: $GEODE_DATA, or next to the checkout.
std::optional<std::string> air_routes_file(const std::string& name) {
    const char* const data = std::getenv("GEODE_DATA");
    const std::string root = data != nullptr ? data : "../shared/data";
    std::ifstream file(root + "/graphs/air-routes/" + name, std::ios::binary);
    if (!file) {
        WARN("skipped: no " << root << "/graphs/air-routes/" << name << "; set GEODE_DATA");
        return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Loaded {
    MapView store;
    std::map<std::string, std::uint64_t> labels;
    std::map<std::string, std::uint64_t> types;
};

Loaded load(CsvVertices nodes, std::vector<Edge> edges) {
    Loaded loaded;
    GraphTransaction transaction(loaded.store);
    for (const Batch& batch : to_batches(std::move(nodes.vertices), std::move(edges), 1'000)) {
        const Outcome outcome = apply_ok(transaction, batch);
        REQUIRE(outcome.message == "");
    }
    commit(transaction, loaded.store);
    const GraphReader reader(loaded.store);
    const auto count_labels = [&](Vertex&& vertex) {
        for (const std::string& label : vertex.labels) ++loaded.labels[label];
        return true;
    };
    const auto count_type = [&](const EdgeRef& edge) {
        ++loaded.types[std::string(edge.type)];
        return true;
    };
    REQUIRE(reader.for_each_vertex(count_labels).has_value());
    REQUIRE(reader.for_each_edge_record(Direction::in, count_type).has_value());
    return loaded;
}

}  // namespace

TEST_CASE("air-routes: loads whole and sound", "[fast]") {
    const std::optional<std::string> nodes_text = air_routes_file("air-routes-latest-nodes.csv");
    const std::optional<std::string> edges_text = air_routes_file("air-routes-latest-edges.csv");
    if (!nodes_text || !edges_text) return;
    CsvVertices nodes = expect(parse_vertices(*nodes_text, "nodes.csv"));
    std::vector<Edge> edges = expect(parse_edges(*edges_text, "edges.csv", nodes.names));
    Loaded routes = load(std::move(nodes), std::move(edges));
    CHECK(routes.labels ==
          std::map<std::string, std::uint64_t>{
              {"airport", 3504}, {"continent", 7}, {"country", 237}, {"version", 1}});
    CHECK(routes.types ==
          std::map<std::string, std::uint64_t>{{"contains", 7008}, {"route", 50637}});
    CHECK(check_adjacency(routes.store).value() == std::nullopt);
    const GraphReader reader(routes.store);
    const std::optional<Vertex> atlanta = reader.get_vertex(VertexId(1)).value();
    REQUIRE(atlanta.has_value());
    CHECK(atlanta->properties.at("code") == Value("ATL"));
    CHECK(atlanta->properties.at("runways") == Value(5));
    CHECK(atlanta->properties.at("lat") == Value(33.6366996765137));
    CHECK(reader.get_vertex(VertexId(0)).value().has_value());
    const std::optional<Edge> route =
        reader.get_edge({VertexId(1), "route", VertexId(3), 3749}).value();
    REQUIRE(route.has_value());
    CHECK(route->properties == Properties{{"dist", 809}});
}

TEST_CASE("air-routes: a tree with named vertices", "[fast]") {
    const std::optional<std::string> nodes_text = air_routes_file("tree-with-500-nodes-nodes.csv");
    std::optional<std::string> edges_text = air_routes_file("tree-with-500-nodes-edges.csv");
    if (!nodes_text || !edges_text) return;
    CsvVertices nodes = expect(parse_vertices(*nodes_text, "nodes.csv"));

    // The published file has one misspelt vertex. It must be found, not loaded around.
    const Result<std::vector<Edge>> misspelt = parse_edges(*edges_text, "edges.csv", nodes.names);
    REQUIRE_FALSE(misspelt.has_value());
    CHECK(misspelt.error().message == "edges.csv:500: ~to is no known vertex: \"nod-900\"");
    edges_text->replace(edges_text->find("nod-900"), 7, "node-900");

    std::vector<Edge> edges = expect(parse_edges(*edges_text, "edges.csv", nodes.names));
    Loaded tree = load(std::move(nodes), std::move(edges));
    CHECK(tree.labels == std::map<std::string, std::uint64_t>{{"node", 499}, {"root", 1}});
    CHECK(tree.types.at("left") + tree.types.at("right") == 499);
    CHECK(check_adjacency(tree.store).value() == std::nullopt);
    const std::optional<Vertex> root = GraphReader(tree.store).get_vertex(VertexId(1)).value();
    REQUIRE(root.has_value());
    CHECK(root->properties == Properties{{"data", "500"}, {"~id", "node-500"}});
}

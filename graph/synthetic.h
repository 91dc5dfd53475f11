// SPDX-License-Identifier: Apache-2.0
#pragma once

// A made-up social network, the same for the same seed on every machine.
//
// People join one after another. Each newcomer "follows" some who are there already, chosen by
// preferential attachment (Barabasi and Albert, "Emergence of scaling in random networks", 1999): a
// person is picked in proportion to the follows edges they already touch, plus one so that nobody
// is out of reach. That gives the heavy-tailed in-degrees that make graph stores sweat. "knows"
// edges go to uniformly chosen people. Only integer draws of Prng are used, so no library or
// compiler flag changes the graph.

#include <cstdint>
#include <vector>

#include "base/prng.h"
#include "graph/element.h"

namespace geode::graph {

struct SyntheticOptions {
    std::uint64_t people = 1'000;
    std::uint64_t follows_per_person = 4;  ///< fewer for the first ones, who find too few others
    std::uint64_t knows_per_person = 2;
    VertexId first_id = VertexId(1);  ///< people have consecutive ids from here
};

struct SyntheticGraph {
    std::vector<Vertex> vertices;  ///< label "Person"; name, age, city, score, active, languages
    std::vector<Edge> edges;  ///< follows {weight, since}, knows {since}; rank 0, no duplicates
};

/// Vertices by id; the edges of a person follow those of earlier ones, so any prefix of the edges
/// needs a prefix of the vertices only. Linear in the result.
SyntheticGraph make_social_graph(Prng prng, const SyntheticOptions& options);

}  // namespace geode::graph

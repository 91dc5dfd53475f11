// SPDX-License-Identifier: Apache-2.0
#pragma once

// The elements of a property graph: vertices and directed, typed edges.
//
// A vertex has an id of the caller's choosing (every 64-bit number is valid, zero too), a sorted
// set of labels and properties. An edge has no identity but its ends, its type and its rank; the
// rank tells parallel edges apart and is the caller's edge id where there is one. A property that
// is null is a property that is absent, so stored properties are never null (lists may hold nulls).

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "graph/value.h"

namespace geode::graph {

using Labels = std::set<std::string, std::less<>>;

struct Vertex {
    VertexId id;
    Labels labels;
    Properties properties;
    friend bool operator==(const Vertex&, const Vertex&) = default;
};

/// Ordered as the out-edges are stored: by from, type (bytewise), to, rank.
struct EdgeKey {
    VertexId from;
    std::string type;
    VertexId to;
    std::uint64_t rank = 0;
    friend auto operator<=>(const EdgeKey&, const EdgeKey&) = default;
};

struct Edge {
    EdgeKey key;
    Properties properties;
    friend bool operator==(const Edge&, const Edge&) = default;
};

/// As seen from a vertex. A stored edge record is `out` or `in`; `both` only asks for the two.
enum class Direction : std::uint8_t { out, in, both };

/// "(1)-[KNOWS 0]->(2)", for messages.
std::string to_text(const EdgeKey& key);

}  // namespace geode::graph

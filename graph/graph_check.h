// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whole-graph checks: is the store a graph at all, and do two stores hold the same one?
//
// For `geode verify`, for scrubbing replicas against each other and for the simulator's verdicts.
// Both scan everything; they are for quiet moments and tests, not for request paths.

#include <cstdint>
#include <optional>
#include <string>

#include "graph/graph_reader.h"

namespace geode::graph {

/// Looks for the first violation of "every edge has its out-edge and in-edge record, both its
/// vertices, and records that decode", and says it in words; nothing if there is none. Blocks, with
/// two or three point reads per edge. Errors: the view's (a damaged graph is a finding, not an
/// error).
Result<std::optional<std::string>> check_adjacency(KvView& view);

struct GraphDigest {
    std::uint64_t vertices = 0;
    std::uint64_t edges = 0;
    std::uint64_t hash = 0;  ///< FNV-1a over all graph keys and records, with their lengths
    friend bool operator==(const GraphDigest&, const GraphDigest&) = default;
};

/// Equal for equal graphs, whatever the history, on every machine; of graphs that differ, different
/// with high probability (not against an adversary). Covers what is stored, in-edges too. Blocks.
/// Errors: the view's.
Result<GraphDigest> digest(KvView& view);

}  // namespace geode::graph

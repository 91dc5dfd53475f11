// SPDX-License-Identifier: Apache-2.0
#pragma once

// The first difference between two lists of graph elements, in words.
//
// Used where a stored graph must equal a given one, and where two replicas must equal each other.
// The lists may come in any order; elements are compared in the order of their keys.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/element.h"

namespace geode::sim {

/// What the two sides are called in the answer.
struct DiffNames {
    std::string_view left;
    std::string_view right;
};

/// "vertex 7 is in the files only", or "vertex 7 differs: {a: 1} in the files, {} in the store".
std::optional<std::string> first_difference(std::vector<graph::Vertex> left,
                                            std::vector<graph::Vertex> right, DiffNames names);
std::optional<std::string> first_difference(std::vector<graph::Edge> left,
                                            std::vector<graph::Edge> right, DiffNames names);
/// Keys only, for in-edges, which carry no properties.
std::optional<std::string> first_key_difference(std::vector<graph::Edge> left,
                                                std::vector<graph::Edge> right, DiffNames names);

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a directory of CSV files as a graph: the one nodes file and the one edges file in it.

#include <string>
#include <vector>

#include "base/result.h"
#include "graph/element.h"

namespace geode::cli {

struct GraphFiles {
    std::vector<graph::Vertex> vertices;
    std::vector<graph::Edge> edges;
};

/// Finds "nodes.csv" and "edges.csv", or else the only pair "<x>-nodes.csv" and "<x>-edges.csv";
/// `prefix` chooses x where there are several; without it a single x that begins with the
/// directory's own name wins. Errors: `not_found`, `invalid_argument` (file:line
/// and what was expected, or which pairs there are).
Result<GraphFiles> read_graph_files(const std::string& directory, const std::string& prefix = {});

/// The whole file. Error: `not_found`, `io_error`.
Result<std::string> read_file(const std::string& path);

}  // namespace geode::cli

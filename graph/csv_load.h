// SPDX-License-Identifier: Apache-2.0
#pragma once

// Graphs from CSV: one text of vertices, one of edges, as Gremlin and Neptune loaders exchange
// them.
//
//     ~id,~label,code:string,runways:int,lat:double       ~id,~from,~to,~label,dist:int
//     1,airport,ATL,5,33.6                                3749,1,3,route,809
//
// The header names the columns in any order. Columns without '~' are properties, "name:type", type
// one of string (the default), byte, short, int, integer, long, float, double, bool, boolean, date,
// datetime (kept as strings); "type[]" is a list whose elements are separated by ';' ("\;" for one
// inside). An empty unquoted cell means that the element lacks the property; "" is the empty
// string. ~label of a vertex may name several labels, separated by ';'.
//
// Ids: if every vertex's ~id is a plain decimal number below 2^64, ids are those numbers. Otherwise
// vertices are numbered from 1 in the order of the text and keep the ~id as a property of that
// name. Edges refer to vertices by ~id. An edge's ~id becomes its rank under the same rule (all or
// none); without a ~id column the rank is its number in the text.
//
// No file is opened here. Errors are `invalid_argument`, "name:line: what was expected".

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash_map.h"
#include "base/result.h"
#include "graph/command.h"
#include "graph/limits.h"

namespace geode::graph {

/// What the edges' text needs to know of the vertices' text: the ids behind the names.
using VertexNames = HashMap<std::string, VertexId>;

struct CsvVertices {
    std::vector<Vertex> vertices;  ///< in the order of the text
    VertexNames names{0};          ///< looked up, never iterated
};

/// `name` is what errors call the text, usually the file's name.
Result<CsvVertices> parse_vertices(std::string_view text, const std::string& name);

/// Errors also for an edge whose end is not among `names`.
Result<std::vector<Edge>> parse_edges(std::string_view text, const std::string& name,
                                      const VertexNames& names);

/// Of the records in one batch. A write on the wire takes up to 24 times its records (a list of
/// nulls) and has a maximum of 2 MiB.
inline constexpr std::uint64_t load_batch_bytes_max = 64U << 10U;
static_assert(load_batch_bytes_max <= batch_bytes_max);

/// PutVertex for all vertices, then PutEdge for all edges, cut into batches of at most
/// `commands_per_batch` (1 to batch_commands_max), none of them beyond load_batch_bytes_max as long
/// as no element alone is.
std::vector<Batch> to_batches(std::vector<Vertex> vertices, std::vector<Edge> edges,
                              std::uint64_t commands_per_batch);

}  // namespace geode::graph

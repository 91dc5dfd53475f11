// SPDX-License-Identifier: Apache-2.0
#pragma once

// GraphReader: every way to read the graph, over any KvView.
//
// A reader has no state but its view, so it is as consistent as the view: a transaction sees its
// own writes, a snapshot one moment. Pages are resumed by position, not by count: between two
// pages the graph may change, and an element present throughout is seen exactly once.
//
// Visitors get borrowed data and stop a scan by returning false; they are the fast path, without
// an allocation per edge. Pages decode into owned elements, for answers that leave the node.
//
// Every function blocks (it calls the view) and may return the view's errors, or `corrupt` for a
// key or record that does not decode.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/keys.h"
#include "graph/kv_view.h"
#include "graph/limits.h"
#include "graph/record.h"

namespace geode::graph {

struct NeighborQuery {
    VertexId vertex;
    Direction direction = Direction::out;
    std::optional<std::string_view> type = std::nullopt;  ///< nothing: every type
    std::uint32_t limit = page_entries_max;               ///< 1 to page_entries_max
    BytesView after = {};                                 ///< `next` of the page before
};

struct EdgePage {
    std::vector<Edge> edges;
    Bytes next;  ///< opaque; empty: that was all
};

struct VertexPage {
    std::vector<Vertex> vertices;
    std::optional<VertexId> next;  ///< where to go on; nothing: that was all
};

struct GraphCounts {
    std::uint64_t vertices = 0;
    std::uint64_t edges = 0;
    friend bool operator==(const GraphCounts&, const GraphCounts&) = default;
};

class GraphReader {
public:
    using EdgeVisitor = FunctionRef<bool(const EdgeRef&)>;
    using VertexVisitor = FunctionRef<bool(Vertex&&)>;

    /// Borrows `view`.
    explicit GraphReader(KvView& view) : view_(view) {}

    Result<std::optional<Vertex>> get_vertex(VertexId id) const;
    Result<bool> has_vertex(VertexId id) const;
    Result<std::optional<Edge>> get_edge(const EdgeKey& key) const;

    /// One page of a vertex's edges with their properties: for `both` the out-edges, then the
    /// in-edges, a self-loop once. A missing vertex has none. Errors also: `invalid_argument` for
    /// a limit out of range or an `after` that is not from the same question.
    Result<EdgePage> neighbors(const NeighborQuery& query) const;
    /// The same edges one by one, without a limit; of in-edges the record is the marker.
    Result<void> for_each_edge(VertexId vertex, Direction direction,
                               std::optional<std::string_view> type, EdgeVisitor visit) const;

    /// All vertices from `first` on, by id. The visitor may move from what it gets.
    Result<void> for_each_vertex(VertexVisitor visit, VertexId first = VertexId(0)) const;
    /// All out-edges by (from, type, to, rank), or all in-edges by (to, type, from, rank). Not
    /// `both`: the two hold the same edges.
    Result<void> for_each_edge_record(Direction direction, EdgeVisitor visit) const;

    /// One page of all vertices. `limit` as in NeighborQuery.
    Result<VertexPage> scan_vertices(VertexId first, std::uint32_t limit) const;
    /// One page of all edges, in the order of for_each_edge_record. Of in-edges only the keys: what
    /// the store has on that side, for comparison with the other. Errors as for neighbors().
    Result<EdgePage> scan_edges(Direction direction, std::uint32_t limit,
                                BytesView after = {}) const;

    /// Counts by scanning: linear in the graph.
    Result<GraphCounts> count() const;

private:
    Result<void> visit_edges(const KeyRange& range, EdgeVisitor visit) const;
    Result<void> add_page(const KeyRange& range, const NeighborQuery& query, EdgePage& page) const;
    Result<Properties> properties_of(const EdgeRef& edge) const;

    KvView& view_;
};

}  // namespace geode::graph

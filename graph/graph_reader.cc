// SPDX-License-Identifier: Apache-2.0
#include "graph/graph_reader.h"

#include <utility>

namespace geode::graph {
namespace {

/// Adds what the record belongs to; the record's own decoder does not know.
Error at_edge(const EdgeRef& edge, Error error) {
    error.message = "edge " + to_text(edge.key()) + ": " + error.message;
    return error;
}
Error at_vertex(VertexId id, Error error) {
    error.message = "vertex " + std::to_string(id.value()) + ": " + error.message;
    return error;
}

Result<void> check_limit(std::uint32_t limit) {
    if (limit >= 1 && limit <= page_entries_max) return {};
    return make_error(ErrorCode::invalid_argument, "a page has 1 to " +
                                                       std::to_string(page_entries_max) +
                                                       " entries, not " + std::to_string(limit));
}

/// The first key behind `key`.
Bytes key_after(BytesView key) {
    Bytes next(key);
    next.push_back('\0');
    return next;
}

bool contains(const KeyRange& range, BytesView key) {
    return range.from <= key && key < range.to;
}

Error foreign_continuation() {
    return make_error(ErrorCode::invalid_argument, "the continuation is of another question");
}

/// Key of the record through which `edge` got into an answer about `vertex`. Of both directions a
/// self-loop comes with the out-edges.
Bytes record_key(const EdgeKey& edge, Direction direction, VertexId vertex) {
    const bool is_out =
        direction == Direction::out || (direction == Direction::both && edge.from == vertex);
    return is_out ? out_edge_key(edge) : in_edge_key(edge);
}

}  // namespace

Result<std::optional<Vertex>> GraphReader::get_vertex(VertexId id) const {
    GEODE_TRY(const std::optional<Bytes> record, view_.get(vertex_key(id)));
    if (!record) return std::optional<Vertex>();
    Result<Vertex> vertex = decode_vertex(id, *record);
    if (!vertex) return at_vertex(id, std::move(vertex).error());
    return std::optional<Vertex>(std::move(vertex).value());
}

Result<bool> GraphReader::has_vertex(VertexId id) const {
    GEODE_TRY(const std::optional<Bytes> record, view_.get(vertex_key(id)));
    return record.has_value();
}

Result<std::optional<Edge>> GraphReader::get_edge(const EdgeKey& key) const {
    GEODE_TRY(const std::optional<Bytes> record, view_.get(out_edge_key(key)));
    if (!record) return std::optional<Edge>();
    Result<Properties> properties = decode_edge(*record);
    if (!properties) {
        Error error = std::move(properties).error();
        error.message = "edge " + to_text(key) + ": " + error.message;
        return error;
    }
    return std::optional<Edge>(Edge{key, std::move(properties).value()});
}

Result<void> GraphReader::visit_edges(const KeyRange& range, EdgeVisitor visit) const {
    Result<void> decoded;
    Bytes scratch;
    const auto visit_record = [&](BytesView key, BytesView record) {
        Result<EdgeRef> edge = decode_edge_key(key, scratch);
        if (!edge) {
            decoded = std::move(edge).error();
            return false;
        }
        edge->record = record;
        return visit(*edge);
    };
    GEODE_TRY_VOID(view_.for_each(range.from, range.to, visit_record));
    return decoded;
}

Result<void> GraphReader::for_each_edge(VertexId vertex, Direction direction,
                                        std::optional<std::string_view> type,
                                        EdgeVisitor visit) const {
    if (direction != Direction::both) return visit_edges(edges_of(direction, vertex, type), visit);
    bool more = true;
    const auto visit_out = [&](const EdgeRef& edge) { return more = visit(edge); };
    GEODE_TRY_VOID(visit_edges(edges_of(Direction::out, vertex, type), visit_out));
    if (!more) return {};
    const auto visit_in = [&](const EdgeRef& edge) { return edge.from == edge.to || visit(edge); };
    return visit_edges(edges_of(Direction::in, vertex, type), visit_in);
}

Result<Properties> GraphReader::properties_of(const EdgeRef& edge) const {
    Result<Properties> properties = Properties();
    if (edge.direction == Direction::out) {
        properties = decode_edge(edge.record);
    } else {
        GEODE_TRY_VOID(check_in_edge_record(edge.record));
        GEODE_TRY(const std::optional<Bytes> record, view_.get(out_edge_key(edge.key())));
        if (!record) return at_edge(edge, make_error(ErrorCode::corrupt, "has no out-edge record"));
        properties = decode_edge(*record);
    }
    if (!properties) return at_edge(edge, std::move(properties).error());
    return properties;
}

Result<void> GraphReader::add_page(const KeyRange& range, const NeighborQuery& query,
                                   EdgePage& page) const {
    const bool skip_loops = query.direction == Direction::both && range.from[0] == in_edge_prefix;
    Result<void> decoded;
    GEODE_TRY_VOID(visit_edges(range, [&](const EdgeRef& edge) {
        if (skip_loops && edge.from == edge.to) return true;
        if (page.edges.size() == query.limit) {  // One more exists: the page is not the last.
            page.next = record_key(page.edges.back().key, query.direction, query.vertex);
            return false;
        }
        Result<Properties> properties = properties_of(edge);
        if (!properties) {
            decoded = std::move(properties).error();
            return false;
        }
        page.edges.push_back({edge.key(), std::move(properties).value()});
        return true;
    }));
    return decoded;
}

Result<EdgePage> GraphReader::neighbors(const NeighborQuery& query) const {
    GEODE_TRY_VOID(check_limit(query.limit));
    EdgePage page;
    bool resumed = query.after.empty();
    for (const Direction direction : {Direction::out, Direction::in}) {
        if (query.direction != Direction::both && query.direction != direction) continue;
        KeyRange range = edges_of(direction, query.vertex, query.type);
        if (!resumed) {
            if (!contains(range, query.after)) continue;
            resumed = true;
            range.from = key_after(query.after);
        }
        GEODE_TRY_VOID(add_page(range, query, page));
        if (!page.next.empty()) break;
    }
    if (!resumed) return foreign_continuation();
    GEODE_ASSERT(page.edges.size() <= query.limit);
    return page;
}

Result<void> GraphReader::for_each_vertex(VertexVisitor visit, VertexId first) const {
    const KeyRange range = vertex_range(first);
    Result<void> decoded;
    GEODE_TRY_VOID(view_.for_each(range.from, range.to, [&](BytesView key, BytesView record) {
        Result<VertexId> id = decode_vertex_key(key);
        if (!id) {
            decoded = std::move(id).error();
            return false;
        }
        Result<Vertex> vertex = decode_vertex(*id, record);
        if (!vertex) {
            decoded = at_vertex(*id, std::move(vertex).error());
            return false;
        }
        return visit(std::move(*vertex));
    }));
    return decoded;
}

Result<void> GraphReader::for_each_edge_record(Direction direction, EdgeVisitor visit) const {
    return visit_edges(edge_range(direction), visit);
}

Result<VertexPage> GraphReader::scan_vertices(VertexId first, std::uint32_t limit) const {
    GEODE_TRY_VOID(check_limit(limit));
    VertexPage page;
    const auto add = [&](Vertex&& vertex) {
        if (page.vertices.size() == limit) {
            page.next = vertex.id;
            return false;
        }
        page.vertices.push_back(std::move(vertex));
        return true;
    };
    GEODE_TRY_VOID(for_each_vertex(add, first));
    return page;
}

Result<EdgePage> GraphReader::scan_edges(Direction direction, std::uint32_t limit,
                                         BytesView after) const {
    GEODE_TRY_VOID(check_limit(limit));
    KeyRange range = edge_range(direction);
    if (!after.empty()) {
        if (!contains(range, after)) return foreign_continuation();
        range.from = key_after(after);
    }
    EdgePage page;
    Result<void> decoded;
    GEODE_TRY_VOID(visit_edges(range, [&](const EdgeRef& edge) {
        if (page.edges.size() == limit) {
            page.next = record_key(page.edges.back().key, direction, VertexId());
            return false;
        }
        Result<Properties> properties =
            direction == Direction::out ? properties_of(edge) : Result<Properties>(Properties());
        if (!properties) {
            decoded = std::move(properties).error();
            return false;
        }
        page.edges.push_back({edge.key(), std::move(properties).value()});
        return true;
    }));
    GEODE_TRY_VOID(std::move(decoded));
    return page;
}

Result<GraphCounts> GraphReader::count() const {
    GraphCounts counts;
    const auto count_into = [&](const KeyRange& range, std::uint64_t& counter) {
        return view_.for_each(range.from, range.to, [&](BytesView, BytesView) {
            ++counter;
            return true;
        });
    };
    GEODE_TRY_VOID(count_into(vertex_range(), counts.vertices));
    GEODE_TRY_VOID(count_into(edge_range(Direction::out), counts.edges));
    return counts;
}

}  // namespace geode::graph

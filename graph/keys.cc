// SPDX-License-Identifier: Apache-2.0
#include "graph/keys.h"

namespace geode::graph {
namespace {

constexpr char escape = '\0';
constexpr char escaped_zero = '\xff';
constexpr char terminator = '\x01';
constexpr std::size_t number_bytes = 8;
constexpr std::size_t edge_key_overhead_bytes = 1 + 3 * number_bytes + 2;

char prefix_of(Direction direction) {
    GEODE_ASSERT_MSG(direction != Direction::both, "a record has one direction");
    return direction == Direction::out ? out_edge_prefix : in_edge_prefix;
}

void append_type(Bytes& key, std::string_view type) {
    for (const char byte : type) {
        key.push_back(byte);
        if (byte == escape) key.push_back(escaped_zero);
    }
    key.push_back(escape);
    key.push_back(terminator);
}

Bytes edge_key(char prefix, VertexId near, std::string_view type, VertexId far,
               std::uint64_t rank) {
    Bytes key;
    key.reserve(edge_key_overhead_bytes + type.size());
    key.push_back(prefix);
    append_big64(key, near.value());
    append_type(key, type);
    append_big64(key, far.value());
    append_big64(key, rank);
    return key;
}

Error bad_key(const char* what) {
    return make_error(ErrorCode::corrupt, what);
}

/// Finds the type's end. Views `rest` where nothing is escaped, else unescapes into `scratch`.
/// Gives the bytes consumed, terminator included, or 0 for damage.
std::size_t read_type(BytesView rest, Bytes& scratch, std::string_view& type) {
    std::size_t run_start = 0;
    bool copied = false;
    for (std::size_t at = rest.find(escape); at + 1 < rest.size();
         at = rest.find(escape, run_start)) {
        if (at == BytesView::npos) return 0;
        if (rest[at + 1] == terminator) {
            if (copied) scratch.append(rest.substr(run_start, at - run_start));
            type = copied ? std::string_view(scratch) : rest.substr(0, at);
            return at + 2;
        }
        if (rest[at + 1] != escaped_zero) return 0;
        if (!copied) scratch.clear();
        copied = true;
        scratch.append(rest.substr(run_start, at + 1 - run_start));
        run_start = at + 2;
    }
    return 0;
}

}  // namespace

Bytes prefix_end(BytesView prefix) {
    Bytes end(prefix);
    while (!end.empty() && end.back() == '\xff') end.pop_back();
    GEODE_ASSERT_MSG(!end.empty(), "no key is after all keys");
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

Bytes vertex_key(VertexId id) {
    Bytes key;
    key.reserve(1 + number_bytes);
    key.push_back(vertex_prefix);
    append_big64(key, id.value());
    return key;
}

Bytes out_edge_key(const EdgeKey& edge) {
    return edge_key(out_edge_prefix, edge.from, edge.type, edge.to, edge.rank);
}

Bytes in_edge_key(const EdgeKey& edge) {
    return edge_key(in_edge_prefix, edge.to, edge.type, edge.from, edge.rank);
}

KeyRange vertex_range(VertexId first) {
    return {vertex_key(first), prefix_end(BytesView(&vertex_prefix, 1))};
}

KeyRange edge_range(Direction direction, VertexId first) {
    Bytes from(1, prefix_of(direction));
    Bytes to = prefix_end(from);
    append_big64(from, first.value());
    return {std::move(from), std::move(to)};
}

KeyRange edges_of(Direction direction, VertexId vertex, std::optional<std::string_view> type) {
    Bytes prefix(1, prefix_of(direction));
    append_big64(prefix, vertex.value());
    if (type) append_type(prefix, *type);
    Bytes to = prefix_end(prefix);
    return {std::move(prefix), std::move(to)};
}

Result<VertexId> decode_vertex_key(BytesView key) {
    if (key.size() != 1 + number_bytes || key[0] != vertex_prefix) {
        return bad_key("not the key of a vertex");
    }
    return VertexId(read_big64(key, 1));
}

Result<EdgeRef> decode_edge_key(BytesView key, Bytes& scratch) {
    if (key.size() < edge_key_overhead_bytes) return bad_key("edge key cut short");
    if (key[0] != out_edge_prefix && key[0] != in_edge_prefix) {
        return bad_key("not the key of an edge");
    }
    EdgeRef edge;
    const std::size_t type_start = 1 + number_bytes;
    const std::size_t type_bytes = read_type(key.substr(type_start), scratch, edge.type);
    if (type_bytes == 0) return bad_key("edge key with a damaged type");
    const std::size_t numbers_start = type_start + type_bytes;
    if (key.size() != numbers_start + 2 * number_bytes) {
        return bad_key("edge key of the wrong length");
    }
    const VertexId near(read_big64(key, 1));
    const VertexId far(read_big64(key, numbers_start));
    edge.direction = key[0] == out_edge_prefix ? Direction::out : Direction::in;
    edge.from = edge.direction == Direction::out ? near : far;
    edge.to = edge.direction == Direction::out ? far : near;
    edge.rank = read_big64(key, numbers_start + number_bytes);
    return edge;
}

}  // namespace geode::graph

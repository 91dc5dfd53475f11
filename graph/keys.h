// SPDX-License-Identifier: Apache-2.0
#pragma once

// Ordered keys of graph records: byte order is element order, and a scan of a prefix is a question.
//
//     'v' id                        a vertex
//     'o' from type to rank         an edge, seen from its start; holds its properties
//     'i' to type from rank         the same edge, seen from its end; a marker
//     'm' ...                       the node's own (applied index, sessions); never touched here
//     's' ...                       reserved: a shard or graph prefix in front of the above
//
// Invariants:
//  1. Numbers are 8 bytes, big-endian, so byte order is number order.
//  2. A type's 00 bytes become 00 FF and it ends with 00 01. So types sort bytewise with a prefix
//     before its extensions, and no type's bytes can run into the numbers behind it.
//  3. No key is a prefix of another key. So an MVCC version (8 bytes, descending) can later be
//     appended to each without disturbing the order of elements.
//  4. Decoding accepts exactly what encoding makes; all else is `corrupt`.
// Source: the escape is that of the FoundationDB tuple layer with an explicit terminator, which
// that layer can omit because type codes follow its strings, and we cannot: numbers follow ours.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "graph/element.h"

namespace geode::graph {

inline constexpr char vertex_prefix = 'v';
inline constexpr char out_edge_prefix = 'o';
inline constexpr char in_edge_prefix = 'i';
inline constexpr char meta_prefix = 'm';
inline constexpr char shard_prefix = 's';

/// An edge as found in the store; borrows key, scratch and record for the length of a callback.
struct EdgeRef {
    Direction direction = Direction::out;  ///< which of the two records this is; never `both`
    VertexId from;
    std::string_view type;
    VertexId to;
    std::uint64_t rank = 0;
    BytesView record;  ///< of an out-edge: decode_edge() gives its properties

    EdgeKey key() const { return {from, std::string(type), to, rank}; }
    /// The vertex at the other end from where `direction` looks.
    VertexId other() const { return direction == Direction::out ? to : from; }
};

/// Keys from `from` (inclusive) to `to` (exclusive).
struct KeyRange {
    Bytes from;
    Bytes to;
};

Bytes vertex_key(VertexId id);
Bytes out_edge_key(const EdgeKey& edge);
Bytes in_edge_key(const EdgeKey& edge);

/// All vertices with an id of at least `first`.
KeyRange vertex_range(VertexId first = VertexId(0));
/// All edge records of one direction (not `both`) whose near end is at least `first`.
KeyRange edge_range(Direction direction, VertexId first = VertexId(0));
/// The edge records of one vertex in one direction (not `both`), of one type or of all.
KeyRange edges_of(Direction direction, VertexId vertex, std::optional<std::string_view> type);

/// Errors: `corrupt`.
Result<VertexId> decode_vertex_key(BytesView key);
/// The result borrows `key`, or `scratch` if the type had to be unescaped. Errors: `corrupt`.
Result<EdgeRef> decode_edge_key(BytesView key, Bytes& scratch);

/// The first key after all keys that start with `prefix`, which must not be all FF bytes.
Bytes prefix_end(BytesView prefix);

}  // namespace geode::graph

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Binary encoding of stored vertices and edges (docs/formats/graph-records.md, byte by byte).
//
// An element's identity is in its key (keys.h); a record holds the rest:
//  1. The first byte is the format version; a later one is `unsupported`.
//  2. The encoding is canonical: one element has one encoding, and whatever decodes re-encodes to
//     the same bytes. Digests and replica comparison may therefore work on bytes.
//  3. Decoding trusts nothing: any other byte string is `corrupt`, costs at most linear time and
//     memory in its length, and recurses no deeper than list_depth_max. Checksums are the
//     key-value store's task, so `corrupt` here means damage that got past them, or a bug.
//
// Properties of an edge are stored once, with its out-edge; the in-edge's record is a marker.

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "graph/element.h"

namespace geode::graph {

inline constexpr std::uint8_t record_version = 1;

/// Encodes labels and properties; the id belongs into the key.
Bytes encode_vertex(const Vertex& vertex);
/// `id` is the id that the record's key names. Errors: `corrupt`, `unsupported`.
Result<Vertex> decode_vertex(VertexId id, BytesView record);

/// The record of an out-edge: its properties.
Bytes encode_edge(const Properties& properties);
/// Errors: `corrupt`, `unsupported`.
Result<Properties> decode_edge(BytesView record);

/// The record of every in-edge.
Bytes in_edge_record();
/// Errors: `corrupt`, `unsupported`.
Result<void> check_in_edge_record(BytesView record);

/// Bytes that the value, the properties, the vertex or the edge would take encoded.
std::uint64_t encoded_bytes(const Value& value);
std::uint64_t encoded_bytes(const Properties& properties);
std::uint64_t encoded_bytes(const Vertex& vertex);
std::uint64_t encoded_bytes(const Edge& edge);

}  // namespace geode::graph

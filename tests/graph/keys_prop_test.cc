// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "graph/keys.h"
#include "tests/graph/generators.h"

using namespace geode;
using namespace geode::graph;

namespace {

bool inside(const KeyRange& range, BytesView key) {
    return range.from <= key && key < range.to;
}

EdgeKey mirrored(const EdgeKey& key) {
    return {key.to, key.type, key.from, key.rank};
}

}  // namespace

TEST_CASE("keys: byte order is element order", "[fast]") {
    rc::prop("edges, both directions", [] {
        const EdgeKey left = *gens::any_edge_key();
        // Often equal in some parts, or the order of the later parts is never looked at.
        EdgeKey right = *gens::any_edge_key();
        if (*rc::gen::arbitrary<bool>()) right.from = left.from;
        if (*rc::gen::arbitrary<bool>()) right.type = left.type;
        if (*rc::gen::arbitrary<bool>()) right.type = left.type + right.type;
        RC_ASSERT((out_edge_key(left) <=> out_edge_key(right)) == (left <=> right));
        RC_ASSERT((in_edge_key(mirrored(left)) <=> in_edge_key(mirrored(right))) ==
                  (left <=> right));
    });
    rc::prop("vertices", [](std::uint64_t left, std::uint64_t right) {
        RC_ASSERT((vertex_key(VertexId(left)) <=> vertex_key(VertexId(right))) == (left <=> right));
        RC_ASSERT(decode_vertex_key(vertex_key(VertexId(left))).value() == VertexId(left));
    });
}

TEST_CASE("keys: edges come back from their keys", "[fast]") {
    rc::prop("round trip", [] {
        const EdgeKey key = *gens::any_edge_key();
        Bytes scratch;
        const Bytes out = out_edge_key(key);
        const EdgeRef from_out = decode_edge_key(out, scratch).value();
        RC_ASSERT(from_out.key() == key);
        RC_ASSERT(from_out.direction == Direction::out);
        RC_ASSERT(from_out.other() == key.to);
        const Bytes in = in_edge_key(key);
        const EdgeRef from_in = decode_edge_key(in, scratch).value();
        RC_ASSERT(from_in.key() == key);
        RC_ASSERT(from_in.direction == Direction::in);
        RC_ASSERT(from_in.other() == key.from);
    });
    rc::prop("hostile bytes are corrupt or canonical", [] {
        Bytes bytes = out_edge_key(*gens::any_edge_key());
        const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
        if (*rc::gen::arbitrary<bool>()) bytes.resize(at);
        if (at < bytes.size()) bytes[at] = *rc::gen::arbitrary<char>();
        Bytes scratch;
        const Result<EdgeRef> edge = decode_edge_key(bytes, scratch);
        if (edge) {
            const EdgeKey key = edge->key();
            const bool is_out = edge->direction == Direction::out;
            RC_ASSERT((is_out ? out_edge_key(key) : in_edge_key(key)) == bytes);
        } else {
            RC_ASSERT(edge.code() == ErrorCode::corrupt);
        }
    });
}

TEST_CASE("keys: ranges hold exactly what they say", "[fast]") {
    rc::prop("the edges of a vertex, of one type or all", [] {
        const EdgeKey asked = *gens::any_edge_key();
        EdgeKey other = *gens::any_edge_key();
        if (*rc::gen::arbitrary<bool>()) other.from = asked.from;
        if (*rc::gen::arbitrary<bool>()) other.type = asked.type;
        if (*rc::gen::arbitrary<bool>()) other.type = asked.type + other.type;
        const Bytes key = out_edge_key(other);
        RC_ASSERT(inside(edges_of(Direction::out, asked.from, {}), key) ==
                  (other.from == asked.from));
        RC_ASSERT(inside(edges_of(Direction::out, asked.from, asked.type), key) ==
                  (other.from == asked.from && other.type == asked.type));
        RC_ASSERT(inside(edge_range(Direction::out, asked.from), key) ==
                  (other.from >= asked.from));
        RC_ASSERT_FALSE(inside(edge_range(Direction::in), key));
        RC_ASSERT_FALSE(inside(vertex_range(), key));
        RC_ASSERT(inside(vertex_range(asked.from), vertex_key(other.from)) ==
                  (other.from >= asked.from));
    });
    rc::prop("no key is a prefix of another, so versions can be appended", [] {
        const Bytes left = out_edge_key(*gens::any_edge_key());
        const Bytes right = out_edge_key(*gens::any_edge_key());
        RC_ASSERT(left == right || !right.starts_with(left));
    });
}

TEST_CASE("keys: the documented examples, byte by byte", "[fast]") {
    using namespace std::string_literals;
    CHECK(vertex_key(VertexId(1)) == "v\0\0\0\0\0\0\0\x01"s);
    const EdgeKey key{VertexId(1), "to", VertexId(258), 3};
    CHECK(out_edge_key(key) ==
          "o\0\0\0\0\0\0\0\x01to\0\x01\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\0\x03"s);
    CHECK(in_edge_key(key) == "i\0\0\0\0\0\0\x01\x02to\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x03"s);
    const EdgeKey zero{VertexId(0), "a\0b"s, VertexId(0), 0};
    CHECK(out_edge_key(zero).substr(9, 6) ==
          "a\0\xff"
          "b\0\x01"s);
}

TEST_CASE("keys: a prefix's end is after all its extensions", "[fast]") {
    using namespace std::string_literals;
    CHECK(prefix_end("a") == "b");
    CHECK(prefix_end("a\xff\xff"s) == "b");
    CHECK(prefix_end("a\x7f"s) == "a\x80"s);
}

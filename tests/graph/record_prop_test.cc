// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "graph/codec.h"
#include "graph/limits.h"
#include "graph/record.h"
#include "tests/graph/generators.h"

using namespace geode;
using namespace geode::graph;

namespace {

Bytes encoded(const Value& value) {
    Bytes out;
    append_value(out, value);
    return out;
}

/// Damages bytes the way disks and programs do: flips, cuts, insertions, copied ranges.
Bytes mutated(Bytes bytes, const std::vector<std::pair<std::uint8_t, std::uint32_t>>& steps) {
    for (const auto& [kind, draw] : steps) {
        const std::size_t at = bytes.empty() ? 0 : draw % bytes.size();
        const char byte = static_cast<char>(draw >> 16U);
        switch (kind % 4) {
            case 0:
                if (!bytes.empty()) bytes[at] = byte;
                break;
            case 1: bytes.resize(at); break;
            case 2: bytes.insert(at, 1, byte); break;
            default: bytes.insert(at, bytes.substr(at / 2)); break;
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("record: whatever is encoded decodes to the same", "[fast]") {
    rc::prop("vertices", [] {
        const Vertex vertex = *gens::any_vertex();
        const Bytes record = encode_vertex(vertex);
        RC_ASSERT(record.size() == encoded_bytes(vertex));
        RC_ASSERT(decode_vertex(vertex.id, record).value() == vertex);
    });
    rc::prop("edges", [] {
        const Properties properties = *gens::properties();
        const Bytes record = encode_edge(properties);
        RC_ASSERT(record.size() == encoded_bytes(Edge{{}, properties}));
        RC_ASSERT(decode_edge(record).value() == properties);
    });
    rc::prop("values are equal exactly when their encodings are", [] {
        const Value left = *gens::value();
        const Value right = *gens::value();
        RC_ASSERT((left == right) == (encoded(left) == encoded(right)));
        RC_ASSERT(encoded(left).size() == encoded_bytes(left));
    });
}

TEST_CASE("record: damaged bytes are an error or the canonical encoding of something", "[fast]") {
    using Steps = std::vector<std::pair<std::uint8_t, std::uint32_t>>;
    rc::prop("vertices", [](const Steps& steps) {
        const Bytes record = mutated(encode_vertex(*gens::any_vertex()), steps);
        const Result<Vertex> vertex = decode_vertex(VertexId(7), record);
        if (vertex) {
            RC_ASSERT(encode_vertex(*vertex) == record);
        } else {
            const bool later = !record.empty() && record[0] != 1;
            RC_ASSERT(vertex.code() == ErrorCode::corrupt ||
                      (later && vertex.code() == ErrorCode::unsupported));
        }
    });
    rc::prop("edges and random bytes", [](const Steps& steps) {
        const Bytes random = "\x01" + *rc::gen::string<std::string>();
        for (const Bytes& record : {random, mutated(encode_edge(*gens::properties()), steps)}) {
            const Result<Properties> properties = decode_edge(record);
            if (properties) RC_ASSERT(encode_edge(*properties) == record);
        }
    });
}

TEST_CASE("record: every cut of a record is corrupt", "[fast]") {
    const Vertex vertex{VertexId(1),
                        {"A", "B"},
                        {{"i", Value(-70)},
                         {"l", Value(List{Value(true), Value(), Value("text")})},
                         {"r", Value(1.5)}}};
    const Bytes record = encode_vertex(vertex);
    for (std::size_t size = 0; size < record.size(); ++size) {
        const Result<Vertex> cut = decode_vertex(vertex.id, BytesView(record).substr(0, size));
        REQUIRE_FALSE(cut.has_value());
        CHECK(cut.code() == ErrorCode::corrupt);
    }
    const Result<Vertex> longer = decode_vertex(vertex.id, record + '\0');
    CHECK(longer.code() == ErrorCode::corrupt);
}

TEST_CASE("record: hostile counts, depths and doubles are refused cheaply", "[fast]") {
    using namespace std::string_literals;
    const auto refused = [](const Bytes& record, const char* why) {
        const Result<Properties> decoded = decode_edge(record);
        REQUIRE_FALSE(decoded.has_value());
        CHECK(decoded.code() == ErrorCode::corrupt);
        CHECK_THAT(decoded.error().message, Catch::Contains(why));
    };
    const Bytes huge = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s;
    refused("\x01"s + huge, "count larger");
    refused("\x01\x01"s + huge, "text longer");
    refused("\x01\x01\x01x\x06"s + huge, "count larger");
    refused("\x01\x81\x00"s, "minimal varint");
    refused("\x01\x01\x01x\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s, "minimal varint");
    refused("\x01\x01\x01x\x09"s, "unknown value tag");
    refused("\x01\x01\x01x\x00"s, "null property");
    refused("\x01\x02\x01x\x01\x01x\x01"s, "out of order");
    refused("\x01\x01\x01x\x04\x01\x00\x00\x00\x00\x00\xf8\x7f"s, "not the one NaN");
    refused("\x00\x00"s, "version");

    Bytes deep = "\x01\x01\x01x"s;
    for (std::uint32_t i = 0; i < 100'000; ++i) deep += "\x06\x01"s;
    refused(deep + '\0', "too deep");

    const auto labels = [](const Bytes& rest) {
        return decode_vertex(VertexId(1), "\x01"s + rest + "\x00"s);
    };
    CHECK(labels("\x02\x01"
                 "a\x01"
                 "b"s)
              .has_value());
    CHECK(labels("\x02\x01"
                 "b\x01"
                 "a"s)
              .code() == ErrorCode::corrupt);
    CHECK(labels("\x02\x01"
                 "a\x01"
                 "a"s)
              .code() == ErrorCode::corrupt);
    CHECK(decode_edge("\x01\x02\x01x\x01\x01w\x01"s).code() == ErrorCode::corrupt);

    CHECK(decode_edge("\x02\x00"s).code() == ErrorCode::unsupported);
    CHECK(check_in_edge_record(in_edge_record()).has_value());
    CHECK(check_in_edge_record("").code() == ErrorCode::corrupt);
    CHECK(check_in_edge_record("\x01\x01").code() == ErrorCode::corrupt);
}

TEST_CASE("record: the documented example, byte by byte", "[fast]") {
    using namespace std::string_literals;
    const Vertex vertex{VertexId(1),
                        {"airport"},
                        {{"code", Value("ATL")}, {"lat", Value(33.5)}, {"runways", Value(5)}}};
    CHECK(encode_vertex(vertex) ==
          "\x01\x01\x07"
          "airport\x03\x04"
          "code\x05\x03"
          "ATL\x03"
          "lat\x04\x00\x00\x00\x00\x00\xc0\x40\x40\x07"
          "runways\x03\x0a"s);
}

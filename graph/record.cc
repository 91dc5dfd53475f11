// SPDX-License-Identifier: Apache-2.0
#include "graph/record.h"

#include "graph/codec.h"

namespace geode::graph {
namespace {

std::uint64_t sized_bytes(BytesView text) {
    return varint_bytes(text.size()) + text.size();
}

Bytes versioned(std::uint64_t size) {
    Bytes record;
    record.reserve(size);
    record.push_back(static_cast<char>(record_version));
    return record;
}

}  // namespace

std::string to_text(const EdgeKey& key) {
    return "(" + std::to_string(key.from.value()) + ")-[" + key.type + " " +
           std::to_string(key.rank) + "]->(" + std::to_string(key.to.value()) + ")";
}

std::uint64_t encoded_bytes(const Value& value) {
    constexpr std::uint64_t tag_bytes = 1;
    switch (value.kind()) {
        case ValueKind::null:
        case ValueKind::boolean: return tag_bytes;
        case ValueKind::int64: {
            const std::int64_t number = value.int64();
            const auto bits = static_cast<std::uint64_t>(number < 0 ? ~number : number);
            return tag_bytes + varint_bytes(bits << 1U);
        }
        case ValueKind::float64: return tag_bytes + sizeof(double);
        case ValueKind::string: return tag_bytes + sized_bytes(value.string());
        case ValueKind::list: break;
    }
    std::uint64_t size = tag_bytes + varint_bytes(value.list().size());
    for (const Value& element : value.list()) size += encoded_bytes(element);
    return size;
}

std::uint64_t encoded_bytes(const Properties& properties) {
    std::uint64_t size = varint_bytes(properties.size());
    for (const auto& [name, value] : properties) size += sized_bytes(name) + encoded_bytes(value);
    return size;
}

std::uint64_t encoded_bytes(const Vertex& vertex) {
    std::uint64_t size = sizeof record_version + varint_bytes(vertex.labels.size());
    for (const std::string& label : vertex.labels) size += sized_bytes(label);
    return size + encoded_bytes(vertex.properties);
}

std::uint64_t encoded_bytes(const Edge& edge) {
    return sizeof record_version + encoded_bytes(edge.properties);
}

Bytes encode_vertex(const Vertex& vertex) {
    Bytes record = versioned(encoded_bytes(vertex));
    append_labels(record, vertex.labels);
    append_properties(record, vertex.properties);
    GEODE_VERIFY_SLOW(record.size() == encoded_bytes(vertex));
    return record;
}

Result<Vertex> decode_vertex(VertexId id, BytesView record) {
    Decoder decoder(record, "vertex record");
    decoder.expect_version(record_version);
    Vertex vertex{id, decoder.labels(), decoder.properties()};
    GEODE_TRY_VOID(decoder.finish());
    return vertex;
}

Bytes encode_edge(const Properties& properties) {
    Bytes record = versioned(sizeof record_version + encoded_bytes(properties));
    append_properties(record, properties);
    return record;
}

Result<Properties> decode_edge(BytesView record) {
    Decoder decoder(record, "edge record");
    decoder.expect_version(record_version);
    Properties properties = decoder.properties();
    GEODE_TRY_VOID(decoder.finish());
    return properties;
}

Bytes in_edge_record() {
    return Bytes(1, static_cast<char>(record_version));
}

Result<void> check_in_edge_record(BytesView record) {
    Decoder decoder(record, "in-edge record");
    decoder.expect_version(record_version);
    return decoder.finish();
}

}  // namespace geode::graph

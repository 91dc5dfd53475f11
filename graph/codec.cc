// SPDX-License-Identifier: Apache-2.0
#include "graph/codec.h"

#include <bit>
#include <utility>

#include "graph/limits.h"

namespace geode::graph {
namespace {

// Tags of values on disk. They never change meaning; new kinds get new numbers.
enum ValueTag : std::uint8_t {
    tag_null = 0,
    tag_false = 1,
    tag_true = 2,
    tag_int64 = 3,
    tag_float64 = 4,
    tag_string = 5,
    tag_list = 6,
};

/// Small magnitudes of either sign become small varints.
std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>((value >> 1U) ^ (0 - (value & 1U)));
}

void append_tag(Bytes& out, ValueTag tag) {
    out.push_back(static_cast<char>(tag));
}

}  // namespace

void append_varint(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
        value >>= 7U;
    }
    out.push_back(static_cast<char>(value));
}

std::uint64_t varint_bytes(std::uint64_t value) {
    return (static_cast<std::uint64_t>(std::bit_width(value | 1U)) + 6) / 7;
}

void append_sized(Bytes& out, BytesView text) {
    append_varint(out, text.size());
    out.append(text);
}

void append_value(Bytes& out, const Value& value) {
    switch (value.kind()) {
        case ValueKind::null: append_tag(out, tag_null); return;
        case ValueKind::boolean: append_tag(out, value.boolean() ? tag_true : tag_false); return;
        case ValueKind::int64:
            append_tag(out, tag_int64);
            append_varint(out, zigzag(value.int64()));
            return;
        case ValueKind::float64:
            append_tag(out, tag_float64);
            append_little(out, std::bit_cast<std::uint64_t>(value.float64()));
            return;
        case ValueKind::string:
            append_tag(out, tag_string);
            append_sized(out, value.string());
            return;
        case ValueKind::list: break;
    }
    append_tag(out, tag_list);
    append_varint(out, value.list().size());
    for (const Value& element : value.list()) append_value(out, element);
}

void append_labels(Bytes& out, const Labels& labels) {
    append_varint(out, labels.size());
    for (const std::string& label : labels) append_sized(out, label);
}

void append_properties(Bytes& out, const Properties& properties) {
    append_varint(out, properties.size());
    for (const auto& [name, value] : properties) {
        append_sized(out, name);
        append_value(out, value);
    }
}

void Decoder::fail(const char* failure) {
    if (failure_ != nullptr) return;
    failure_ = failure;
    failure_position_ = position_;
    position_ = bytes_.size();
}

Result<void> Decoder::finish() {
    if (ok() && position_ != bytes_.size()) fail("left-over bytes");
    if (ok()) return {};
    return make_error(later_version_ ? ErrorCode::unsupported : ErrorCode::corrupt,
                      std::string(what_) + ": " + failure_ + " at byte " +
                          std::to_string(failure_position_) + " of " +
                          std::to_string(bytes_.size()));
}

std::uint8_t Decoder::byte() {
    if (position_ >= bytes_.size()) {
        fail("cut short");
        return 0;
    }
    return static_cast<std::uint8_t>(bytes_[position_++]);
}

std::uint64_t Decoder::fixed64() {
    if (bytes_.size() - position_ < sizeof(std::uint64_t)) {
        fail("cut short");
        return 0;
    }
    const auto value = read_little<std::uint64_t>(bytes_, position_);
    position_ += sizeof value;
    return value;
}

std::uint64_t Decoder::varint() {
    std::uint64_t value = 0;
    for (std::uint32_t shift = 0; shift < 70; shift += 7) {
        const std::uint8_t next = byte();
        if (!ok()) return 0;
        const std::uint64_t bits = next & 0x7fU;
        if (shift == 63 && bits > 1) break;
        value |= bits << shift;
        if ((next & 0x80U) != 0) continue;
        if (next == 0 && shift > 0) break;
        return value;
    }
    fail("not a minimal varint of 64 bits");
    return 0;
}

BytesView Decoder::sized() {
    const std::uint64_t size = varint();
    if (size > bytes_.size() - position_) {
        fail("text longer than the bytes left");
        return {};
    }
    const BytesView text = bytes_.substr(position_, size);
    position_ += size;
    return text;
}

std::uint64_t Decoder::count() {
    const std::uint64_t count = varint();
    if (count > bytes_.size() - position_) {
        fail("count larger than the bytes left");
        return 0;
    }
    return count;
}

void Decoder::expect_version(std::uint8_t version) {
    const std::uint8_t found = byte();
    if (!ok() || found == version) return;
    --position_;
    fail("format version unknown to this build");
    later_version_ = found > version;
}

Value Decoder::value(std::uint32_t depth) {
    switch (byte()) {
        case tag_null: return {};
        case tag_false: return false;
        case tag_true: return true;
        case tag_int64: return unzigzag(varint());
        case tag_float64: {
            const std::uint64_t bits = fixed64();
            const Value number(std::bit_cast<double>(bits));
            if (std::bit_cast<std::uint64_t>(number.float64()) != bits) fail("not the one NaN");
            return number;
        }
        case tag_string: return sized();
        case tag_list: break;
        default: fail("unknown value tag"); return {};
    }
    if (depth == list_depth_max) {
        fail("lists nested too deep");
        return {};
    }
    List list;
    const std::uint64_t elements = count();
    for (std::uint64_t i = 0; i < elements && ok(); ++i) list.push_back(value(depth + 1));
    return list;
}

Labels Decoder::labels() {
    Labels labels;
    const std::uint64_t labels_count = count();
    for (std::uint64_t i = 0; i < labels_count && ok(); ++i) {
        const BytesView label = sized();
        if (!labels.empty() && label <= *labels.rbegin()) fail("labels out of order");
        if (ok()) labels.emplace_hint(labels.end(), label);
    }
    return labels;
}

Properties Decoder::properties() {
    Properties properties;
    const std::uint64_t properties_count = count();
    for (std::uint64_t i = 0; i < properties_count && ok(); ++i) {
        const BytesView name = sized();
        if (!properties.empty() && name <= properties.rbegin()->first) {
            fail("property names out of order");
        }
        Value property = value();
        if (property.is_null()) fail("null property");
        if (ok()) properties.emplace_hint(properties.end(), name, std::move(property));
    }
    return properties;
}

}  // namespace geode::graph

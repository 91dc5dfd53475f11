// SPDX-License-Identifier: Apache-2.0
#pragma once

// The pieces that graph encodings are made of: varints, texts, values, properties.
//
// Encoders append to a byte string and cannot fail. The Decoder is "sticky": after the first
// damage every read gives zero or empty, loops stop because ok() is false, and the caller asks
// once, at the end. That keeps decoding functions straight and free of unchecked reads.
//
// Varints are LEB128, little end first, at most ten bytes, and minimal: a padded varint is damage,
// or one element would have several encodings (record.h, invariant 2).

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "graph/element.h"

namespace geode::graph {

void append_varint(Bytes& out, std::uint64_t value);
/// Length, then bytes.
void append_sized(Bytes& out, BytesView text);
void append_value(Bytes& out, const Value& value);
void append_labels(Bytes& out, const Labels& labels);
void append_properties(Bytes& out, const Properties& properties);

std::uint64_t varint_bytes(std::uint64_t value);

class Decoder {
public:
    /// Borrows `bytes`. `what` is a literal naming them in errors, as "vertex record".
    Decoder(BytesView bytes, const char* what) : bytes_(bytes), what_(what) {}

    bool ok() const { return failure_ == nullptr; }
    /// Asks for damage and for left-over bytes: `corrupt`, or `unsupported` for a later version.
    Result<void> finish();

    std::uint8_t byte();
    std::uint64_t fixed64();
    std::uint64_t varint();
    /// A view into the decoder's bytes.
    BytesView sized();
    /// A varint that counts things of at least one byte each, so never more than bytes are left.
    std::uint64_t count();
    /// The first byte: fails unless it is `version`.
    void expect_version(std::uint8_t version);
    Value value(std::uint32_t depth = 0);
    Labels labels();
    Properties properties();

    /// Records damage at the current position; the first one wins. `failure` is a literal.
    void fail(const char* failure);

private:
    BytesView bytes_;
    const char* what_;
    std::size_t position_ = 0;
    const char* failure_ = nullptr;
    std::size_t failure_position_ = 0;
    bool later_version_ = false;
};

}  // namespace geode::graph

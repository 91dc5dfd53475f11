// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes and their fixed-width encodings.
//
// Bytes are std::string (owned) and std::string_view (borrowed), as in LevelDB, whose Slice they
// convert to. Integers on disk and wire are little-endian; integers inside ordered keys are
// big-endian, so that byte order is number order.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace geode {

static_assert(std::endian::native == std::endian::little, "Geode assumes a little-endian host");

using Bytes = std::string;
using BytesView = std::string_view;

template <class Integer>
void append_little(Bytes& out, Integer value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    out.append(raw, sizeof value);
}

/// Reads at `offset`; the bytes must be there.
template <class Integer>
Integer read_little(BytesView bytes, std::size_t offset) {
    GEODE_ASSERT(offset + sizeof(Integer) <= bytes.size());
    Integer value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

inline void append_big64(Bytes& out, std::uint64_t value) {
    append_little(out, __builtin_bswap64(value));
}
inline std::uint64_t read_big64(BytesView bytes, std::size_t offset) {
    return __builtin_bswap64(read_little<std::uint64_t>(bytes, offset));
}

}  // namespace geode

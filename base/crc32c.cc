// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#endif

namespace geode {
namespace {

#if !defined(__SSE4_2__)
constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78U : 0U);
        }
        table[i] = value;
    }
    return table;
}
constexpr std::array<std::uint32_t, 256> table = make_table();
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
    const char* cursor = bytes.data();
    std::size_t left = bytes.size();
    std::uint32_t value = ~crc;
#if defined(__SSE4_2__)
    std::uint64_t wide = value;
    for (; left >= 8; left -= 8, cursor += 8) {
        std::uint64_t word;
        std::memcpy(&word, cursor, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    value = static_cast<std::uint32_t>(wide);
    for (; left > 0; --left, ++cursor) {
        value = _mm_crc32_u8(value, static_cast<unsigned char>(*cursor));
    }
#else
    for (; left > 0; --left, ++cursor) {
        value = (value >> 8) ^ table[(value ^ static_cast<unsigned char>(*cursor)) & 0xffU];
    }
#endif
    return ~value;
}

}  // namespace geode

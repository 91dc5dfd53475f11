// SPDX-License-Identifier: Apache-2.0
#include "cli/packed_file.h"

#include <zlib.h>

#include <catch2/catch.hpp>

namespace geode::cli {
namespace {

std::string gzip(const std::string& text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string input = text;
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return out;
}

TEST_CASE("packed file: members of any size follow one another", "[fast]") {
    const std::string large(9 << 20, 'x');
    CHECK(gunzip(gzip("a history"), "n").value() == "a history");
    CHECK(gunzip(gzip("one ") + gzip("two"), "n").value() == "one two");
    CHECK(gunzip(gzip(""), "n").value().empty());
    CHECK(gunzip(gzip(large) + gzip("y"), "n").value() == large + "y");
}

TEST_CASE("packed file: what is cut short or damaged is refused", "[fast]") {
    std::string noise;
    for (std::uint32_t value = 1; noise.size() < 5000; value = value * 1664525 + 1013904223) {
        noise.push_back(static_cast<char>(value >> 24));
    }
    const std::string packed = gzip(noise);
    for (std::size_t kept = 0; kept < packed.size(); kept += 7) {
        CAPTURE(kept);
        const auto cut = gunzip(packed.substr(0, kept), "n");
        REQUIRE_FALSE(cut);
        CHECK(cut.error().message == "n: expected gzip data, but it is cut short");
    }
    std::string flipped = packed;
    flipped[packed.size() / 2] ^= 1;
    CHECK(gunzip(flipped, "n").code() == ErrorCode::invalid_argument);
    CHECK(gunzip(packed + "tail", "n").code() == ErrorCode::invalid_argument);
}

TEST_CASE("packed file: a small file may not claim any amount of memory", "[fast]") {
    const std::string bomb = gzip(std::string(16 << 20, '0'));
    CHECK(gunzip(bomb, "n", 1 << 20).code() == ErrorCode::too_large);
}

}  // namespace
}  // namespace geode::cli

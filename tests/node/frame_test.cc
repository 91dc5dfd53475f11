// SPDX-License-Identifier: Apache-2.0
#include "node/wire/frame.h"

#include <catch2/catch.hpp>

#include "base/crc32c.h"
#include "node/wire/message.h"
#include "node/wire/raft.capnp.h"

using namespace geode;
using namespace geode::wire;

namespace {

/// Hands out scripted bytes in pieces, then an orderly end.
class Script final : public Connection {
public:
    Script(Bytes bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
    Result<std::size_t> read_some(std::span<char> into, MonoTime) override {
        const std::size_t count = std::min({into.size(), piece_, bytes_.size() - at_});
        bytes_.copy(into.data(), count, at_);
        at_ += count;
        return count;
    }
    Result<void> write_all(std::string_view, MonoTime) override { return {}; }
    void close() override {}
    const Address& peer() const override { return peer_; }

private:
    Bytes bytes_;
    std::size_t piece_;
    std::size_t at_ = 0;
    Address peer_{"script", 1};
};

Bytes frame_of(BytesView payload) {
    Bytes out;
    const std::size_t begin = begin_frame(out);
    out.append(payload);
    end_frame(out, begin);
    return out;
}

}  // namespace

TEST_CASE("frame: payloads come back whole and aligned however they are cut", "[fast]") {
    Bytes stream;
    std::vector<Bytes> sent;
    for (std::size_t words = 1; words < 40; ++words) {
        sent.push_back(Bytes(words * 8 * words, static_cast<char>('a' + words % 26)));
        stream += frame_of(sent.back());
    }
    for (const std::size_t piece : {1U, 7U, 8U, 4096U, 1U << 20U}) {
        INFO("pieces of " << piece);
        Script connection(stream, piece);
        FrameReader reader(connection);
        for (const Bytes& expected : sent) {
            const Result<BytesView> frame = reader.next(never);
            REQUIRE(frame.has_value());
            CHECK(*frame == expected);
            CHECK(reinterpret_cast<std::uintptr_t>(frame->data()) % 8 == 0);
        }
        CHECK(reader.next(never).code() == ErrorCode::closed);
    }
}

TEST_CASE("frame: any flipped bit is a protocol error, never another frame", "[fast]") {
    const Bytes good = frame_of(Bytes(24, 'x'));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        Script connection(bad, 4096);
        FrameReader reader(connection);
        const Result<BytesView> frame = reader.next(never);
        INFO("bit " << bit);
        REQUIRE_FALSE(frame.has_value());
        // At once, without waiting for bytes that a wrong length promises.
        CHECK(frame.code() == ErrorCode::protocol_error);
    }
}

namespace {

/// A header that is right in itself and says `length`.
Bytes header_saying(std::uint32_t length) {
    Bytes header = "GEOF";
    append_little(header, length);
    append_little(header, std::uint32_t{0});
    append_little(header, crc32c(header));
    return header;
}

}  // namespace

TEST_CASE("frame: a hostile length is refused without reserving it", "[fast]") {
    Script huge(header_saying(0xfffffff8), 4096);
    CHECK(FrameReader(huge).next(never).code() == ErrorCode::too_large);
    Script uneven(header_saying(12), 4096);
    CHECK(FrameReader(uneven).next(never).code() == ErrorCode::protocol_error);
    Script empty(header_saying(0), 4096);
    CHECK(FrameReader(empty).next(never).code() == ErrorCode::protocol_error);
}

TEST_CASE("message: reads from unaligned bytes, refuses half words", "[fast]") {
    Scratch scratch;
    Bytes flat = "_";
    {
        auto builder = scratch.builder();
        builder.initRoot<HelloMessage>().setFrom(7);
        append_flat(flat, builder);
    }
    const BytesView unaligned = BytesView(flat).substr(1);
    const auto from = [](HelloMessage::Reader in) -> Result<std::uint32_t> { return in.getFrom(); };
    CHECK(*read_message<HelloMessage>(unaligned, from) == 7);
    CHECK(read_message<HelloMessage>(unaligned.substr(0, unaligned.size() - 1), from).code() ==
          ErrorCode::protocol_error);
}

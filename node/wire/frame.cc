// SPDX-License-Identifier: Apache-2.0
#include "node/wire/frame.h"

#include <cstring>

#include "base/crc32c.h"

namespace geode::wire {
namespace {

constexpr std::size_t read_bytes_min = 4096;
constexpr std::uint32_t magic = 0x464f4547;  // "GEOF"
constexpr std::size_t checked_header_bytes = 12;

struct Header {
    std::uint32_t length;
    std::uint32_t payload_checksum;
};

Result<Header> read_header(BytesView bytes, std::uint32_t bytes_max) {
    const auto malformed = [](const char* why) {
        return make_error(ErrorCode::protocol_error, why);
    };
    if (read_little<std::uint32_t>(bytes, 0) != magic) return malformed("not a frame");
    if (read_little<std::uint32_t>(bytes, checked_header_bytes) !=
        crc32c(bytes.substr(0, checked_header_bytes))) {
        return malformed("a frame header with a bad checksum");
    }
    const Header header{read_little<std::uint32_t>(bytes, 4), read_little<std::uint32_t>(bytes, 8)};
    if (header.length == 0 || header.length % 8 != 0) {
        return malformed("a frame of a length not in words");
    }
    if (header.length > bytes_max) {
        return make_error(ErrorCode::too_large, "a frame over the maximum");
    }
    return header;
}

}  // namespace

void FrameReader::make_room(std::size_t bytes) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (words_.size() * 8 - end_ >= bytes) return;
    if (end_ > begin_) std::memmove(at(0), at(begin_), end_ - begin_);  // not from no buffer
    end_ -= begin_;
    begin_ = 0;
    if (words_.size() * 8 - end_ < bytes) words_.resize((end_ + bytes + 7) / 8);
}

Result<BytesView> FrameReader::next(MonoTime deadline) {
    std::size_t wanted = frame_header_bytes;
    for (;;) {
        const std::size_t have = end_ - begin_;
        if (have >= frame_header_bytes) {
            const BytesView bytes(at(begin_), frame_header_bytes);
            GEODE_TRY(const Header header, read_header(bytes, bytes_max_));
            wanted = frame_header_bytes + header.length;
            if (have >= wanted) {
                const BytesView payload(at(begin_ + frame_header_bytes), header.length);
                if (crc32c(payload) != header.payload_checksum) {
                    return make_error(ErrorCode::protocol_error, "a frame with a bad checksum");
                }
                begin_ += wanted;
                return payload;
            }
        }
        // Space grows with what has come, not with what a header claims: a hostile length alone
        // reserves nothing.
        make_room(std::min(wanted - have, std::max(read_bytes_min, have)));
        GEODE_TRY(const std::size_t received,
                  connection_.read_some({at(end_), words_.size() * 8 - end_}, deadline));
        if (received == 0) return make_error(ErrorCode::closed, "the peer closed the connection");
        end_ += received;
    }
}

std::size_t begin_frame(Bytes& out) {
    const std::size_t begin = out.size();
    out.append(frame_header_bytes, '\0');
    return begin;
}

void end_frame(Bytes& out, std::size_t frame_begin) {
    const std::size_t length = out.size() - frame_begin - frame_header_bytes;
    GEODE_ASSERT(length > 0 && length % 8 == 0 && length <= frame_bytes_max);
    const BytesView payload(out.data() + frame_begin + frame_header_bytes, length);
    Bytes header;
    append_little(header, magic);
    append_little(header, static_cast<std::uint32_t>(length));
    append_little(header, crc32c(payload));
    append_little(header, crc32c(header));
    header.copy(out.data() + frame_begin, frame_header_bytes);
}

}  // namespace geode::wire

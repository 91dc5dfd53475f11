// SPDX-License-Identifier: Apache-2.0
#include "node/wire/frame.h"

#include <cstring>

#include "base/crc32c.h"

namespace geode::wire {
namespace {

constexpr std::size_t read_bytes_min = 4096;

}  // namespace

bool FrameReader::ready() const {
    if (end_ - begin_ < frame_header_bytes) return false;
    return end_ - begin_ - frame_header_bytes >=
           read_little<std::uint32_t>(BytesView(at(begin_), frame_header_bytes), 0);
}

void FrameReader::make_room(std::size_t bytes) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (words_.size() * 8 - end_ >= bytes) return;
    std::memmove(at(0), at(begin_), end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (words_.size() * 8 - end_ < bytes) words_.resize((end_ + bytes + 7) / 8);
}

Result<BytesView> FrameReader::next(MonoTime deadline) {
    std::size_t wanted = frame_header_bytes;
    for (;;) {
        const std::size_t have = end_ - begin_;
        if (have >= frame_header_bytes) {
            const BytesView header(at(begin_), frame_header_bytes);
            const auto length = read_little<std::uint32_t>(header, 0);
            if (length == 0 || length % 8 != 0) {
                return make_error(ErrorCode::protocol_error, "frame of a length not in words");
            }
            if (length > frame_bytes_max) {
                return make_error(ErrorCode::too_large, "frame over the maximum");
            }
            wanted = frame_header_bytes + length;
            if (have >= wanted) {
                const BytesView payload(at(begin_ + frame_header_bytes), length);
                if (crc32c(payload) != read_little<std::uint32_t>(header, 4)) {
                    return make_error(ErrorCode::protocol_error, "frame with a bad checksum");
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
    const auto length32 = static_cast<std::uint32_t>(length);
    const std::uint32_t checksum = crc32c(payload);
    std::memcpy(out.data() + frame_begin, &length32, 4);
    std::memcpy(out.data() + frame_begin + 4, &checksum, 4);
}

}  // namespace geode::wire

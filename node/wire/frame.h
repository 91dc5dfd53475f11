// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames over a Connection: how every Geode protocol cuts a byte stream into messages.
//
//     u32 magic "GEOF" | u32 payload bytes, a multiple of 8, > 0 | u32 CRC-32C of the payload
//     | u32 CRC-32C of the 12 bytes before | payload                       (little-endian)
//
// The payload is a Cap'n Proto message in its standard flat form. The checksums are ours because
// TCP's misses flips that happen outside the wire. The header has its own: without it a flipped
// length made the reader wait for megabytes that never came, deaf on a living connection
// (geode-sim run --seed 1806, before this header). Payloads stay 8-byte aligned in the buffer, as
// Cap'n Proto needs. Hostile bytes give `protocol_error` or `too_large`; the caller then closes.

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "runtime/network.h"

namespace geode::wire {

inline constexpr std::size_t frame_header_bytes = 16;
/// Larger than any message we make: batches and snapshot chunks are cut far below.
inline constexpr std::uint32_t frame_bytes_max = 64u << 20;

/// Of one write, as encoded. An entry travels in one message, and heartbeats wait behind it: over
/// 100 Mbit/s this much takes as long as the shortest default election timeout.
inline constexpr std::uint32_t write_bytes_max = 2u << 20;

class FrameReader {
public:
    /// `bytes_max`: of a payload that this end has a use for, at most frame_bytes_max.
    explicit FrameReader(Connection& connection, std::uint32_t bytes_max = frame_bytes_max)
        : connection_(connection), bytes_max_(bytes_max) {}

    void set_bytes_max(std::uint32_t bytes_max) { bytes_max_ = bytes_max; }

    /// Suspends until a whole frame is there and returns its payload, 8-byte aligned and valid
    /// until the next call. Errors: `closed` (also at the peer's orderly end), `timed_out`
    /// (nothing lost, call again), `protocol_error`, `too_large`.
    Result<BytesView> next(MonoTime deadline);

private:
    char* at(std::size_t offset) { return reinterpret_cast<char*>(words_.data()) + offset; }
    const char* at(std::size_t offset) const {
        return reinterpret_cast<const char*>(words_.data()) + offset;
    }
    void make_room(std::size_t bytes);

    Connection& connection_;
    std::uint32_t bytes_max_;
    std::vector<std::uint64_t> words_;
    std::size_t begin_ = 0;  // of the next frame; a multiple of 8
    std::size_t end_ = 0;    // of the bytes received
};

/// Reserves a frame header at the end of `out`; returns where the frame begins.
std::size_t begin_frame(Bytes& out);
/// Fills the header in for the payload appended since begin_frame().
void end_frame(Bytes& out, std::size_t frame_begin);

}  // namespace geode::wire

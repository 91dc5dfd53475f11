// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of the replicated log on disk (docs/formats/log-segment.md).
//
// A segment file is a sequence of records, each aligned to 8 bytes: a header of 40 bytes, then the
// payload, then zeros up to the alignment. All integers are little-endian.
//
//      0  u32  payload length
//      4  u32  CRC32C of the segment number (u64, not stored), of the length, and of bytes 8..end
//      8  u32  durable_below: every byte of the segment below this offset had been synced before
//              this record was written
//     12  u8   type             13  u8  entry type      14  u16  zero
//     16  u32  group            20  u32 vote
//     24  u64  index            32  u64 term
//
// Invariants:
//  1. The CRC covers the segment number, so that bytes of another segment (recycled blocks,
//     misdirected writes) are never a valid record.
//  2. All zeros is not a record: an untouched or lost tail reads as the end of the log.
//  3. durable_below tells damage from a crash: an invalid record at offset o, followed by a valid
//     one with durable_below > o, had been synced and is therefore damaged; otherwise it belongs to
//     the last, never acknowledged, append, whose sectors may reach the disk in any order.

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"

namespace geode::storage {

enum class RecordType : std::uint8_t {
    segment_start = 1,  ///< first in its file; index: end of the previous segment; term: version
    group_state = 2,    ///< where a group stood when the segment began; payload: hard term, last
    hard_state = 3,     ///< term, vote
    entry = 4,          ///< index, term, entry type, payload; overwrites what lay at >= index
    compacted = 5,      ///< the log begins after (index, term); later entries stay
    reset = 6,          ///< the log begins after (index, term); no entries
};

inline constexpr std::uint32_t record_header_bytes = 40;
inline constexpr std::uint32_t record_alignment = 8;
inline constexpr std::uint32_t payload_bytes_max = 64 * 1024 * 1024;
inline constexpr std::uint64_t segment_format_version = 1;
inline constexpr BytesView segment_magic = "GEODELOG";  ///< payload of segment_start

struct LogRecord {
    RecordType type = RecordType::entry;
    std::uint8_t entry_type = 0;
    GroupId group;
    NodeId vote;
    LogIndex index;
    Term term;
    std::uint32_t durable_below = 0;
    BytesView payload;  ///< borrowed
};

/// Bytes that a record with this payload takes in a segment.
constexpr std::uint64_t record_bytes(std::uint64_t payload_bytes) {
    const std::uint64_t bytes = record_header_bytes + payload_bytes;
    return (bytes + record_alignment - 1) / record_alignment * record_alignment;
}

/// Appends the record to `out`. `segment` > 0; the payload is at most payload_bytes_max.
void append_record(Bytes& out, std::uint64_t segment, const LogRecord& record);

/// The record at `offset` (aligned) of the whole segment `bytes`, or nothing if what is there is
/// not a complete valid record of this segment. The payload borrows from `bytes`.
std::optional<LogRecord> read_record(BytesView bytes, std::uint64_t segment, std::uint64_t offset);

/// Whether a valid record with durable_below > `damage` starts at or after `damage` (invariant 3).
bool synced_record_after(BytesView bytes, std::uint64_t segment, std::uint64_t damage);

}  // namespace geode::storage

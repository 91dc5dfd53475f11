// SPDX-License-Identifier: Apache-2.0
#include "storage/log_record.h"

#include <algorithm>

#include "base/crc32c.h"

namespace geode::storage {
namespace {

constexpr std::uint64_t crc_offset = 4;
constexpr std::uint64_t covered_offset = 8;

static_assert(record_header_bytes % record_alignment == 0);
static_assert(record_bytes(0) == record_header_bytes);
static_assert(record_bytes(1) == record_header_bytes + record_alignment);
static_assert(record_bytes(payload_bytes_max) < UINT32_MAX);

std::uint32_t record_crc(std::uint64_t segment, std::uint32_t payload_bytes, BytesView covered) {
    Bytes bound;
    append_little(bound, segment);
    append_little(bound, payload_bytes);
    return crc32c(covered, crc32c(bound));
}

}  // namespace

void append_record(Bytes& out, std::uint64_t segment, const LogRecord& record) {
    GEODE_ASSERT(segment > 0);
    GEODE_ASSERT(record.payload.size() <= payload_bytes_max);
    GEODE_ASSERT(out.size() % record_alignment == 0);
    const std::size_t start = out.size();
    const auto payload_bytes = static_cast<std::uint32_t>(record.payload.size());
    append_little(out, payload_bytes);
    append_little(out, std::uint32_t{0});  // the CRC, below
    append_little(out, record.durable_below);
    append_little(out, record.type);
    append_little(out, record.entry_type);
    append_little(out, std::uint16_t{0});
    append_little(out, record.group.value());
    append_little(out, record.vote.value());
    append_little(out, record.index.value());
    append_little(out, record.term.value());
    GEODE_ASSERT(out.size() - start == record_header_bytes);
    out.append(record.payload);
    out.resize(start + record_bytes(payload_bytes));
    const BytesView covered = BytesView(out).substr(start + covered_offset);
    const std::uint32_t crc = record_crc(segment, payload_bytes, covered);
    std::memcpy(out.data() + start + crc_offset, &crc, sizeof crc);
}

std::optional<LogRecord> read_record(BytesView bytes, std::uint64_t segment, std::uint64_t offset) {
    GEODE_ASSERT(offset % record_alignment == 0);
    if (offset > bytes.size() || bytes.size() - offset < record_header_bytes) return std::nullopt;
    const BytesView here = bytes.substr(offset);
    const auto payload_bytes = read_little<std::uint32_t>(here, 0);
    const auto durable_below = read_little<std::uint32_t>(here, 8);
    const auto type = read_little<std::uint8_t>(here, 12);
    // Cheap refusals first: a search over damaged bytes asks at every aligned offset.
    if (type < static_cast<std::uint8_t>(RecordType::segment_start)) return std::nullopt;
    if (type > static_cast<std::uint8_t>(RecordType::reset)) return std::nullopt;
    if (payload_bytes > payload_bytes_max) return std::nullopt;
    if (durable_below > offset) return std::nullopt;
    const std::uint64_t length = record_bytes(payload_bytes);
    if (length > here.size()) return std::nullopt;
    const BytesView covered = here.substr(covered_offset, length - covered_offset);
    if (read_little<std::uint32_t>(here, crc_offset) !=
        record_crc(segment, payload_bytes, covered)) {
        return std::nullopt;
    }
    LogRecord record;
    record.durable_below = durable_below;
    record.type = static_cast<RecordType>(type);
    record.entry_type = read_little<std::uint8_t>(here, 13);
    record.group = GroupId(read_little<std::uint32_t>(here, 16));
    record.vote = NodeId(read_little<std::uint32_t>(here, 20));
    record.index = LogIndex(read_little<std::uint64_t>(here, 24));
    record.term = Term(read_little<std::uint64_t>(here, 32));
    record.payload = here.substr(record_header_bytes, payload_bytes);
    return record;
}

bool synced_record_after(BytesView bytes, std::uint64_t segment, std::uint64_t damage) {
    const std::uint64_t first = (damage + record_alignment - 1) / record_alignment;
    for (std::uint64_t at = first * record_alignment; at < bytes.size(); at += record_alignment) {
        const std::optional<LogRecord> record = read_record(bytes, segment, at);
        if (record && record->durable_below > damage) return true;
    }
    return false;
}

}  // namespace geode::storage

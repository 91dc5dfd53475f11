// SPDX-License-Identifier: Apache-2.0
#include "storage/log_catalog.h"

#include <algorithm>
#include <string>

namespace geode::storage {
namespace {

constexpr std::size_t group_state_payload_bytes = 16;  // u64 hard term, u64 last index

Error contradiction(const LogRecord& record, const char* what) {
    return make_error(ErrorCode::corrupt, "group " + std::to_string(record.group.value()) +
                                              " index " + std::to_string(record.index.value()) +
                                              ": " + what);
}

}  // namespace

void LogCatalog::begin_segment(std::uint64_t number) {
    GEODE_ASSERT(number > 0);
    GEODE_ASSERT(segments_.empty() || segments_.back().number + 1 == number);
    segments_.push_back(Segment{number, {}});
}

Result<void> LogCatalog::apply(const LogRecord& record) {
    GEODE_ASSERT(!segments_.empty());
    switch (record.type) {
        case RecordType::segment_start: return contradiction(record, "a second segment start");
        case RecordType::group_state: return apply_group_state(record);
        case RecordType::hard_state:
            groups_[record.group].hard_state = HardState{record.term, record.vote};
            return {};
        case RecordType::entry: return apply_entry(record);
        case RecordType::compacted: return apply_compacted(record);
        case RecordType::reset: apply_reset(record); return {};
    }
    GEODE_UNREACHABLE("record types are checked when read");
}

Result<void> LogCatalog::apply_group_state(const LogRecord& record) {
    if (record.payload.size() != group_state_payload_bytes) {
        return contradiction(record, "group state of the wrong size");
    }
    Group stated;
    stated.hard_state = HardState{Term(read_little<std::uint64_t>(record.payload, 0)), record.vote};
    stated.start_index = record.index;
    stated.start_term = record.term;
    stated.last_index = LogIndex(read_little<std::uint64_t>(record.payload, 8));
    if (stated.last_index < stated.start_index) return contradiction(record, "ends before start");
    stated.present_from = stated.last_index.next();
    const auto found = groups_.find(record.group);
    if (segments_.size() == 1 && found == groups_.end()) {
        groups_.emplace(record.group, stated);
        return {};
    }
    const bool agrees = found != groups_.end() && found->second.hard_state == stated.hard_state &&
                        found->second.start_index == stated.start_index &&
                        found->second.start_term == stated.start_term &&
                        found->second.last_index == stated.last_index;
    if (!agrees) return contradiction(record, "the segment head disagrees with older segments");
    return {};
}

Result<void> LogCatalog::apply_entry(const LogRecord& record) {
    const auto found = groups_.find(record.group);
    const Group before = found == groups_.end() ? Group{} : found->second;
    if (record.index <= before.start_index) return contradiction(record, "entry below the start");
    if (record.index > before.last_index.next()) return contradiction(record, "a hole before it");
    if (record.index <= before.last_index) {
        for (Segment& segment : segments_) {
            const auto live = segment.last_entry.find(record.group);
            if (live == segment.last_entry.end()) continue;
            live->second = std::min(live->second, record.index.prev());
        }
    }
    Group& group = groups_[record.group];
    group.last_index = record.index;
    group.present_from = std::min(group.present_from, record.index);
    segments_.back().last_entry[record.group] = record.index;
    return {};
}

Result<void> LogCatalog::apply_compacted(const LogRecord& record) {
    const auto found = groups_.find(record.group);
    if (found == groups_.end()) return contradiction(record, "compaction of an unknown group");
    Group& group = found->second;
    if (record.index <= group.start_index) return contradiction(record, "compaction backwards");
    if (record.index > group.last_index) return contradiction(record, "compaction past the end");
    group.start_index = record.index;
    group.start_term = record.term;
    return {};
}

void LogCatalog::apply_reset(const LogRecord& record) {
    Group& group = groups_[record.group];
    group.start_index = record.index;
    group.start_term = record.term;
    group.last_index = record.index;
    group.present_from = record.index.next();
    for (Segment& segment : segments_) segment.last_entry.erase(record.group);
}

Result<void> LogCatalog::verify_complete() const {
    for (const auto& [id, group] : groups_) {
        if (group.start_index == group.last_index) continue;
        if (group.present_from <= group.start_index.next()) continue;
        return make_error(ErrorCode::corrupt, "group " + std::to_string(id.value()) + ": entries " +
                                                  std::to_string(group.start_index.value() + 1) +
                                                  ".." +
                                                  std::to_string(group.present_from.value() - 1) +
                                                  " are in a segment that is missing");
    }
    return {};
}

Bytes LogCatalog::encode_head(std::uint64_t segment, std::uint64_t previous_end) const {
    LogRecord start;
    start.type = RecordType::segment_start;
    start.group = GroupId(static_cast<std::uint32_t>(groups_.size()));
    start.index = LogIndex(previous_end);
    start.term = Term(segment_format_version);
    start.payload = segment_magic;
    Bytes out;
    append_record(out, segment, start);
    for (const auto& [id, group] : groups_) {
        Bytes payload;
        append_little(payload, group.hard_state.term.value());
        append_little(payload, group.last_index.value());
        GEODE_ASSERT(payload.size() == group_state_payload_bytes);
        LogRecord state;
        state.type = RecordType::group_state;
        state.group = id;
        state.vote = group.hard_state.vote;
        state.index = group.start_index;
        state.term = group.start_term;
        state.payload = payload;
        append_record(out, segment, state);
    }
    return out;
}

std::uint64_t LogCatalog::droppable() const {
    if (segments_.size() < 2) return 0;
    const Segment& oldest = segments_.front();
    const bool needed = std::any_of(
        oldest.last_entry.begin(), oldest.last_entry.end(),
        [&](const auto& live) { return live.second > groups_.at(live.first).start_index; });
    return needed ? 0 : oldest.number;
}

void LogCatalog::drop_oldest() {
    GEODE_ASSERT(droppable() != 0);
    segments_.pop_front();
}

}  // namespace geode::storage

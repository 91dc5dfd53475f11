// SPDX-License-Identifier: Apache-2.0
#include "storage/log_writer.h"

#include <algorithm>

#include "base/probe.h"

namespace geode::storage {
namespace {

constexpr std::size_t prewrite_chunk_bytes = 1024 * 1024;
constexpr std::uint64_t segment_end_max = UINT32_MAX;  // durable_below is a u32

BytesView payload_of(const LogEntry& entry) {
    return entry.payload == nullptr ? BytesView() : BytesView(*entry.payload);
}

}  // namespace

std::uint64_t LogRequest::encoded_bytes() const {
    std::uint64_t bytes = hard_state.has_value() ? record_bytes(0) : 0;
    bytes += marker.has_value() ? record_bytes(0) : 0;
    for (const LogEntry& entry : entries) bytes += record_bytes(payload_of(entry).size());
    return bytes;
}

Result<std::unique_ptr<LogWriter>> LogWriter::open(Disk& disk, std::string directory,
                                                   LogOptions options, RecoveredLog recovered) {
    std::unique_ptr<LogWriter> writer(new LogWriter(disk, std::move(directory), options));
    writer->catalog_ = std::move(recovered.catalog);
    writer->active_ = std::move(recovered.active);
    writer->number_ = recovered.active_number;
    writer->end_ = recovered.active_end;
    if (writer->number_ == 0) GEODE_TRY_VOID(writer->create_segment(1, 0));
    return writer;
}

Result<void> LogWriter::commit(std::span<const LogRequest> batch) {
    std::uint64_t bytes = 0;
    for (const LogRequest& request : batch) bytes += request.encoded_bytes();
    GEODE_ASSERT(options_.segment_bytes + bytes <= segment_end_max);
    const std::uint64_t head_bytes = record_bytes(segment_magic.size());
    if (end_ + bytes > options_.segment_bytes && end_ > head_bytes) {
        GEODE_TRY_VOID(create_segment(number_ + 1, end_));
    }
    buffer_.clear();
    for (const LogRequest& request : batch) encode(request);
    GEODE_ASSERT(buffer_.size() <= bytes);
    if (buffer_.empty()) return {};
    GEODE_TRY_VOID(active_->write_at(end_, buffer_));
    GEODE_TRY_VOID(active_->sync());
    end_ += buffer_.size();
    return remove_droppable();
}

void LogWriter::encode(const LogRequest& request) {
    if (request.marker.has_value()) {
        const auto found = catalog_.groups().find(request.group);
        const LogIndex start =
            found == catalog_.groups().end() ? LogIndex() : found->second.start_index;
        const bool repeated =
            request.marker->type == RecordType::compacted && request.marker->index <= start;
        if (!repeated) encode(*request.marker);
    }
    if (request.hard_state.has_value()) {
        LogRecord record;
        record.type = RecordType::hard_state;
        record.group = request.group;
        record.term = request.hard_state->term;
        record.vote = request.hard_state->vote;
        encode(record);
    }
    for (const LogEntry& entry : request.entries) {
        LogRecord record;
        record.type = RecordType::entry;
        record.entry_type = entry.type;
        record.group = request.group;
        record.index = entry.index;
        record.term = entry.term;
        record.payload = payload_of(entry);
        encode(record);
    }
}

void LogWriter::encode(LogRecord record) {
    record.durable_below = static_cast<std::uint32_t>(end_);
    const Result<void> applied = catalog_.apply(record);
    GEODE_ASSERT_MSG(applied.has_value(), "a write that does not fit its group's log");
    append_record(buffer_, number_, record);
}

Result<void> LogWriter::create_segment(std::uint64_t number, std::uint64_t previous_end) {
    const Bytes head = catalog_.encode_head(number, previous_end);
    GEODE_TRY(std::unique_ptr<File> file,
              disk_.open(segment_path(directory_, number), OpenMode::create_new));
    if (options_.prewrite) GEODE_TRY_VOID(prewrite(*file));
    GEODE_TRY_VOID(file->write_at(0, head));
    GEODE_TRY_VOID(file->sync());
    GEODE_TRY_VOID(disk_.sync_dir(directory_));
    catalog_.begin_segment(number);
    active_ = std::move(file);
    number_ = number;
    end_ = head.size();
    return {};
}

Result<void> LogWriter::prewrite(File& file) {
    const std::string zeros(std::min<std::size_t>(prewrite_chunk_bytes, options_.segment_bytes),
                            '\0');
    for (std::uint64_t at = 0; at < options_.segment_bytes; at += zeros.size()) {
        const std::uint64_t left = options_.segment_bytes - at;
        GEODE_TRY_VOID(file.write_at(
            at, std::string_view(zeros).substr(0, std::min<std::uint64_t>(left, zeros.size()))));
    }
    return {};
}

Result<void> LogWriter::remove_droppable() {
    for (std::uint64_t oldest = catalog_.droppable(); oldest != 0; oldest = catalog_.droppable()) {
        GEODE_REACHED("storage.log_drops_segment");
        GEODE_TRY_VOID(disk_.remove(segment_path(directory_, oldest)));
        GEODE_TRY_VOID(disk_.sync_dir(directory_));
        catalog_.drop_oldest();
    }
    return {};
}

}  // namespace geode::storage

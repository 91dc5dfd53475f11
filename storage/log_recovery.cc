// SPDX-License-Identifier: Apache-2.0
#include "storage/log_recovery.h"

#include <algorithm>
#include <charconv>

#include "base/probe.h"

namespace geode::storage {
namespace {

constexpr std::string_view segment_suffix = ".seg";
constexpr std::size_t segment_digits = 10;

// The number in a segment's file name; 0 for any other name.
std::uint64_t parse_segment_name(std::string_view name) {
    if (name.size() != segment_digits + segment_suffix.size()) return 0;
    if (!name.ends_with(segment_suffix)) return 0;
    std::uint64_t number = 0;
    const char* const end = name.data() + segment_digits;
    const auto [stop, failure] = std::from_chars(name.data(), end, number);
    return failure == std::errc{} && stop == end ? number : 0;
}

Error damage(const std::string& path, std::uint64_t offset, std::string_view what) {
    return make_error(ErrorCode::corrupt,
                      path + " at offset " + std::to_string(offset) + ": " + std::string(what));
}

Result<Bytes> read_whole(File& file) {
    GEODE_TRY(const std::uint64_t size, file.size());
    Bytes bytes(size, '\0');
    GEODE_TRY(const std::size_t read, file.read_at(0, bytes));
    if (read != size) return make_error(ErrorCode::io_error, "short read of a log segment");
    return bytes;
}

bool all_zero(BytesView bytes) {
    return bytes.find_first_not_of('\0') == BytesView::npos;
}

// Whether the segment_start record and all the group_state records it announces are there. They are
// synced before the segment's first append, so otherwise the segment was never used.
bool head_complete(BytesView bytes, std::uint64_t number) {
    std::optional<LogRecord> record = read_record(bytes, number, 0);
    if (!record || record->type != RecordType::segment_start) return false;
    std::uint64_t offset = record_bytes(record->payload.size());
    for (std::uint32_t left = head_group_count(*record); left > 0; --left) {
        record = read_record(bytes, number, offset);
        if (!record || record->type != RecordType::group_state) return false;
        offset += record_bytes(record->payload.size());
    }
    return true;
}

class Recovery {
public:
    Recovery(Disk& disk, std::string_view directory) : disk_(disk), directory_(directory) {}

    Result<RecoveredLog> run() {
        GEODE_TRY_VOID(disk_.sync_dir(directory_));
        GEODE_TRY_VOID(list_segments());
        GEODE_TRY_VOID(drop_unfinished_segment());
        for (const std::uint64_t number : numbers_) GEODE_TRY_VOID(read_segment(number));
        if (!numbers_.empty()) GEODE_TRY_VOID(settle_tail());
        GEODE_TRY_VOID(log_.catalog.verify_complete());
        GEODE_TRY_VOID(trim_entries());
        return std::move(log_);
    }

private:
    Result<void> list_segments() {
        GEODE_TRY(const std::vector<std::string> names, disk_.list(directory_));
        for (const std::string& name : names) {
            const std::uint64_t number = parse_segment_name(name);
            if (number == 0) continue;
            if (!numbers_.empty() && numbers_.back() + 1 != number) {
                return damage(segment_path(directory_, numbers_.back() + 1), 0, "missing segment");
            }
            numbers_.push_back(number);
        }
        return {};
    }

    Result<void> drop_unfinished_segment() {
        if (numbers_.empty()) return {};
        const std::string path = segment_path(directory_, numbers_.back());
        GEODE_TRY(std::unique_ptr<File> file, disk_.open(path, OpenMode::read));
        GEODE_TRY(const Bytes bytes, read_whole(*file));
        if (head_complete(bytes, numbers_.back())) return {};
        if (synced_record_after(bytes, numbers_.back(), 0)) {
            return damage(path, 0, "the head of a used segment is damaged");
        }
        // A segment is created only while its predecessor is still there.
        if (numbers_.size() == 1 && numbers_.back() != 1) {
            return damage(path, 0, "the only segment is damaged");
        }
        GEODE_REACHED("storage.log_drops_unfinished_segment");
        GEODE_TRY_VOID(disk_.remove(path));
        GEODE_TRY_VOID(disk_.sync_dir(directory_));
        numbers_.pop_back();
        return {};
    }

    Result<void> read_segment(std::uint64_t number) {
        path_ = segment_path(directory_, number);
        GEODE_TRY(log_.active, disk_.open(path_, OpenMode::write));
        GEODE_TRY(bytes_, read_whole(*log_.active));
        GEODE_TRY(const std::uint64_t head_end, check_start(number));
        log_.catalog.begin_segment(number);
        last_batch_ = 0;
        std::uint64_t offset = head_end;
        while (const std::optional<LogRecord> record = read_record(bytes_, number, offset)) {
            const auto applied = log_.catalog.apply(*record);
            if (!applied) return damage(path_, offset, applied.error().message);
            collect(*record);
            last_batch_ = record->durable_below;
            offset += record_bytes(record->payload.size());
        }
        log_.active_number = number;
        log_.active_end = offset;
        return {};
    }

    // Returns where the segment_start record ends.
    Result<std::uint64_t> check_start(std::uint64_t number) {
        const std::optional<LogRecord> start = read_record(bytes_, number, 0);
        if (!start || start->type != RecordType::segment_start || start->payload != segment_magic) {
            return damage(path_, 0, "not a segment of this log");
        }
        if (start->term.value() > segment_format_version) {
            return make_error(ErrorCode::unsupported, path_ + " has a newer format");
        }
        if (log_.active_number != 0 && start->index.value() != log_.active_end) {
            return damage(segment_path(directory_, log_.active_number), log_.active_end,
                          "an invalid record, and the log goes on in the next segment");
        }
        return record_bytes(start->payload.size());
    }

    void collect(const LogRecord& record) {
        if (record.type == RecordType::reset) log_.entries[record.group].clear();
        if (record.type != RecordType::entry) return;
        std::vector<LogEntry>& entries = log_.entries[record.group];
        while (!entries.empty() && entries.back().index >= record.index) entries.pop_back();
        entries.push_back(LogEntry{record.index, record.term, record.entry_type,
                                   std::make_shared<const Bytes>(record.payload)});
    }

    // Decides what the bytes after the last segment's last valid record are.
    Result<void> settle_tail() {
        const std::uint64_t end = log_.active_end;
        if (synced_record_after(bytes_, log_.active_number, end)) {
            return damage(path_, end, "an invalid record, with synced ones after it");
        }
        if (!all_zero(BytesView(bytes_).substr(end))) {
            GEODE_REACHED("storage.log_cuts_torn_tail");
            GEODE_TRY_VOID(log_.active->truncate(end));
        }
        // Written again, because a sync of it may have failed in the life before: the page cache
        // then shows clean pages that never reached the disk, and a sync alone does nothing.
        const BytesView valid = BytesView(bytes_).substr(0, end);
        GEODE_TRY_VOID(log_.active->write_at(last_batch_, valid.substr(last_batch_)));
        return log_.active->sync();
    }

    Result<void> trim_entries() {
        for (const auto& [id, group] : log_.catalog.groups()) {
            std::vector<LogEntry>& entries = log_.entries[id];
            std::erase_if(entries, [&](const LogEntry& e) { return e.index <= group.start_index; });
            const std::uint64_t expected = group.last_index - group.start_index;
            if (entries.size() == expected) continue;
            return damage(path_, log_.active_end, "entries and markers do not add up");
        }
        return {};
    }

    Disk& disk_;
    std::string directory_;
    std::vector<std::uint64_t> numbers_;
    std::string path_;              // of the segment being read
    Bytes bytes_;                   // and its contents
    std::uint64_t last_batch_ = 0;  // and where its last batch begins
    RecoveredLog log_;
};

}  // namespace

std::string segment_path(std::string_view directory, std::uint64_t number) {
    std::string digits = std::to_string(number);
    GEODE_ASSERT(number > 0 && digits.size() <= segment_digits);
    digits.insert(0, segment_digits - digits.size(), '0');
    return std::string(directory) + "/" + digits + std::string(segment_suffix);
}

Result<RecoveredLog> recover_log(Disk& disk, std::string_view directory) {
    return Recovery(disk, directory).run();
}

}  // namespace geode::storage

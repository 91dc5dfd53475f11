// SPDX-License-Identifier: Apache-2.0
#include "storage/log_store.h"

#include <iterator>

namespace geode::storage {
namespace {

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

struct Opened {
    std::unique_ptr<LogWriter> writer;
    std::map<GroupId, GroupState> groups;
};

Result<Opened> open_files(Disk& disk, const std::string& path, LogOptions options) {
    GEODE_TRY_VOID(disk.create_dir(path));
    GEODE_TRY_VOID(disk.sync_dir(parent_of(path)));
    GEODE_TRY(RecoveredLog recovered, recover_log(disk, path));
    Opened opened;
    for (const auto& [id, group] : recovered.catalog.groups()) {
        opened.groups[id] = GroupState{group.hard_state, group.start_index, group.start_term,
                                       std::move(recovered.entries[id])};
    }
    GEODE_TRY(opened.writer, LogWriter::open(disk, path, options, std::move(recovered)));
    return opened;
}

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::open(World& world, std::string path,
                                                 LogOptions options) {
    GEODE_ASSERT(!path.empty());
    GEODE_ASSERT(options.segment_bytes > 0);
    GEODE_ASSERT(options.segment_bytes <= UINT32_MAX - log_write_bytes_max - record_header_bytes);
    std::unique_ptr<LogStore> store(new LogStore(world));
    GEODE_TRY(Opened opened,
              world.offload().run([&] { return open_files(world.disk(), path, options); }));
    store->writer_ = std::move(opened.writer);
    store->recovered_ = std::move(opened.groups);
    store->statistics_.segments = store->writer_->segment_count();
    return store;
}

LogStore::~LogStore() {
    GEODE_ASSERT_MSG(!committing_, "a log store destroyed under a write");
}

std::vector<GroupId> LogStore::recovered_groups() const {
    std::vector<GroupId> groups;
    for (const auto& [id, state] : recovered_) groups.push_back(id);
    return groups;
}

GroupState LogStore::take_recovered(GroupId group) {
    const auto found = recovered_.find(group);
    if (found == recovered_.end()) return GroupState{};
    GroupState state = std::move(found->second);
    recovered_.erase(found);
    return state;
}

Result<void> LogStore::write(std::span<const LogWrite> writes) {
    std::vector<LogRequest> requests;
    std::uint64_t bytes = 0;
    for (const LogWrite& write : writes) {
        GEODE_ASSERT(!write.group.is_none());
        LogRequest request;
        request.group = write.group;
        request.hard_state = write.hard_state;
        request.entries.assign(write.entries.begin(), write.entries.end());
        for (const LogEntry& entry : request.entries) {
            GEODE_ASSERT(entry.index ==
                         request.entries.front().index +
                             static_cast<std::uint64_t>(&entry - request.entries.data()));
            if (entry.payload != nullptr && entry.payload->size() > payload_bytes_max) {
                return make_error(ErrorCode::too_large, "a log entry's payload");
            }
        }
        bytes += request.encoded_bytes();
        if (request.hard_state.has_value() || !request.entries.empty()) {
            requests.push_back(std::move(request));
        }
    }
    if (bytes > log_write_bytes_max) return make_error(ErrorCode::too_large, "a log write");
    return submit(std::move(requests));
}

Result<void> LogStore::compact(GroupId group, LogIndex index, Term term) {
    LogRecord marker;
    marker.type = RecordType::compacted;
    marker.group = group;
    marker.index = index;
    marker.term = term;
    return submit({LogRequest{group, std::nullopt, {}, marker}});
}

Result<void> LogStore::reset(GroupId group, LogIndex index, Term term) {
    LogRecord marker;
    marker.type = RecordType::reset;
    marker.group = group;
    marker.index = index;
    marker.term = term;
    return submit({LogRequest{group, std::nullopt, {}, marker}});
}

Result<void> LogStore::submit(std::vector<LogRequest> requests) {
    if (failure_.has_value()) {
        return make_error(ErrorCode::io_error, "the log failed before: " + failure_->describe());
    }
    submitted_ += requests.size();
    const std::uint64_t ticket = submitted_;
    std::move(requests.begin(), requests.end(), std::back_inserter(queue_));
    while (completed_ < ticket && !failure_.has_value()) {
        if (committing_) {
            // `never`: the committing fiber notifies on every way out of commit_queued().
            progress_.wait(never);
        } else {
            commit_queued();
        }
    }
    if (completed_ >= ticket) return {};
    return *failure_;
}

void LogStore::commit_queued() {
    GEODE_ASSERT(!committing_);
    GEODE_ASSERT(!queue_.empty());
    std::vector<LogRequest> batch;
    std::uint64_t bytes = 0;
    std::size_t taken = 0;
    while (taken < queue_.size() && bytes < log_write_bytes_max / 2) {
        const std::uint64_t more = queue_[taken].encoded_bytes();
        if (taken > 0 && bytes + more > log_write_bytes_max) break;
        bytes += more;
        ++taken;
    }
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(taken);
    batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);

    // The call runs to its end even if this fiber is killed, so its outcome is always recorded,
    // also on the way out of a Killed.
    struct Finisher {
        LogStore& store;
        std::size_t count;
        Result<void> outcome;
        ~Finisher() { store.finish(count, std::move(outcome)); }
    };
    committing_ = true;
    Finisher finisher{
        *this, taken,
        make_error(ErrorCode::io_error, "the commit never ran, its fiber was killed")};
    auto call = [&] { finisher.outcome = writer_->commit(batch); };
    world_.offload().run_blocking(call);
}

void LogStore::finish(std::size_t count, Result<void> outcome) {
    GEODE_ASSERT(committing_);
    committing_ = false;
    if (outcome) {
        completed_ += count;
        statistics_.requests += count;
        ++statistics_.syncs;
        statistics_.segments = writer_->segment_count();
        GEODE_ASSERT(completed_ <= submitted_);
    } else {
        failure_ = std::move(outcome).error();
    }
    progress_.notify_all();
}

}  // namespace geode::storage

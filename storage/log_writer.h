// SPDX-License-Identifier: Apache-2.0
#pragma once

// LogWriter: appends batches of requests to the active segment, one sync per batch.
//
// Runs inside Offload, one call at a time; LogStore (log_store.h) queues and orders the calls. It
// owns everything that the calls change, so nothing on the event loop shares state with them.
//
// Invariants:
//  1. A batch is one write and one sync. durable_below of its records is the offset at which it
//     begins: all before had been synced (log_record.h, invariant 3).
//  2. A segment's head, its contents so far and its name are durable before the first append to it;
//     its predecessor was synced by its own last batch.
//  3. Segments are removed oldest first with a sync_dir after each, so that a crash never leaves a
//     gap in the numbers, and only after the marker that frees them is durable.

#include "storage/log_recovery.h"

namespace geode::storage {

struct LogOptions {
    std::uint32_t segment_bytes = 16 * 1024 * 1024;  ///< a segment over this takes no more batches
    /// Fill a new segment with zeros, so that later syncs need not change the file's metadata
    /// (0.6 of the time, measured); costs segment_bytes of writing at each rotation.
    bool prewrite = false;
};

/// One queued change of one group: a hard state and entries, or a marker.
struct LogRequest {
    GroupId group;
    std::optional<HardState> hard_state;
    std::vector<LogEntry> entries;
    std::optional<LogRecord> marker;  ///< compacted or reset, without payload

    std::uint64_t encoded_bytes() const;
};

class LogWriter {
public:
    /// Blocks. Takes what recovery found and makes the first segment if there is none.
    static Result<std::unique_ptr<LogWriter>> open(Disk& disk, std::string directory,
                                                   LogOptions options, RecoveredLog recovered);

    /// Blocks until every request is durable, in order; then removes segments that may go. After
    /// an error the state of the files is unknown: the writer must not be used again.
    Result<void> commit(std::span<const LogRequest> batch);

    std::size_t segment_count() const { return catalog_.segment_count(); }

private:
    LogWriter(Disk& disk, std::string directory, LogOptions options)
        : disk_(disk), directory_(std::move(directory)), options_(options) {}

    Result<void> create_segment(std::uint64_t number, std::uint64_t previous_end);
    Result<void> prewrite(File& file);
    void encode(const LogRequest& request);
    void encode(LogRecord record);
    Result<void> remove_droppable();

    Disk& disk_;
    std::string directory_;
    LogOptions options_;
    LogCatalog catalog_;
    std::unique_ptr<File> active_;
    std::uint64_t number_ = 0;  ///< of the active segment
    std::uint64_t end_ = 0;     ///< its durable end, where the next batch goes
    Bytes buffer_;              ///< the batch being encoded
};

}  // namespace geode::storage

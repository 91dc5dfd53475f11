// SPDX-License-Identifier: Apache-2.0
#pragma once

// LogStore: the replicated logs of all groups of a node, durable, in one sequence of files.
//
// A node answers a vote or an append only after write() has returned. Calls that come while a sync
// is under way wait and then share the next one (group commit), in the order of the calls, so many
// groups cost one sync.
//
// Invariants:
//  1. When a call returns ok, everything it asked for, and everything asked for before it, survives
//     any crash. A call that did not return ok may have taken effect in part: records become
//     durable in order, the hard state of a LogWrite before its entries.
//  2. After any disk error the store is poisoned: every later call returns io_error. A failed sync
//     may have dropped pages, and a retry that succeeds proves nothing ("fsyncgate"; Rebello et
//     al., "Can Applications Recover from fsync Failures?", ATC 2020). Reopening reads what is
//     really there.
//  3. A killed caller leaves the store usable; its request may or may not become durable.
//
// A segment is removed when every group has compacted, reset or overwritten what is in it: one idle
// group with old entries keeps all segments from there on. The node compacts such groups too.
//
// It does not keep entries in memory, and does not read them back while open: the raft host holds
// what is not compacted. Format: docs/formats/log-segment.md.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/sync.h"
#include "storage/log_types.h"
#include "storage/log_writer.h"

namespace geode::storage {

/// Most that one call may write, headers included.
inline constexpr std::uint64_t log_write_bytes_max = 256 * 1024 * 1024;

class LogStore {
public:
    /// Opens or creates the log in directory `path`, whose parent exists. Suspends. Errors:
    /// `corrupt` (damaged in the middle; the files are left as they are; names file and offset),
    /// `unsupported` (written by a newer format), `io_error`, `disk_full`.
    static Result<std::unique_ptr<LogStore>> open(World& world, std::string path,
                                                  LogOptions options);
    /// No call may be under way. Never suspends; closes the files without a sync.
    ~LogStore();
    LogStore(const LogStore&) = delete;
    LogStore& operator=(const LogStore&) = delete;

    /// Groups found at opening, in order, including those with nothing but a hard state.
    std::vector<GroupId> recovered_groups() const;
    /// Hands over what was found for `group`; empty if nothing was, or if taken before.
    GroupState take_recovered(GroupId group);

    /// Makes the hard states and entries durable. Suspends. `writes` and the entries are copied
    /// before it first suspends; payloads are shared. Asserts that entries fit their logs. Errors:
    /// `too_large` (nothing done), `io_error` and `disk_full` (invariant 2).
    Result<void> write(std::span<const LogWrite> writes);

    /// Forgets the group's entries up to `index`, whose term is `term`; later ones stay. Does
    /// nothing if the log begins there or later already. `index` is at most the last index.
    /// Durable on return. Suspends. Errors as write().
    Result<void> compact(GroupId group, LogIndex index, Term term);

    /// Empties the group's log, which begins anew after (`index`, `term`): for a snapshot that was
    /// installed. The hard state stays. Durable on return. Suspends. Errors as write().
    Result<void> reset(GroupId group, LogIndex index, Term term);

    struct Statistics {
        std::uint64_t requests = 0;  ///< groups written or marked
        std::uint64_t syncs = 0;     ///< batches made durable
        std::uint64_t segments = 0;  ///< on disk after the last batch
    };
    const Statistics& statistics() const { return statistics_; }
    bool poisoned() const { return failure_.has_value(); }

private:
    explicit LogStore(World& world) : world_(world), progress_(world) {}

    Result<void> submit(std::vector<LogRequest> requests);
    void commit_queued();
    void finish(std::size_t count, Result<void> outcome);

    World& world_;
    std::unique_ptr<LogWriter> writer_;  ///< touched only inside Offload, by one call at a time
    std::map<GroupId, GroupState> recovered_;
    std::vector<LogRequest> queue_;
    std::uint64_t submitted_ = 0;  ///< requests ever queued
    std::uint64_t completed_ = 0;  ///< requests made durable; queue order
    bool committing_ = false;
    std::optional<Error> failure_;  ///< the first disk error
    Condition progress_;            ///< completed_, committing_ or failure_ changed
    Statistics statistics_;
};

}  // namespace geode::storage

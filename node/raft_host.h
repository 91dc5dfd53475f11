// SPDX-License-Identifier: Apache-2.0
#pragma once

// RaftHost: gives one Raft core its time, network, log and state machine.
//
// The core is stepped in whatever fiber brings an event (a peer's message, a timer, a finished
// write); a step never suspends, and events that arise from carrying out an output queue behind it.
// What takes time has a fiber of its own:
//
//   proposer   gathers what clients proposed since the last turn into one step
//   log        makes entries and hard state durable, many outputs to one sync, then releases the
//              messages that waited for it and reports Persisted
//   applier    applies committed entries, many to one atomic write, and answers the proposers
//   timer      steps the core when its deadline comes
//
// Invariants:
//  1. Outputs are carried out in the order of their steps (raft.h, rules 1 to 3).
//  2. A proposal is answered `ok` only after its entry was applied here with the term it was
//     accepted in; an error other than `unknown_outcome` means that it was not and will not be
//     applied.
//  3. What waits for the log's disk is bounded: over `log_backlog_bytes_max` proposals are refused,
//     and appends dropped, which Raft repeats. A leader whose disk hangs resigns (raft.h).
//  4. After a disk error nothing more is sent, applied or answered: the host has failed, and its
//     owner ends the node. What was acknowledged before rests on writes that succeeded.

#include <deque>
#include <map>
#include <optional>

#include "node/node.h"
#include "node/peer_link.h"
#include "node/snapshot_transfer.h"
#include "node/state_machine.h"
#include "runtime/sync.h"
#include "storage/log_store.h"

namespace geode::node {

/// The one group of a node until shards come.
inline constexpr GroupId only_group{1};

class RaftHost {
public:
    /// Borrows everything; `state` stands at `restored.applied`.
    RaftHost(World& world, const NodeOptions& options, storage::LogStore& log, StateMachine& state,
             raft::Restored restored);
    RaftHost(const RaftHost&) = delete;
    RaftHost& operator=(const RaftHost&) = delete;

    /// Starts the fibers; the node takes part from now on.
    void start();

    /// Replicates `payload`, of at most wire::write_bytes_max, and suspends until it is applied
    /// here. Errors: `not_leader`, `overloaded`, `unavailable` (not applied, ever),
    /// `unknown_outcome` (also at the deadline).
    Result<wire::Applied> propose(raft::Payload payload, MonoTime deadline);

    /// Suspends until this replica's state covers every write acknowledged before the call.
    /// Errors: `not_leader`, `overloaded`, `unavailable`, `timed_out`.
    Result<void> read_barrier(MonoTime deadline);

    /// Hands in a peer's message. Never suspends.
    void receive(raft::Message message);

    NodeId leader() const { return core_.leader(); }
    NodeStatus status() const;

    /// Ends the host's part of the node; see invariant 4. Never suspends.
    void fail(Error error);
    /// Suspends until the host has failed.
    Error wait_failed();
    const std::optional<Error>& failure() const { return failure_; }

    /// Stops the links, and with them all sending.
    void stop_links();

private:
    friend class SnapshotSender;
    friend class SnapshotReceiver;

    /// One output's part of the log, in step order.
    struct LogJob {
        std::optional<raft::LogStart> log_start;
        std::optional<raft::HardState> hard_state;
        std::vector<raft::Entry> entries;
        std::optional<raft::WriteToken> token;
        std::vector<raft::Message> messages;  ///< to send once durable
        std::uint64_t bytes = 0;              ///< roughly what it takes, in memory and on disk
    };
    /// A fiber that waits for a proposal or a read.
    struct Waiter {
        WakeToken token;
        std::optional<Result<wire::Applied>> result;
        LogIndex index;
        Term term;
    };
    class Waiting;

    void post(raft::Event event);
    void carry_out(raft::Output& output);
    void send(std::vector<raft::Message>& messages);
    void queue_log(raft::Output& output);
    void queue_committed(raft::Output& output);
    void settle_clients(const raft::Output& output);
    void settle_role(const raft::RoleChange& change);

    void run_proposer();
    void run_log();
    std::deque<LogJob> take_log_jobs();
    Result<void> write_log(std::deque<LogJob>& jobs);
    void run_applier();
    Result<void> apply_batch();
    void settle_applied(std::span<const raft::Entry> entries, std::vector<wire::Applied> results);
    /// Wakes the readers whose index is at or below `applied`.
    void release_reads(LogIndex applied);
    Result<void> compact_if_due();
    /// How far the log may be compacted without leaving a peer behind that gets a snapshot now.
    LogIndex compaction_limit(LogIndex wanted);
    void run_timer();

    Error rejection() const;
    void wait(Waiter& waiter, MonoTime deadline);
    void finish(std::uint64_t context, Result<wire::Applied> result);

    World& world_;
    const NodeOptions& options_;
    storage::LogStore& log_;
    StateMachine& state_;
    raft::Raft core_;
    raft::Output output_;
    std::deque<raft::Event> events_;
    bool stepping_ = false;

    std::map<NodeId, std::unique_ptr<PeerLink>> links_;
    SnapshotSender snapshot_sender_;
    SnapshotReceiver snapshot_receiver_;

    std::deque<LogJob> log_jobs_;
    Condition log_work_;
    bool log_busy_ = false;
    std::uint64_t log_backlog_bytes_ = 0;  ///< of log_jobs_, and of those being written
    std::deque<raft::Entry> committed_;
    Condition apply_work_;
    Mutex applying_;                   ///< held while the state machine changes
    std::uint64_t applied_bytes_ = 0;  ///< since the last compaction
    std::uint64_t applied_entries_ = 0;
    std::uint32_t compactions_held_ = 0;  ///< in a row, for snapshots being sent

    std::uint64_t next_context_ = 1;
    std::vector<raft::Proposal> proposals_;
    std::uint64_t proposals_bytes_ = 0;
    Condition proposal_work_;
    std::map<std::uint64_t, Waiter*> waiters_;  ///< by context
    std::map<LogIndex, std::uint64_t> proposals_at_;
    std::multimap<LogIndex, std::uint64_t> reads_at_;

    Condition timer_changed_;
    MonoTime timer_armed_ = never;
    std::optional<Error> failure_;
    Condition failed_;
};

}  // namespace geode::node

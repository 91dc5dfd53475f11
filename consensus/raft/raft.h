// SPDX-License-Identifier: Apache-2.0
#pragma once

// Raft: one replica of one group as a pure state machine.
//
// The host owns time, network, disk and state machine. It calls step(now, event, output) for
// everything that happens, then carries out the output: writes, sends, applies. Nothing here
// blocks, allocates in an idle group, reads a clock or touches storage; the same calls give the
// same outputs.
//
// What the host must keep:
//  1. Outputs are carried out in the order of their steps. `log_start` (if discard), `hard_state`
//     and `entries` of one output become durable atomically, outputs in order; once durable the
//     output's `write` token comes back in Persisted (one token may stand for all before it).
//  2. `messages` may leave at once. `messages_after_durable` leave only when everything written by
//     this output and all before it is durable; without such writes, at once.
//  3. `committed` is applied in order, exactly once, and reported with Applied. These entries are
//     already durable here.
//  4. step() is called with Tick at deadline(), or any time after; an early Tick does nothing.
//
// What the core promises: at most one leader per term; a leader only appends; equal (index, term)
// means equal prefixes; committed entries are in every later leader's log; reads_ready name an
// index that covers every write acknowledged before the Read. InvariantChecker (invariants.h)
// checks it from outside.
//
// Source: the Raft paper; dissertation 6.4 (ReadIndex), 9.6 (pre-vote), 10.2.1 (leader writes its
// log while it sends). Fast backtracking by term hints is etcd's.

#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "base/time.h"
#include "consensus/raft/log.h"
#include "consensus/raft/progress.h"
#include "consensus/raft/types.h"
#include "consensus/raft/writes.h"

namespace geode::raft {

struct Config {
    NodeId self;
    std::vector<NodeId> voters;  ///< includes self
    Duration election_timeout_min = milliseconds(150);
    Duration election_timeout_max = milliseconds(300);
    Duration heartbeat_interval = milliseconds(50);  ///< less than election_timeout_min
    bool pre_vote = true;
    bool check_quorum = true;
    /// A leader whose own writes make no progress for this long resigns, unless it is alone; 0:
    /// never. Its followers could commit without it, but it applies and answers nothing.
    Duration write_stall_max{0};
    std::uint32_t inflight_messages_max = 16;        ///< unanswered appends per peer
    std::uint32_t append_entries_max = 100;          ///< entries in one append
    std::uint64_t append_bytes_max = 256 * 1024;     ///< payload bytes in one append, or one entry
    std::uint32_t uncommitted_entries_max = 4096;    ///< over it proposals are rejected
    std::uint64_t uncommitted_bytes_max = 16 << 20;  ///< over it proposals are rejected
    std::uint32_t reads_pending_max = 4096;          ///< over it reads are rejected
    std::uint32_t unapplied_entries_max = 4096;      ///< handed out in `committed`, not yet Applied
};

/// What a restarted replica finds on its disk. The log begins after `snapshot`; the state machine
/// stands at `applied`, at or after it. Where a crash fell between the installation of a snapshot
/// and the reset of the log, the two disagree: the core then drops the log, and its first output
/// says so in `log_start`.
struct Restored {
    HardState hard_state;
    SnapshotId snapshot;
    std::vector<Entry> entries;
    SnapshotId applied;
};

struct Proposal {
    std::uint64_t context = 0;  ///< comes back in accepted or proposals_rejected
    Payload payload;            ///< not null
};

// Events.

/// deadline() is reached.
struct Tick {};
struct Receive {
    Message message;
};
/// Appends all that fit, in order, as one batch. The span is read during step() only.
struct Propose {
    std::span<const Proposal> proposals;
};
/// Asks for an index such that a state machine applied to there may serve a linearizable read.
struct Read {
    std::uint64_t context = 0;
};
/// That write, and all before it, is durable.
struct Persisted {
    WriteToken token;
};
/// The state machine has applied everything up to `index` (not necessarily durably).
struct Applied {
    LogIndex index;
};
/// The state machine was durably replaced by this snapshot. The host drops the committed entries
/// that it still holds at or before it.
struct SnapshotInstalled {
    SnapshotId snapshot;
};
/// The stream asked for by snapshot_needed ended; ok: the peer has installed `snapshot`.
struct SnapshotSent {
    NodeId peer;
    SnapshotId snapshot;
    bool ok = false;
};
/// The state machine is durable to there (at or before applied()); the log before may go.
struct Compact {
    SnapshotId to;
};
/// The connection to the peer broke: stop sending optimistically.
struct PeerUnreachable {
    NodeId peer;
};
/// A follower's host knows by other means that the leader is gone: votes need not wait for the
/// election timeout. Its own timer keeps running.
struct ForgetLeader {};

using Event = std::variant<Tick, Receive, Propose, Read, Persisted, Applied, SnapshotInstalled,
                           SnapshotSent, Compact, PeerUnreachable, ForgetLeader>;

struct ReadReady {
    std::uint64_t context = 0;
    LogIndex index;  ///< serve once applied to here
};
struct ProposalAccepted {
    std::uint64_t context = 0;
    LogIndex index;
    Term term;  ///< the outcome is success iff the entry applied at `index` has this term
};
struct RoleChange {
    Role role = Role::follower;
    Term term;
    NodeId leader;  ///< none if unknown
    friend bool operator==(const RoleChange&, const RoleChange&) = default;
};
/// The log now begins after `at`. discard: nothing of the old log remains valid; part of the
/// output's write. Otherwise: only the prefix up to `at` went, at the host's own request or after
/// a snapshot; may be carried out any time later, or be lost.
struct LogStart {
    SnapshotId at;
    bool discard = false;
};

/// What step() wants done; see the rules at the top. Reuse one object: the buffers keep their
/// capacity.
struct Output {
    std::optional<LogStart> log_start;
    std::optional<HardState> hard_state;
    std::vector<Entry> entries;  ///< entries[0].index may overwrite a suffix of the stored log
    std::optional<WriteToken> write;
    std::vector<Message> messages;
    std::vector<Message> messages_after_durable;
    std::vector<Entry> committed;  ///< no-ops included; contiguous
    std::vector<ReadReady> reads_ready;
    std::vector<std::uint64_t> reads_rejected;
    std::vector<ProposalAccepted> accepted;
    std::vector<std::uint64_t> proposals_rejected;  ///< not appended, and never will be
    /// Start a stream to these peers of a snapshot at or after first_index() - 1; not named again
    /// before SnapshotSent. The stream is also over once progress(peer) leaves the snapshot state.
    std::vector<NodeId> snapshot_needed;
    /// Follower: a chunk to stage durably and answer with a snapshot_ack in the current term.
    std::optional<Message> snapshot_chunk;
    /// Leader: a peer's answer to a chunk.
    std::optional<Message> snapshot_ack;
    std::optional<RoleChange> role_change;

    void clear();
};

class Raft {
public:
    /// Does no I/O; the replica starts as a follower and arms its timer in the first step().
    /// Asserts that the configuration and the restored log are well formed.
    Raft(Config config, Restored restored, Prng prng);

    /// Handles one event at `now` (never decreasing), replacing `output`. Never suspends. Malformed
    /// or foreign messages are dropped. Cost: O(peers), plus the entries appended, sent, committed.
    void step(MonoTime now, Event&& event, Output& output);

    /// When Tick is due next; the distant past before the first step().
    MonoTime deadline() const;

    NodeId self() const { return config_.self; }
    Role role() const { return role_; }
    Term term() const { return hard_state_.term; }
    /// The leader of this term as far as known, else none. A hint for rejected callers.
    NodeId leader() const { return leader_; }
    /// The current (perhaps not yet durable) term and vote.
    HardState hard_state() const { return hard_state_; }

    LogIndex commit() const { return commit_; }
    LogIndex applied() const { return applied_; }
    /// Everything up to here is durable on this node and stays so.
    LogIndex durable() const { return writes_.durable(); }
    LogIndex first_index() const { return log_.first_index(); }
    LogIndex last_index() const { return log_.last_index(); }
    std::optional<Term> term_at(LogIndex index) const { return log_.term_at(index); }
    const Log& log() const { return log_; }
    /// The newest write known durable; sequence 0 before the first.
    std::uint64_t persisted_sequence() const { return writes_.persisted_sequence(); }
    /// Peers in order of their ids; what they say means something at a leader only.
    std::span<const Progress> peers() const { return peers_; }
    /// Null for an unknown node and for self.
    const Progress* progress(NodeId peer) const;
    const Config& config() const { return config_; }

private:
    // raft.cc: events, time, durability
    void handle(const Tick& tick);
    void handle(Receive& receive);
    void handle(const Persisted& persisted);
    void handle(const Applied& applied);
    void handle(const PeerUnreachable& unreachable);
    void handle(const ForgetLeader& forget);
    void begin(MonoTime now, Output& output);
    void finish(const RoleChange& before);
    void emit_committed();
    void commit_to(LogIndex index);
    Message& send(MessageType type, NodeId to);
    Message& send_after_durable(MessageType type, NodeId to);
    Progress* find_peer(NodeId peer);
    std::uint32_t quorum() const;

    // message.cc: which messages count
    bool well_formed(const Message& message) const;
    bool accept_term(const Message& message);
    void answer_stale(const Message& message);
    void dispatch(Message& message);

    // election.cc
    void arm_election_timer();
    bool hears_leader() const;
    void change_role(Role to);
    void become_follower(Term term, NodeId leader);
    void campaign();
    void start_pre_vote();
    void start_election();
    void become_leader();
    void request_votes(MessageType type, Term term);
    void count_votes();
    void receive_vote_request(const Message& message);
    void receive_vote_response(const Message& message);

    // replication.cc
    void handle(const Propose& propose);
    void append_as_leader(EntryType type, Payload payload);
    void broadcast_appends();
    void send_appends(Progress& peer);
    void send_append(Progress& peer);
    void send_heartbeat(Progress& peer);
    void leader_tick();
    bool hears_quorum() const;
    bool writes_stalled() const;
    void advance_commit();
    void receive_append(Message& message);
    void store_entries(Message& message, std::size_t skip);
    void receive_append_response(const Message& message);
    void receive_heartbeat(const Message& message);
    void receive_heartbeat_response(const Message& message);

    // read.cc
    void handle(const Read& read);
    bool may_read() const;
    void start_read_round();
    void advance_reads();
    void reject_reads();

    // snapshot.cc
    void handle(const SnapshotInstalled& installed);
    void handle(const SnapshotSent& sent);
    void handle(const Compact& compact);
    void receive_snapshot_chunk(Message& message);
    void acknowledge_commit(NodeId to);
    void announce_log_start(bool discard);

    Config config_;
    Prng prng_;
    Output* out_ = nullptr;  ///< during step() only
    MonoTime now_ = MonoTime::min();
    bool started_ = false;
    bool hard_state_dirty_ = false;

    HardState hard_state_;
    Log log_;
    Writes writes_;
    MonoTime write_progress_at_ = MonoTime::min();  ///< or when something first was to be written
    LogIndex commit_;
    LogIndex delivered_;  ///< handed out in `committed`
    LogIndex applied_;
    bool log_dropped_;  ///< the restored log contradicted the snapshot; the first output says so

    Role role_ = Role::follower;
    NodeId leader_;
    MonoTime election_deadline_ = MonoTime::min();
    MonoTime heartbeat_deadline_ = MonoTime::min();
    MonoTime leader_heard_at_ = MonoTime::min();
    std::uint64_t vote_sequence_ = 0;  ///< the write that makes the candidate's own vote durable

    std::vector<Progress> peers_;
    LogIndex term_start_;  ///< leader: index of the term's no-op
    std::uint64_t uncommitted_bytes_ = 0;
    std::vector<LogIndex> match_scratch_;

    std::vector<std::uint64_t> reads_in_round_;
    std::vector<std::uint64_t> reads_waiting_;  ///< for the no-op, or for the next round
    std::uint64_t read_round_ = 0;
    LogIndex read_index_;  ///< of the round in progress
};

}  // namespace geode::raft

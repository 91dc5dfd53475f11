// SPDX-License-Identifier: Apache-2.0
#pragma once

// Progress: what a leader knows of one peer's log, and how fast it may send to it.
//
//   probe      where the logs agree is unknown: one append at a time, then wait for its answer or
//              for a heartbeat's answer (which shows that the append was lost);
//   replicate  optimistic: next runs ahead of match, up to a window of unanswered appends;
//   snapshot   the peer needs entries that are compacted away: no appends until its snapshot ends.
//
// Invariants:
//  1. match < next; everything up to match is durable at the peer and equal to our log;
//  2. match never decreases within one leadership, whatever is duplicated or reordered;
//  3. at most inflight_max appends with entries are unanswered.
//
// Source: the model of etcd's tracker.Progress; dissertation 10.2.1.

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace geode::raft {

enum class ProgressState : std::uint8_t { probe = 1, replicate = 2, snapshot = 3 };

class Progress {
public:
    Progress(NodeId peer, std::uint32_t inflight_max);

    /// A new leadership: nothing is known, probing starts at `next`.
    void reset(LogIndex next, MonoTime now);

    /// The peer holds everything up to `index`. Returns whether that is news. In the snapshot state
    /// the peer is probed again once it has reached `log_start`.
    bool acknowledge(LogIndex index, LogIndex log_start);
    /// The peer refused to append after `rejected`; `next` is the best guess from its hint. Returns
    /// false for a stale refusal, which changes nothing.
    bool refuse(LogIndex rejected, LogIndex next);

    /// An append ending in `last` was sent, with `count` entries.
    void sent(LogIndex last, std::uint64_t count);
    /// The append that a probe waits for is taken for lost.
    void resume();

    /// As if an append were out: wait for a sign of life.
    void pause() { paused_ = true; }

    void become_probe();
    void become_snapshot();
    /// The snapshot stream ended; the peer now stands at `index` (its old match if it failed).
    void leave_snapshot(LogIndex index);

    /// Whether an append with entries may be sent now.
    bool may_send() const;

    NodeId peer() const { return peer_; }
    ProgressState state() const { return state_; }
    LogIndex match() const { return match_; }
    LogIndex next() const { return next_; }
    bool paused() const { return paused_; }
    std::uint32_t inflight() const { return inflight_count_; }

    /// Bookkeeping of the leader that obeys no rule of its own.
    MonoTime heard_at;             ///< last message of this leadership's term from the peer
    MonoTime sent_at;              ///< last append or heartbeat to the peer
    LogIndex commit_sent;          ///< commit index the last message gave it
    std::uint64_t read_acked = 0;  ///< highest read round it has answered
    /// Nothing was acknowledged since the last tick, though something is out: it may be lost.
    bool question_due = false;
    bool vote_granted = false;  ///< in the election that this node runs

private:
    void become_replicate();
    void release(LogIndex index);

    NodeId peer_;
    ProgressState state_ = ProgressState::probe;
    bool paused_ = false;  ///< probe: the one append is out
    LogIndex match_;
    LogIndex next_{1};
    std::vector<LogIndex> inflight_;  ///< ring of the last indexes of unanswered appends
    std::uint32_t inflight_first_ = 0;
    std::uint32_t inflight_count_ = 0;
};

}  // namespace geode::raft

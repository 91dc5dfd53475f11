// SPDX-License-Identifier: Apache-2.0
//
// Snapshots and compaction: the core decides who needs a snapshot and whether one is welcome; the
// host streams, stages and installs it.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/probe.h"
#include "consensus/raft/raft.h"

namespace geode::raft {

/// Refuses a snapshot that brings nothing: installed late, it would take the state machine and the
/// log back (camunda #6092). The answer lets the leader go on by appends.
void Raft::receive_snapshot_chunk(Message& message) {
    if (message.snapshot.index <= commit_) {
        GEODE_REACHED("raft.snapshot_not_needed");
        acknowledge_commit(message.from);
        return;
    }
    out_->snapshot_chunk = std::move(message);
}

/// What is committed here is in the leader's log, too. It may not be durable here yet, hence after.
void Raft::acknowledge_commit(NodeId to) {
    send_after_durable(MessageType::append_response, to).log_index = commit_;
}

void Raft::handle(const SnapshotInstalled& installed) {
    const SnapshotId id = installed.snapshot;
    if (id.index <= log_.start().index) return;
    if (log_.matches(id.index, id.term)) {
        // Appends arrived meanwhile, or the log held it all along: the entries after it stay.
        GEODE_REACHED("raft.snapshot_inside_log");
        commit_to(id.index);
        log_.compact(id);
        announce_log_start(false);
    } else {
        GEODE_ASSERT(role_ != Role::leader);
        GEODE_ASSERT_MSG(id.index > commit_, "a snapshot contradicts a committed entry");
        writes_.overwritten_from(log_.first_index());
        log_.reset(id);
        commit_to(id.index);
        announce_log_start(true);
    }
    writes_.covered_to(id.index);
    delivered_ = std::max(delivered_, id.index);
    applied_ = std::max(applied_, id.index);
    if (role_ == Role::follower && !leader_.is_none()) acknowledge_commit(leader_);
}

void Raft::handle(const SnapshotSent& sent) {
    Progress* peer = find_peer(sent.peer);
    if (role_ != Role::leader || peer == nullptr) return;
    if (peer->state() != ProgressState::snapshot) return;
    if (sent.ok) {
        peer->leave_snapshot(sent.snapshot.index);
        send_appends(*peer);
    } else {
        // The next try waits for a sign of life, else a dead peer would be sent to in a loop.
        peer->leave_snapshot(peer->match());
        peer->pause();
    }
}

void Raft::handle(const Compact& compact) {
    GEODE_ASSERT(compact.to.index <= applied_);
    if (compact.to.index <= log_.start().index) return;
    log_.compact(compact.to);
    announce_log_start(false);
}

void Raft::announce_log_start(bool discard) {
    // The first step after a restart may have announced a discard already; it must not be lost.
    const bool before = out_->log_start.has_value() && out_->log_start->discard;
    out_->log_start = LogStart{log_.start(), discard || before};
}

}  // namespace geode::raft

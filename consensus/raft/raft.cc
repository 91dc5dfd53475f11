// SPDX-License-Identifier: Apache-2.0
//
// Events, time and durability: the frame around the protocol's four parts (election.cc,
// replication.cc, read.cc, snapshot.cc).
#include "consensus/raft/raft.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/probe.h"

namespace geode::raft {
namespace {

/// The log that the restored state stands for: its own, or nothing after the state machine's
/// position if a snapshot was installed but the log not yet reset.
bool log_contradicts_snapshot(const Restored& restored) {
    const SnapshotId applied = restored.applied;
    if (applied.index == restored.snapshot.index) return applied != restored.snapshot;
    if (restored.entries.empty() || applied.index > restored.entries.back().index) return true;
    const std::size_t offset = (applied.index - restored.snapshot.index) - 1;
    return restored.entries[offset].term != applied.term;
}

Log restore_log(Restored& restored) {
    GEODE_ASSERT(restored.applied.index >= restored.snapshot.index);
    if (log_contradicts_snapshot(restored)) return Log(restored.applied, {});
    return Log(restored.snapshot, std::move(restored.entries));
}

void check_config(const Config& config) {
    GEODE_ASSERT(!config.self.is_none());
    GEODE_ASSERT(std::count(config.voters.begin(), config.voters.end(), config.self) == 1);
    GEODE_ASSERT(config.heartbeat_interval.count() > 0);
    GEODE_ASSERT(config.heartbeat_interval < config.election_timeout_min);
    GEODE_ASSERT(config.election_timeout_min <= config.election_timeout_max);
    GEODE_ASSERT(config.write_stall_max.count() >= 0);
    GEODE_ASSERT(config.append_entries_max > 0);
    GEODE_ASSERT(config.uncommitted_entries_max > 0);
    GEODE_ASSERT(config.unapplied_entries_max > 0);
}

}  // namespace

std::string_view to_string(Role role) noexcept {
    switch (role) {
        case Role::follower: return "follower";
        case Role::pre_candidate: return "pre_candidate";
        case Role::candidate: return "candidate";
        case Role::leader: return "leader";
    }
    return "?";
}

std::string_view to_string(MessageType type) noexcept {
    switch (type) {
        case MessageType::pre_vote: return "pre_vote";
        case MessageType::pre_vote_response: return "pre_vote_response";
        case MessageType::vote: return "vote";
        case MessageType::vote_response: return "vote_response";
        case MessageType::append: return "append";
        case MessageType::append_response: return "append_response";
        case MessageType::heartbeat: return "heartbeat";
        case MessageType::heartbeat_response: return "heartbeat_response";
        case MessageType::snapshot_chunk: return "snapshot_chunk";
        case MessageType::snapshot_ack: return "snapshot_ack";
        case MessageType::timeout_now: return "timeout_now";
    }
    return "?";
}

void Output::clear() {
    log_start.reset();
    hard_state.reset();
    entries.clear();
    write.reset();
    messages.clear();
    messages_after_durable.clear();
    committed.clear();
    reads_ready.clear();
    reads_rejected.clear();
    accepted.clear();
    proposals_rejected.clear();
    snapshot_needed.clear();
    snapshot_chunk.reset();
    snapshot_ack.reset();
    role_change.reset();
}

Raft::Raft(Config config, Restored restored, Prng prng)
    : config_(std::move(config)),
      prng_(prng),
      hard_state_(restored.hard_state),
      log_(restore_log(restored)),
      writes_(log_.last_index()),
      commit_(restored.applied.index),
      delivered_(restored.applied.index),
      applied_(restored.applied.index),
      log_dropped_(log_.start() != restored.snapshot) {
    check_config(config_);
    if (hard_state_.term < log_.last_term()) {
        // A snapshot may become durable before the term that it arrived in. No vote of ours in that
        // term can have left, since votes wait for their write.
        GEODE_REACHED("raft.snapshot_ahead_of_term");
        GEODE_ASSERT(log_dropped_);
        hard_state_ = HardState{log_.last_term(), NodeId()};
        hard_state_dirty_ = true;
    }
    std::sort(config_.voters.begin(), config_.voters.end());
    for (const NodeId voter : config_.voters) {
        if (voter != config_.self) peers_.emplace_back(voter, config_.inflight_messages_max);
    }
    match_scratch_.reserve(config_.voters.size());
}

void Raft::step(MonoTime now, Event&& event, Output& output) {
    begin(now, output);
    const RoleChange before{role_, term(), leader_};
    std::visit([this](auto& alternative) { handle(alternative); }, event);
    finish(before);
}

MonoTime Raft::deadline() const {
    return role_ == Role::leader ? heartbeat_deadline_ : election_deadline_;
}

const Progress* Raft::progress(NodeId peer) const {
    for (const Progress& candidate : peers_) {
        if (candidate.peer() == peer) return &candidate;
    }
    return nullptr;
}

Progress* Raft::find_peer(NodeId peer) {
    for (Progress& candidate : peers_) {
        if (candidate.peer() == peer) return &candidate;
    }
    return nullptr;
}

std::uint32_t Raft::quorum() const {
    return static_cast<std::uint32_t>(config_.voters.size() / 2 + 1);
}

void Raft::begin(MonoTime now, Output& output) {
    GEODE_ASSERT_MSG(now >= now_, "monotonic time went backwards");
    GEODE_ASSERT(out_ == nullptr);
    now_ = now;
    out_ = &output;
    output.clear();
    if (started_) return;
    started_ = true;
    arm_election_timer();
    if (log_dropped_) {
        GEODE_REACHED("raft.restored_log_dropped");
        announce_log_start(true);
    }
}

void Raft::finish(const RoleChange& before) {
    emit_committed();
    if (hard_state_dirty_) {
        out_->hard_state = hard_state_;
        hard_state_dirty_ = false;
    }
    const bool discards = out_->log_start.has_value() && out_->log_start->discard;
    if (out_->hard_state || discards || !out_->entries.empty()) {
        if (writes_.idle()) write_progress_at_ = now_;
        out_->write = writes_.issue(term(), log_.last_index());
    }
    const RoleChange after{role_, term(), leader_};
    if (after != before) out_->role_change = after;
    GEODE_ASSERT(applied_ <= delivered_);
    GEODE_ASSERT(delivered_ <= commit_);
    GEODE_ASSERT(commit_ <= log_.last_index());
    GEODE_ASSERT(writes_.durable() <= log_.last_index());
    GEODE_ASSERT(log_.start().index <= applied_);
    GEODE_ASSERT(log_.last_term() <= term());
    out_ = nullptr;
}

void Raft::emit_committed() {
    // Only what is durable here is applied: otherwise a restart could find a state machine ahead of
    // its log, and the log would have to be dropped.
    const LogIndex ready = std::min(commit_, writes_.durable());
    const LogIndex limit = std::min(ready, applied_ + config_.unapplied_entries_max);
    while (delivered_ < limit) {
        delivered_ = delivered_.next();
        out_->committed.push_back(log_.entry(delivered_));
    }
}

void Raft::commit_to(LogIndex index) {
    if (index <= commit_) return;
    GEODE_ASSERT(index <= log_.last_index());
    while (role_ == Role::leader && commit_ < index) {
        commit_ = commit_.next();
        GEODE_ASSERT(uncommitted_bytes_ >= log_.entry(commit_).payload_bytes());
        uncommitted_bytes_ -= log_.entry(commit_).payload_bytes();
    }
    commit_ = index;
}

Message& Raft::send(MessageType type, NodeId to) {
    Message& message = out_->messages.emplace_back();
    message.type = type;
    message.from = config_.self;
    message.to = to;
    message.term = term();
    return message;
}

Message& Raft::send_after_durable(MessageType type, NodeId to) {
    Message& message = out_->messages_after_durable.emplace_back();
    message.type = type;
    message.from = config_.self;
    message.to = to;
    message.term = term();
    return message;
}

void Raft::handle(const Tick&) {
    if (now_ < deadline()) return;
    if (role_ == Role::leader) {
        leader_tick();
    } else {
        campaign();
    }
}

void Raft::handle(Receive& receive) {
    Message& message = receive.message;
    if (!well_formed(message)) {
        GEODE_REACHED("raft.malformed_message");
        return;
    }
    if (accept_term(message)) dispatch(message);
}

void Raft::handle(const Persisted& persisted) {
    if (!writes_.persisted(persisted.token)) return;
    write_progress_at_ = now_;
    if (role_ == Role::candidate && vote_sequence_ <= writes_.persisted_sequence()) {
        count_votes();
    } else if (role_ == Role::leader) {
        advance_commit();
    }
}

void Raft::handle(const Applied& applied) {
    GEODE_ASSERT(applied.index <= delivered_);
    // A report that was under way when a snapshot overtook it says nothing new.
    applied_ = std::max(applied_, applied.index);
}

void Raft::handle(const PeerUnreachable& unreachable) {
    Progress* peer = find_peer(unreachable.peer);
    if (role_ != Role::leader || peer == nullptr) return;
    if (peer->state() == ProgressState::replicate) peer->become_probe();
}

void Raft::handle(const ForgetLeader&) {
    if (role_ == Role::follower) leader_ = NodeId();
}

}  // namespace geode::raft

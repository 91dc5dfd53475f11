// SPDX-License-Identifier: Apache-2.0
//
// Replication: Raft 5.3 and 5.4.2 with pipelining, batching and backtracking by term hints.
#include <algorithm>
#include <functional>
#include <utility>

#include "base/assert.h"
#include "base/probe.h"
#include "consensus/raft/raft.h"

namespace geode::raft {

void Raft::handle(const Propose& propose) {
    for (const Proposal& proposal : propose.proposals) {
        GEODE_ASSERT(proposal.payload != nullptr);
        const bool fits = role_ == Role::leader &&
                          log_.last_index() - commit_ < config_.uncommitted_entries_max &&
                          uncommitted_bytes_ < config_.uncommitted_bytes_max;
        if (!fits) {
            out_->proposals_rejected.push_back(proposal.context);
            continue;
        }
        append_as_leader(EntryType::command, proposal.payload);
        out_->accepted.push_back({proposal.context, log_.last_index(), term()});
    }
    if (role_ == Role::leader) broadcast_appends();
}

void Raft::append_as_leader(EntryType type, Payload payload) {
    GEODE_ASSERT(role_ == Role::leader);
    Entry entry{term(), log_.last_index().next(), type, std::move(payload)};
    uncommitted_bytes_ += entry.payload_bytes();
    out_->entries.push_back(entry);
    log_.append(std::move(entry));
}

void Raft::broadcast_appends() {
    for (Progress& peer : peers_) send_appends(peer);
}

void Raft::send_appends(Progress& peer) {
    while (peer.next() <= log_.last_index() && peer.may_send()) send_append(peer);
}

/// Sends what fits from peer.next() on, which may be nothing, or asks for a snapshot if that is
/// compacted away.
void Raft::send_append(Progress& peer) {
    GEODE_ASSERT(role_ == Role::leader);
    const LogIndex before = peer.next().prev();
    const std::optional<Term> before_term = log_.term_at(before);
    if (!before_term) {
        GEODE_ASSERT(before < log_.first_index());
        peer.become_snapshot();
        out_->snapshot_needed.push_back(peer.peer());
        return;
    }
    Message& message = send(MessageType::append, peer.peer());
    message.log_index = before;
    message.log_term = *before_term;
    message.commit = commit_;
    // A full window sends only the question whether `before` matches.
    const bool window_open = peer.may_send();
    std::uint64_t bytes = 0;
    LogIndex last = before;
    while (window_open && last < log_.last_index() &&
           message.entries.size() < config_.append_entries_max) {
        const Entry& entry = log_.entry(last.next());
        bytes += entry.payload_bytes();
        if (bytes > config_.append_bytes_max && !message.entries.empty()) break;
        message.entries.push_back(entry);
        last = entry.index;
    }
    peer.sent(last, message.entries.size());
    peer.sent_at = now_;
    peer.commit_sent = std::min(commit_, last);
}

void Raft::send_heartbeat(Progress& peer) {
    Message& message = send(MessageType::heartbeat, peer.peer());
    // Not beyond match: the peer may hold something else there.
    message.commit = std::min(peer.match(), commit_);
    message.read_sequence = read_round_;
    peer.sent_at = now_;
    peer.commit_sent = message.commit;
}

void Raft::leader_tick() {
    if (config_.check_quorum && !hears_quorum()) {
        GEODE_REACHED("raft.leader_lost_quorum");
        become_follower(term(), NodeId());
        return;
    }
    if (writes_stalled()) {
        // While it went on sending heartbeats nobody else would stand for election.
        GEODE_REACHED("raft.leader_write_stalled");
        become_follower(term(), NodeId());
        return;
    }
    heartbeat_deadline_ = saturating_add(now_, config_.heartbeat_interval);
    for (Progress& peer : peers_) {
        // An append of the last half interval did a heartbeat's work, unless it left something to
        // say: the commit index, a question for readers, or that an interval went by unanswered.
        const bool recent = now_ < saturating_add(peer.sent_at, config_.heartbeat_interval / 2);
        const bool knows_commit = peer.commit_sent >= std::min(peer.match(), commit_);
        const bool reads_wait = !reads_in_round_.empty() && peer.read_acked < read_round_;
        const bool behind = peer.match() < log_.last_index();
        const bool silent = behind && peer.question_due;
        peer.question_due = behind;
        if (recent && knows_commit && !reads_wait && !silent) continue;
        send_heartbeat(peer);
    }
}

bool Raft::hears_quorum() const {
    std::uint32_t heard = 1;
    for (const Progress& peer : peers_) {
        heard += now_ <= saturating_add(peer.heard_at, config_.election_timeout_max) ? 1 : 0;
    }
    return heard >= quorum();
}

bool Raft::writes_stalled() const {
    if (config_.write_stall_max == Duration(0) || peers_.empty() || writes_.idle()) return false;
    return now_ > saturating_add(write_progress_at_, config_.write_stall_max);
}

/// Commits what a quorum holds durably, if its last entry is of this term: an older entry may be
/// on a quorum and still be overwritten (Raft 5.4.2, figure 8).
void Raft::advance_commit() {
    GEODE_ASSERT(role_ == Role::leader);
    match_scratch_.clear();
    match_scratch_.push_back(writes_.durable());
    for (const Progress& peer : peers_) match_scratch_.push_back(peer.match());
    const auto nth = match_scratch_.begin() + static_cast<std::ptrdiff_t>(quorum() - 1);
    std::nth_element(match_scratch_.begin(), nth, match_scratch_.end(), std::greater<>());
    const LogIndex held = *nth;
    if (held <= commit_ || log_.term_at(held) != term()) return;
    const bool could_read = may_read();
    commit_to(held);
    if (!could_read) start_read_round();
}

void Raft::receive_append(Message& message) {
    const LogIndex last_new = message.log_index + message.entries.size();
    if (last_new <= commit_) {
        // Late, or sent before we compacted: everything in it is known to be in place.
        GEODE_REACHED("raft.append_below_commit");
        acknowledge_commit(message.from);
        return;
    }
    // What lies at or before our commit index cannot differ from the leader's log.
    std::size_t skip = 0;
    if (message.log_index < commit_) {
        skip = static_cast<std::size_t>(commit_ - message.log_index);
    } else if (!log_.matches(message.log_index, message.log_term)) {
        const SnapshotId hint = log_.last_at_most(message.log_index, message.log_term);
        Message& answer = send(MessageType::append_response, message.from);
        answer.reject = true;
        answer.log_index = message.log_index;
        const bool below_commit = hint.index < commit_;
        answer.hint_index = below_commit ? commit_ : hint.index;
        answer.log_term = below_commit ? *log_.term_at(commit_) : hint.term;
        return;
    }
    store_entries(message, skip);
    commit_to(std::min(message.commit, last_new));
    send_after_durable(MessageType::append_response, message.from).log_index = last_new;
}

/// Takes over the entries from `skip` on, overwriting from the first that differs. Entries that
/// are there already stay, with whatever follows them: the message may be an old one.
void Raft::store_entries(Message& message, std::size_t skip) {
    std::vector<Entry>& entries = message.entries;
    std::size_t first = skip;
    while (first < entries.size() && log_.matches(entries[first].index, entries[first].term)) {
        ++first;
    }
    if (first == entries.size()) return;
    const LogIndex index = entries[first].index;
    GEODE_ASSERT_MSG(index > commit_, "a leader contradicts a committed entry");
    if (index <= log_.last_index()) {
        GEODE_REACHED("raft.suffix_overwritten");
        writes_.overwritten_from(index);
        log_.truncate_after(index.prev());
    }
    for (std::size_t i = first; i < entries.size(); ++i) {
        out_->entries.push_back(entries[i]);
        log_.append(std::move(entries[i]));
    }
}

void Raft::receive_append_response(const Message& message) {
    if (role_ != Role::leader) return;
    Progress& peer = *find_peer(message.from);
    if (message.reject) {
        const SnapshotId guess = log_.last_at_most(message.hint_index, message.log_term);
        if (peer.refuse(message.log_index, guess.index.next())) send_appends(peer);
        return;
    }
    if (message.log_index > log_.last_index()) {
        GEODE_REACHED("raft.acknowledgement_beyond_log");
        return;
    }
    if (peer.acknowledge(message.log_index, log_.start().index)) advance_commit();
    send_appends(peer);
}

void Raft::receive_heartbeat(const Message& message) {
    // The leader never names more than we acknowledged; a disk that forgot it is not ours to trust.
    commit_to(std::min(message.commit, log_.last_index()));
    Message& answer = send(MessageType::heartbeat_response, message.from);
    answer.read_sequence = message.read_sequence;
}

void Raft::receive_heartbeat_response(const Message& message) {
    if (role_ != Role::leader) return;
    Progress& peer = *find_peer(message.from);
    peer.read_acked = std::max(peer.read_acked, message.read_sequence);
    advance_reads();
    if (!peer.question_due) return;
    // The peer lives, but has acknowledged nothing since the last tick: what was sent may be lost.
    // Asking where the logs agree finds out, even when everything is on its way or the
    // window is full. Once per interval: rounds of heartbeats for reads do not repeat it.
    peer.question_due = false;
    peer.resume();
    if (peer.match() == log_.last_index() || peer.state() == ProgressState::snapshot) return;
    send_append(peer);
}

}  // namespace geode::raft

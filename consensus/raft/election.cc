// SPDX-License-Identifier: Apache-2.0
//
// Elections: Raft 5.2 and 5.4.1, pre-vote (dissertation 9.6), and the leader's lease on votes that
// check-quorum makes safe to grant. Every change of role goes through change_role().
#include "base/assert.h"
#include "base/probe.h"
#include "consensus/raft/raft.h"

namespace geode::raft {

void Raft::arm_election_timer() {
    const Duration timeout =
        prng_.between(config_.election_timeout_min, config_.election_timeout_max);
    election_deadline_ = saturating_add(now_, timeout);
}

/// Whether a leader is known to be there: by us being it (a leader that lost its quorum resigns by
/// itself, if it checks), or by having heard it within the shortest time after which anybody may
/// run against it.
bool Raft::hears_leader() const {
    if (role_ == Role::leader) return true;
    if (leader_.is_none()) return false;
    return now_ < saturating_add(leader_heard_at_, config_.election_timeout_min);
}

void Raft::change_role(Role to) {
    switch (to) {
        case Role::follower: break;
        case Role::pre_candidate: GEODE_ASSERT(role_ != Role::leader); break;
        case Role::candidate: GEODE_ASSERT(role_ != Role::leader); break;
        case Role::leader: GEODE_ASSERT(role_ == Role::candidate); break;
    }
    role_ = to;
}

void Raft::become_follower(Term term, NodeId leader) {
    GEODE_ASSERT(term >= hard_state_.term);
    if (term > hard_state_.term) {
        hard_state_ = HardState{term, NodeId()};
        hard_state_dirty_ = true;
    }
    if (role_ == Role::leader) {
        reject_reads();
        arm_election_timer();
    }
    change_role(Role::follower);
    leader_ = leader;
}

void Raft::campaign() {
    GEODE_ASSERT(role_ != Role::leader);
    if (config_.pre_vote) {
        start_pre_vote();
    } else {
        start_election();
    }
}

/// Asks who would vote for us, without raising the term: a node that cannot win disturbs nobody.
void Raft::start_pre_vote() {
    change_role(Role::pre_candidate);
    leader_ = NodeId();
    arm_election_timer();
    for (Progress& peer : peers_) peer.vote_granted = false;
    request_votes(MessageType::pre_vote, Term(term().value() + 1));
    count_votes();
}

void Raft::start_election() {
    change_role(Role::candidate);
    leader_ = NodeId();
    arm_election_timer();
    hard_state_ = HardState{Term(term().value() + 1), config_.self};
    hard_state_dirty_ = true;
    vote_sequence_ = writes_.next_sequence();
    for (Progress& peer : peers_) peer.vote_granted = false;
    // Our own vote must be durable before anybody can count on it, so not even the requests leave
    // earlier; it is counted in Persisted.
    request_votes(MessageType::vote, term());
}

void Raft::request_votes(MessageType type, Term term) {
    for (const Progress& peer : peers_) {
        Message& message = type == MessageType::pre_vote ? send(type, peer.peer())
                                                         : send_after_durable(type, peer.peer());
        message.term = term;
        message.log_index = log_.last_index();
        message.log_term = log_.last_term();
    }
}

void Raft::count_votes() {
    GEODE_ASSERT(role_ == Role::pre_candidate || role_ == Role::candidate);
    const bool own = role_ == Role::pre_candidate || vote_sequence_ <= writes_.persisted_sequence();
    std::uint32_t granted = own ? 1 : 0;
    for (const Progress& peer : peers_) granted += peer.vote_granted ? 1 : 0;
    if (granted < quorum()) return;
    if (role_ == Role::pre_candidate) {
        start_election();
    } else {
        become_leader();
    }
}

void Raft::become_leader() {
    GEODE_ASSERT(hard_state_.vote == config_.self);
    GEODE_ASSERT(vote_sequence_ <= writes_.persisted_sequence());
    GEODE_ASSERT(reads_in_round_.empty() && reads_waiting_.empty());
    change_role(Role::leader);
    leader_ = config_.self;
    for (Progress& peer : peers_) peer.reset(log_.last_index().next(), now_);
    uncommitted_bytes_ = 0;
    for (LogIndex index = commit_; index < log_.last_index();) {
        index = index.next();
        uncommitted_bytes_ += log_.entry(index).payload_bytes();
    }
    append_as_leader(EntryType::noop, nullptr);
    term_start_ = log_.last_index();
    heartbeat_deadline_ = saturating_add(now_, config_.heartbeat_interval);
    broadcast_appends();
}

void Raft::receive_vote_request(const Message& message) {
    const bool pre_vote = message.type == MessageType::pre_vote;
    const bool free_to_vote = hard_state_.vote.is_none() && leader_.is_none();
    const bool willing =
        hard_state_.vote == message.from || free_to_vote || (pre_vote && message.term > term());
    const bool grant = willing && log_.is_up_to_date(message.log_index, message.log_term);
    if (pre_vote) {
        Message& answer = send(MessageType::pre_vote_response, message.from);
        answer.reject = !grant;
        if (grant) answer.term = message.term;
        return;
    }
    GEODE_ASSERT(message.term == term());
    if (grant) {
        GEODE_ASSERT(role_ == Role::follower || role_ == Role::pre_candidate);
        if (hard_state_.vote != message.from) {
            hard_state_.vote = message.from;
            hard_state_dirty_ = true;
        }
        become_follower(term(), NodeId());
        arm_election_timer();
    }
    send_after_durable(MessageType::vote_response, message.from).reject = !grant;
}

void Raft::receive_vote_response(const Message& message) {
    const bool pre_vote = message.type == MessageType::pre_vote_response;
    if (role_ != (pre_vote ? Role::pre_candidate : Role::candidate)) return;
    if (message.reject) return;
    if (pre_vote && message.term != Term(term().value() + 1)) {
        GEODE_REACHED("raft.stale_pre_vote_grant");
        return;
    }
    find_peer(message.from)->vote_granted = true;
    count_votes();
}

}  // namespace geode::raft

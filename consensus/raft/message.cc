// SPDX-License-Identifier: Apache-2.0
//
// Which messages count: form, then term (Raft 5.1), then type.
#include <utility>

#include "base/assert.h"
#include "base/probe.h"
#include "consensus/raft/raft.h"

namespace geode::raft {
namespace {

/// Only the leader of a term sends these, so they name it.
bool is_from_leader(MessageType type) {
    return type == MessageType::append || type == MessageType::heartbeat ||
           type == MessageType::snapshot_chunk;
}

bool entries_well_formed(const Message& message) {
    LogIndex index = message.log_index;
    Term term = message.log_term;
    for (const Entry& entry : message.entries) {
        if (entry.index != index.next() || entry.term < term || entry.term.is_none()) return false;
        index = entry.index;
        term = entry.term;
    }
    return term <= message.term;
}

}  // namespace

bool Raft::well_formed(const Message& message) const {
    if (message.to != config_.self || progress(message.from) == nullptr) return false;
    if (message.term.is_none() && message.type != MessageType::pre_vote_response) return false;
    return message.type != MessageType::append || entries_well_formed(message);
}

/// Adopts a higher term, answers or drops a lower one. Returns whether the message is to be handled
/// in the current term.
bool Raft::accept_term(const Message& message) {
    if (message.term < term()) {
        answer_stale(message);
        return false;
    }
    const bool pre_vote = message.type == MessageType::pre_vote;
    const bool asks_vote = message.type == MessageType::vote;
    // A node that still hears its leader lends nobody its vote, nor does it let a node that was cut
    // off and comes back with a high term depose the leader (dissertation 4.2.3, 9.6).
    if ((pre_vote || (asks_vote && config_.check_quorum)) && message.term > term() &&
        hears_leader()) {
        GEODE_REACHED("raft.vote_request_ignored");
        return false;
    }
    if (message.term == term() || pre_vote) return true;
    // A grant carries the term that the pre-candidate asked for, which nobody has entered yet.
    if (message.type == MessageType::pre_vote_response && !message.reject) return true;
    become_follower(message.term, is_from_leader(message.type) ? message.from : NodeId());
    return true;
}

/// Tells a sender that lives in an earlier term about ours. Without it a leader or candidate of an
/// earlier term could wait forever for a node that refuses to follow it (etcd PR 8334).
void Raft::answer_stale(const Message& message) {
    switch (message.type) {
        case MessageType::pre_vote:
            send(MessageType::pre_vote_response, message.from).reject = true;
            break;
        case MessageType::vote:
            send_after_durable(MessageType::vote_response, message.from).reject = true;
            break;
        case MessageType::append:
        case MessageType::heartbeat:
        case MessageType::snapshot_chunk:
            GEODE_REACHED("raft.stale_leader_answered");
            send(MessageType::heartbeat_response, message.from).reject = true;
            break;
        default: break;  // an answer to a question of an earlier term
    }
}

void Raft::dispatch(Message& message) {
    if (is_from_leader(message.type)) {
        GEODE_ASSERT_MSG(role_ != Role::leader, "two leaders in one term");
        GEODE_ASSERT_MSG(leader_.is_none() || leader_ == message.from, "two leaders in one term");
        become_follower(term(), message.from);
        leader_heard_at_ = now_;
        arm_election_timer();
    } else if (role_ == Role::leader) {
        if (message.term == term()) find_peer(message.from)->heard_at = now_;
    }
    switch (message.type) {
        case MessageType::pre_vote:
        case MessageType::vote: receive_vote_request(message); break;
        case MessageType::pre_vote_response:
        case MessageType::vote_response: receive_vote_response(message); break;
        case MessageType::append: receive_append(message); break;
        case MessageType::append_response: receive_append_response(message); break;
        case MessageType::heartbeat: receive_heartbeat(message); break;
        case MessageType::heartbeat_response: receive_heartbeat_response(message); break;
        case MessageType::snapshot_chunk: receive_snapshot_chunk(message); break;
        case MessageType::snapshot_ack:
            if (role_ == Role::leader) out_->snapshot_ack = std::move(message);
            break;
        case MessageType::timeout_now: break;  // reserved
    }
}

}  // namespace geode::raft

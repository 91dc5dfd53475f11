// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Raft cores exchange: log entries, durable state, messages.
//
// These are plain values. A message is one flat struct whose fields mean what its type says below:
// flat, because an idle cluster's heartbeats must cost no allocation, and because a wire schema
// maps onto it field by field. Payloads are opaque and shared, so that an entry is never copied on
// its way from a proposal through the log, the sends to every peer and the state machine.
//
// Room is kept for, but nothing here builds: configuration entries, learners, witnesses, leases,
// leadership transfer (`timeout_now` is reserved and ignored).
//
// Source: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended
// version), figure 2; Ongaro's dissertation, 6.4 (reads), 9.6 (pre-vote), 10.2.1 (parallel write).

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace geode::raft {

/// Opaque contents of an entry or of a snapshot chunk; null for a no-op.
using Payload = std::shared_ptr<const Bytes>;

enum class EntryType : std::uint8_t {
    noop = 1,     ///< the first entry of every term; nothing to apply
    command = 2,  ///< a proposal
};

struct Entry {
    Term term;
    LogIndex index;
    EntryType type = EntryType::noop;
    Payload payload;

    std::uint64_t payload_bytes() const { return payload == nullptr ? 0 : payload->size(); }
};

/// What must be durable before a vote, an acknowledgement or a vote request leaves. Written
/// together: a term without its vote allows a second vote after a crash.
struct HardState {
    Term term;
    NodeId vote;  ///< none: no vote given in `term`
    friend bool operator==(const HardState&, const HardState&) = default;
};

/// A position of the log together with its term, which names the whole prefix up to it.
struct SnapshotId {
    LogIndex index;
    Term term;
    friend bool operator==(const SnapshotId&, const SnapshotId&) = default;
};

enum class MessageType : std::uint8_t {
    /// log_index, log_term: the candidate's last entry. `term` is the term it would campaign in.
    pre_vote = 1,
    /// reject. A grant carries the requested term, a refusal the voter's own.
    pre_vote_response = 2,
    /// log_index, log_term: the candidate's last entry.
    vote = 3,
    /// reject.
    vote_response = 4,
    /// log_index, log_term: the entry before `entries`; commit: the leader's commit index.
    append = 5,
    /// Accepted: log_index is the last entry known to match and durable. Rejected: log_index is the
    /// refused one, (hint_index, log_term) the sender's last position that may match.
    append_response = 6,
    /// commit: min(match of the receiver, the leader's commit); read_sequence: the current round.
    heartbeat = 7,
    /// read_sequence: as received. reject: the sender's term is higher.
    heartbeat_response = 8,
    /// snapshot, chunk_stream, chunk_sequence, chunk, chunk_done. Built by the leader's host.
    snapshot_chunk = 9,
    /// snapshot, chunk_stream, chunk_sequence, reject, chunk_done. Built by the follower's host.
    snapshot_ack = 10,
    /// Reserved for leadership transfer.
    timeout_now = 11,
};

struct Message {
    MessageType type = MessageType::heartbeat;
    bool reject = false;
    bool chunk_done = false;  ///< the last chunk; in an ack: the snapshot is installed
    NodeId from;
    NodeId to;
    Term term;  ///< the sender's, except in pre_vote and its grant
    LogIndex log_index;
    Term log_term;
    LogIndex hint_index;
    LogIndex commit;
    std::uint64_t read_sequence = 0;
    std::vector<Entry> entries;
    SnapshotId snapshot;
    std::uint64_t chunk_stream = 0;    ///< 1, 2, 3, ... within one life of the sending host
    std::uint64_t chunk_sequence = 0;  ///< 0, 1, 2, ... within one stream
    Payload chunk;
};

enum class Role : std::uint8_t { follower = 1, pre_candidate = 2, candidate = 3, leader = 4 };

std::string_view to_string(Role role) noexcept;
std::string_view to_string(MessageType type) noexcept;

}  // namespace geode::raft

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Snapshots between nodes: chunks of the leader's state to a peer that is too far behind its log.
//
// The sender keeps one stable view per peer and sends one chunk at a time, again and again until it
// is acknowledged: a lost chunk, a lost acknowledgement or a new connection cost one repetition,
// not the transfer. It gives up when it no longer leads in the same term, when the core has found
// another way to the peer, or after `silence_max` without an acknowledgement.
//
// The receiver stages chunks in order beside the state it has and switches when the last has come
// (state_machine.h); until then nothing of the old state is touched. Chunks repeated are
// acknowledged again, chunks of another snapshot start over.

#include <deque>
#include <map>
#include <optional>

#include "consensus/raft/types.h"
#include "runtime/sync.h"

namespace geode::node {

class RaftHost;

class SnapshotSender {
public:
    static constexpr Duration repeat_after = milliseconds(500);
    static constexpr Duration silence_max = seconds(10);

    explicit SnapshotSender(RaftHost& host);

    /// Starts a stream to `peer`, once an older one has wound down; one per peer at a time. Ends
    /// with SnapshotSent to the core, which does not ask again before.
    void start(NodeId peer);
    /// A peer's snapshot_ack. Never suspends.
    void acknowledged(const raft::Message& ack);

private:
    struct Stream {
        explicit Stream(World& world) : changed(world) {}
        raft::SnapshotId snapshot;
        std::uint64_t sequence = 0;  ///< of the chunk that is out
        bool acked = false;
        bool installed = false;
        bool refused = false;
        Condition changed;
    };
    void run(NodeId peer, Term term);
    bool stream(NodeId peer, Term term, Stream& stream);
    bool send_chunk(NodeId peer, Term term, Stream& stream, raft::Payload chunk, bool done);
    bool still_wanted(NodeId peer, Term term) const;

    RaftHost& host_;
    std::map<NodeId, Stream*> streams_;
    Condition ended_;  ///< some stream has left streams_
};

class SnapshotReceiver {
public:
    /// Chunks waiting to be staged; more are dropped and will be repeated.
    static constexpr std::size_t queue_chunks_max = 4;

    explicit SnapshotReceiver(RaftHost& host);
    void start();
    /// A leader's snapshot_chunk that the core has let through. Never suspends.
    void received(raft::Message chunk);

private:
    void run();
    Result<void> stage(const raft::Message& chunk);
    Result<bool> finish(raft::SnapshotId snapshot);
    void answer(const raft::Message& chunk, bool reject, bool installed);

    RaftHost& host_;
    std::deque<raft::Message> chunks_;
    Condition work_;
    std::optional<raft::SnapshotId> staging_;
    NodeId staging_from_;
    Term staging_term_;
    std::uint64_t next_sequence_ = 0;
};

}  // namespace geode::node

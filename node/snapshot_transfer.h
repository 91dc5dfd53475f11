// SPDX-License-Identifier: Apache-2.0
#pragma once

// Snapshots between nodes: chunks of the leader's state to a peer that is too far behind its log.
//
// The sender keeps one stable view per peer and a few chunks under way. They are acknowledged in
// order, and those that are not are sent again after a while: a lost chunk, a lost acknowledgement
// or a new connection cost one repetition, not the transfer. It gives up when it no longer leads in
// the same term, when the core has found another way to the peer, or after `silence_max` without
// progress. While it runs the log behind its snapshot is not compacted, within limits, because the
// peer would need another snapshot at its end.
//
// The receiver stages chunks in order beside the state it has and switches when the last has come
// (state_machine.h); until then nothing of the old state is touched. Chunks repeated are
// acknowledged again, also after the switch; chunks after a gap wait for their repetition; those of
// a newer stream start over, those of an older one are dropped. A stream has a number of its own:
// two of the same snapshot may be cut differently.

#include <deque>
#include <map>
#include <optional>

#include "consensus/raft/types.h"
#include "node/state_machine.h"
#include "runtime/sync.h"

namespace geode::node {

class RaftHost;

/// Chunks of one stream under way.
inline constexpr std::size_t snapshot_window_chunks = 4;

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
    /// The oldest snapshot being sent, whose peer will need the log after it.
    std::optional<LogIndex> oldest() const;

private:
    struct Chunk {
        std::uint64_t sequence = 0;
        raft::Payload bytes;
        bool done = false;
    };
    struct Stream {
        Stream(World& world, NodeId to, Term in, std::uint64_t with)
            : peer(to), term(in), number(with), changed(world) {}
        NodeId peer;
        Term term;
        std::uint64_t number;
        raft::SnapshotId snapshot;
        std::deque<Chunk> window;  ///< sent, not acknowledged
        std::uint64_t made = 0;    ///< chunks cut so far
        std::uint64_t staged = 0;  ///< chunks that the peer has
        bool installed = false;
        bool refused = false;
        Condition changed;
    };
    void run(NodeId peer, Term term);
    bool send_all(Stream& stream);
    Result<void> fill(Stream& stream, StateMachine::Snapshot& snapshot, bool& complete);
    bool await_progress(Stream& stream);
    void send(const Stream& stream, const Chunk& chunk);
    bool still_wanted(const Stream& stream) const;

    RaftHost& host_;
    std::uint64_t next_number_ = 1;
    std::map<NodeId, Stream*> streams_;
    Condition ended_;  ///< some stream has left streams_
};

class SnapshotReceiver {
public:
    /// Chunks waiting to be staged; more are dropped and will be repeated.
    static constexpr std::size_t queue_chunks_max = 2 * snapshot_window_chunks;

    explicit SnapshotReceiver(RaftHost& host);
    void start();
    /// A leader's snapshot_chunk that the core has let through. Never suspends.
    void received(raft::Message chunk);

private:
    /// Names one stream of one sender.
    struct StreamId {
        NodeId from;
        Term term;
        std::uint64_t number = 0;
        raft::SnapshotId snapshot;
        friend bool operator==(const StreamId&, const StreamId&) = default;
    };
    static StreamId stream_of(const raft::Message& chunk);

    void run();
    Result<void> handle(const raft::Message& chunk);
    Result<void> handle_other(const raft::Message& chunk);
    Result<void> stage(const raft::Message& chunk);
    Result<bool> finish(raft::SnapshotId snapshot);
    enum class Answer : std::uint8_t { staged, installed, refused };
    void answer(const raft::Message& chunk, Answer answer);

    RaftHost& host_;
    std::deque<raft::Message> chunks_;
    Condition work_;
    std::optional<StreamId> staging_;
    std::uint64_t next_sequence_ = 0;    ///< of the stream being staged
    std::optional<StreamId> installed_;  ///< the last one that was completed
    struct Stray {
        StreamId stream;
        std::uint64_t sequence = 0;
    };
    std::optional<Stray> stray_;  ///< a chunk of a stream whose beginning we do not have
};

}  // namespace geode::node

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Node: one Geode server — log, state, Raft, peers and clients — over a World.
//
// The same object code runs in geode-sim and geode-node. A Node lives in fibers of its World; its
// owner opens it from one of them and keeps it until the World has died:
//
//     world.spawn("node", [&] {
//         auto node = Node::open(world, options);        // locks, recovers, listens
//         if (node) holder = std::move(*node);
//     });
//     ...
//     scheduler.kill(world.fibers());                    // crash, or the end after shutdown()
//     holder.reset();                                    // never suspends
//
// What survives a crash: every write acknowledged to a client, the Raft term and vote, the log
// behind them and the state machine up to some applied index at or below the log's end.

#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "consensus/raft/raft.h"
#include "runtime/world.h"

namespace geode::node {

struct Member {
    Address cluster;  ///< where peers reach it (3142)
    Address client;   ///< where clients reach it (3141)
};

/// Sees every step of a node's Raft core, from the fiber that made it; must not suspend. The
/// simulator checks its invariants here; production passes none.
class StepObserver {
public:
    virtual ~StepObserver() = default;
    /// A life begins with what was recovered from disk; called before its first step.
    virtual void restored(NodeId node, const raft::Raft& core) = 0;
    virtual void stepped(NodeId node, const raft::Raft& core, const raft::Output& output) = 0;
};

struct NodeOptions {
    std::string cluster = "geode";  ///< name; data and peers of another cluster are refused
    NodeId self;
    std::map<NodeId, Member> members;  ///< all voters, this node among them
    Address listen_cluster;            ///< empty host: members[self].cluster
    Address listen_client;             ///< empty host: members[self].client

    Duration election_timeout_min = milliseconds(150);
    Duration election_timeout_max = milliseconds(300);
    Duration heartbeat_interval = milliseconds(50);
    std::uint32_t inflight_messages_max = 64;  ///< unacknowledged appends per peer, 1..
    std::uint32_t append_entries_max = 256;    ///< per message, 1..
    std::uint64_t append_bytes_max = 1 << 20;  ///< per message, of payload

    std::uint64_t log_segment_bytes = 16 << 20;  ///< size at which a log segment is closed
    /// Waiting for the log's disk, some windows' worth; over it writes are refused as `overloaded`,
    /// and appends dropped.
    std::uint64_t log_backlog_bytes_max = 64 << 20;
    std::uint64_t compact_bytes = 64 << 20;       ///< applied payload bytes between compactions
    std::uint64_t compact_entries = 100'000;      ///< or entries, whichever comes first
    std::uint64_t compact_keep_entries = 10'000;  ///< left in the log for slow followers
    std::size_t state_write_buffer_bytes = 4 << 20;
    std::uint64_t snapshot_chunk_bytes = 256 << 10;
    /// Least recently used beyond it expire; what the leader of a registration says counts.
    std::uint32_t sessions_max = 10'000;
    Duration request_timeout = seconds(10);  ///< when a client names none

    std::uint32_t requests_max = 4096;             ///< under way; connections are held back beyond
    std::uint64_t requests_bytes_max = 256 << 20;  ///< of them together
    std::uint32_t client_requests_max = 256;       ///< under way of one connection
    std::uint64_t client_bytes_max = 8 << 20;      ///< of them together
    std::uint32_t clients_max = 1024;              ///< connections; the idlest goes for a new one
    Duration client_hello_timeout = seconds(10);   ///< for a new connection's first request
    Duration client_idle_timeout = seconds(300);   ///< then, while nothing of it is under way

    StepObserver* observer = nullptr;
};

struct PeerStatus {
    NodeId node;
    LogIndex match;            ///< leader only
    Duration since_heard{-1};  ///< negative: never
};

struct NodeStatus {
    NodeId node;
    std::string cluster;
    raft::Role role = raft::Role::follower;
    Term term;
    NodeId leader;  ///< 0: unknown
    LogIndex commit, applied, first, last;
    std::vector<PeerStatus> peers;
    bool healthy = false;  ///< log and state accept work
};

class Node {
public:
    /// Takes the data directory's lock, recovers log and state, listens on both ports and joins
    /// its group. Suspends. On error nothing is left running and an existing foreign directory is
    /// unchanged: `invalid_argument` (options), `locked`, `foreign_data`, `unsupported`,
    /// `corrupt`, `io_error`, `disk_full`, `address_in_use`.
    static Result<std::unique_ptr<Node>> open(World& world, NodeOptions options);

    /// Drops everything without waiting; call after the fibers are gone. Never suspends.
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Refuses new requests, waits until those under way are answered or `deadline`, then makes
    /// log and state durable and closes all connections. Suspends.
    Result<void> shutdown(MonoTime deadline);

    NodeStatus status() const;

    /// Suspends until the node can no longer serve (a failed disk) and returns why.
    Error wait_failed();

    /// Digest over every key and value of the applied state with the index it belongs to.
    /// Suspends. Equal on all replicas that applied the same index.
    Result<std::pair<LogIndex, std::uint64_t>> digest();

private:
    struct Parts;
    explicit Node(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace geode::node

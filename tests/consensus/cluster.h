// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cluster: Raft cores with model hosts, for scripts and random schedules.
//
// Each node has a disk (what is durable), a queue of writes under way, a state machine that is
// durable as soon as it applies, and the messages waiting for durability. Messages in flight are
// one list; whoever drives the cluster chooses which to deliver, drop or repeat, which writes
// complete, who crashes and how time passes. Every step of every node goes through the
// InvariantChecker.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/raft/invariants.h"
#include "consensus/raft/raft.h"

namespace geode::raft::test {

/// What survives a crash.
struct NodeDisk {
    HardState hard_state;
    SnapshotId log_start;
    std::vector<Entry> entries;
    SnapshotId applied;               ///< the state machine's position
    std::vector<std::string> states;  ///< what it applied: states[i] is the payload at index i + 1

    void write(const Output& output);
    void truncate_prefix(SnapshotId to);
};

struct ModelNode {
    NodeId id;
    Config config;
    NodeDisk disk;
    std::unique_ptr<Raft> raft;  ///< null while crashed
    std::deque<Output> writes;   ///< under way, with the messages that wait for them
    std::uint64_t life = 0;
    bool hold_apply = false;
    std::deque<Entry> unapplied;
};

class Cluster {
public:
    using Observer = std::function<void(const ModelNode&, const Output&)>;

    explicit Cluster(std::uint64_t seed) : prng_(seed) {}

    ModelNode& add_node(const Config& config);
    /// Starts a life of `node` from its disk.
    void start(NodeId node);
    /// Ends it; the first `writes_kept` writes under way reach the disk, the others are lost.
    void crash(NodeId node, std::size_t writes_kept);

    void step(NodeId node, Event event);
    /// Ticks if the deadline is reached.
    void tick(NodeId node);
    /// Completes the oldest `count` writes, reported by one Persisted.
    void persist(NodeId node, std::size_t count);
    /// Takes a message out of flight and hands it over; lost if the target is down or cut off.
    void deliver(std::size_t position);
    void apply(NodeId node);
    void compact(NodeId node, LogIndex to);
    /// Leader: stream to `peer` what the state machine holds; one chunk.
    void send_snapshot(NodeId node, NodeId peer);

    void cut(NodeId node) { cut_[node] = true; }
    void heal() { cut_.clear(); }
    bool is_cut(NodeId node) const { return cut_.contains(node); }

    ModelNode& node(NodeId id);
    const std::map<NodeId, ModelNode>& nodes() const { return nodes_; }
    std::vector<Message>& in_flight() { return in_flight_; }
    const std::string& violation() const { return violation_; }
    const InvariantChecker& checker() const { return checker_; }

    MonoTime now = MonoTime(seconds(1));
    Observer observer;
    bool auto_snapshot = true;  ///< serve snapshot_needed at once

private:
    void carry_out(ModelNode& node, Output& output);
    void finish_write(ModelNode& node, Output& write);
    void receive_chunk(ModelNode& node, const Message& chunk);
    void note(const std::optional<std::string>& violation);
    void post(Message message);

    Prng prng_;
    std::map<NodeId, ModelNode> nodes_;
    std::map<NodeId, bool> cut_;
    std::vector<Message> in_flight_;
    InvariantChecker checker_;
    std::string violation_;
    Output output_;
};

Payload make_payload(std::string_view text);
Entry make_command(LogIndex index, Term term, std::string_view text);

}  // namespace geode::raft::test

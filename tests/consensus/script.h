// SPDX-License-Identifier: Apache-2.0
#pragma once

// Script: runs one interaction script over a Cluster and returns what happened as text.
//
// A script is a file of blocks: a command line or several, "----", the expected output, an empty
// line. Lines beginning with '#' tell the story. Time stands still except in `campaign`, `tick` and
// `time`; messages and writes stay under way until a command moves them.
//
//   nodes N [pre_vote=off] [check_quorum=off] [inflight=N] [batch=N] [apply=N] [uncommitted=N]
//           [reads=N] [bytes=N] [stall=MS]         begins anew with N nodes
//   log N terms=1,1,4 [start=I/T] [term=T] [vote=N] [applied=I]   restarts node N from that disk
//   campaign N         advances time to the node's deadline and ticks it alone
//   tick N             the same for a leader's heartbeat; `time 50ms` advances without ticking
//   propose N a b      `read N context`      `compact N index`      `crash N [keep]`  `start N`
//   persist N [count]  completes writes       `apply N` / `hold N` / `release N`: the state machine
//   deliver A->B [type] [count]   `drop ...` the same   `dup A->B [type]` repeats the first match
//   stabilize [N ...]  persists and delivers among these nodes until nothing moves
//   cut N  `heal`  `unreachable N PEER`  `forget N`  `snapshot-failed N PEER`  `hold-snapshots`
//   inject type from=A to=B term=T [log=I/T] [hint=I] [commit=I] [entries=T,T] [reject] [read=N]
//          [snapshot=I/T]
//   status [N ...]     `show-log [N ...]`     `messages`     `quiet COMMAND ...` prints nothing

#include <string>
#include <vector>

#include "tests/consensus/cluster.h"

namespace geode::raft::test {

class Script {
public:
    /// Runs one command line; returns its output, lines ending in '\n'.
    std::string run(const std::string& line);
    const std::string& violation() const { return cluster_.violation(); }

private:
    using Words = std::vector<std::string>;
    void dispatch(const Words& words);
    bool dispatch_flow(const Words& words);
    bool dispatch_node(const Words& words);
    bool dispatch_view(const Words& words);

    void add_nodes(const Words& words);
    void set_log(const Words& words);
    void advance_to_deadline(NodeId node);
    void propose(const Words& words);
    void move(const Words& words);
    void stabilize(const Words& words);
    void inject(const Words& words);
    void status(NodeId node);
    void show_log(NodeId node);

    bool persist_some(const std::vector<NodeId>& nodes);
    bool deliver_some(const std::vector<NodeId>& nodes);
    void deliver_at(std::size_t position);
    std::vector<NodeId> node_list(const Words& words) const;
    void observe(const ModelNode& node, const Output& output);
    void print(std::string line);

    Cluster cluster_{1};
    std::string out_;
    std::uint64_t next_context_ = 100;
};

}  // namespace geode::raft::test

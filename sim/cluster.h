// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cluster: N servers n1..nN and M clients c1..cM in one Simulation, and what is watched over them.
//
// Servers run the production node::Node; a crash takes one through SimNode's protocol and boot()
// starts it again on the same disk. Every step of every Raft core goes through the invariant
// checker; the first broken property is kept in finding(), and so is a node that cannot start on
// what its disk held. Client worlds have no program: the runner spawns workloads in them.
//
// All methods are called from outside any fiber.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/raft/invariants.h"
#include "node/client/client.h"
#include "node/node.h"
#include "sim/knobs.h"
#include "sim/world/simulation.h"

namespace geode::sim {

struct ClusterOptions {
    std::uint64_t seed = 0;
    std::uint32_t nodes = 5;
    std::uint32_t clients = 5;
    Knobs knobs;
    EventLog* event_log = nullptr;
    std::size_t trace_ring_entries = 64;
    UniqueFunction<void(const TraceRecord&)> trace_sink = {};
    /// Has the last word on every node's options: for what is no knob.
    UniqueFunction<void(node::NodeOptions&)> adjust = {};
};

class Cluster final : private node::StepObserver {
public:
    explicit Cluster(ClusterOptions options);
    ~Cluster() override;
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    Simulation& simulation() { return simulation_; }
    const Knobs& knobs() const { return options_.knobs; }
    std::uint32_t nodes() const { return options_.nodes; }
    std::uint32_t clients() const { return options_.clients; }

    /// Boots every server that is down.
    void boot_all();
    /// Boots every client.
    void boot_clients();

    static NodeId server_id(std::uint32_t number) { return NodeId(number); }
    static NodeId client_id(std::uint32_t number) { return NodeId(1000 + number); }
    /// The id behind "n3" or "c2"; none if there is no such host.
    NodeId host_id(std::string_view host) const;
    SimNode& server(std::uint32_t number) { return simulation_.node(server_id(number)); }
    World& client_world(std::uint32_t number) {
        return simulation_.node(client_id(number)).world();
    }
    /// The server's Node, or null while it is down or still recovering.
    node::Node* node_of(std::uint32_t number);
    /// Addresses of all servers, for a client; rotated, so that clients start at different ones.
    node::ClientOptions client_options(std::uint32_t client) const;
    Address client_address(std::uint32_t server) const;

    /// The running leader of the highest term seen; none if it is down or nobody has won yet.
    NodeId leader();
    /// Called whenever a node wins an election, from its fiber: it may schedule, nothing else.
    void on_election(UniqueFunction<void()> callback) { on_election_ = std::move(callback); }
    /// Terms in which somebody became leader.
    std::uint64_t elections() const { return elections_; }
    /// The first broken invariant or impossible start, in words.
    const std::optional<std::string>& finding() const { return finding_; }

private:
    struct Server;
    void restored(NodeId node, const raft::Raft& core) override;
    void stepped(NodeId node, const raft::Raft& core, const raft::Output& output) override;
    void found(std::string what);
    node::NodeOptions node_options(NodeId self);
    std::unique_ptr<NodeProgram> start_server(World& world);
    void run_server(World& world, Server& server);

    ClusterOptions options_;
    Simulation simulation_;
    raft::InvariantChecker checker_;
    Term leader_term_;
    NodeId leader_;
    std::uint64_t elections_ = 0;
    UniqueFunction<void()> on_election_;
    std::optional<std::string> finding_;
};

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster.h"

namespace geode::sim {
namespace {

constexpr std::uint16_t client_port = 3141;
constexpr std::uint16_t cluster_port = 3142;

Simulation::Options simulation_options(ClusterOptions& options) {
    Simulation::Options simulation;
    simulation.seed = options.seed;
    simulation.event_log = options.event_log;
    simulation.trace_ring_entries = options.trace_ring_entries;
    simulation.trace_sink = std::move(options.trace_sink);
    if (options.knobs.network == NetworkKind::wan) {
        simulation.network.profile = LatencyProfile::wan(options.knobs.wan_one_way);
    }
    return simulation;
}

std::string host_name(char letter, std::uint32_t number) {
    return letter + std::to_string(number);
}

/// Errors that a dying disk explains; any other at a start is a finding.
bool disk_explains(ErrorCode code) {
    return code == ErrorCode::io_error || code == ErrorCode::closed || code == ErrorCode::disk_full;
}

}  // namespace

/// The program on a server's machine: opens the node in a fiber and keeps it for its life.
struct Cluster::Server final : NodeProgram {
    std::unique_ptr<node::Node> node;
};

Cluster::Cluster(ClusterOptions options)
    : options_(std::move(options)), simulation_(simulation_options(options_)) {
    GEODE_ASSERT(options_.nodes >= 1 && options_.nodes < 1000);
    GEODE_ASSERT(options_.clients < 1000);
    for (std::uint32_t i = 1; i <= options_.nodes; ++i) {
        SimNode::Options node;
        node.id = server_id(i);
        node.host = host_name('n', i);
        node.start = [this](World& world) { return start_server(world); };
        simulation_.add_node(std::move(node));
    }
    for (std::uint32_t i = 1; i <= options_.clients; ++i) {
        SimNode::Options node;
        node.id = client_id(i);
        node.host = host_name('c', i);
        node.disk_faults = false;
        simulation_.add_node(std::move(node));
    }
}

Cluster::~Cluster() = default;

void Cluster::boot_all() {
    for (std::uint32_t i = 1; i <= options_.nodes; ++i) {
        if (!server(i).running()) server(i).boot();
    }
}

void Cluster::boot_clients() {
    for (std::uint32_t i = 1; i <= options_.clients; ++i) simulation_.node(client_id(i)).boot();
}

NodeId Cluster::host_id(std::string_view host) const {
    for (std::uint32_t i = 1; i <= options_.nodes; ++i) {
        if (host == host_name('n', i)) return server_id(i);
    }
    for (std::uint32_t i = 1; i <= options_.clients; ++i) {
        if (host == host_name('c', i)) return client_id(i);
    }
    return NodeId{};
}

node::Node* Cluster::node_of(std::uint32_t number) {
    SimNode& machine = server(number);
    if (!machine.running()) return nullptr;
    return static_cast<Server*>(machine.program())->node.get();
}

Address Cluster::client_address(std::uint32_t server) const {
    return Address{host_name('n', server), client_port};
}

node::ClientOptions Cluster::client_options(std::uint32_t client) const {
    node::ClientOptions options;
    for (std::uint32_t i = 0; i < options_.nodes; ++i) {
        options.endpoints.push_back(client_address(1 + (client + i) % options_.nodes));
    }
    options.id = client;
    options.attempt_timeout = options_.knobs.client_attempt_timeout;
    return options;
}

NodeId Cluster::leader() {
    if (leader_.is_none() || !simulation_.node(leader_).running()) return NodeId{};
    return leader_;
}

node::NodeOptions Cluster::node_options(NodeId self) {
    const Knobs& knobs = options_.knobs;
    node::NodeOptions options;
    options.cluster = "sim";
    options.self = self;
    for (std::uint32_t i = 1; i <= options_.nodes; ++i) {
        const std::string host = host_name('n', i);
        options.members[server_id(i)] = {Address{host, cluster_port}, Address{host, client_port}};
    }
    options.election_timeout_min = knobs.election_timeout_min;
    options.election_timeout_max = knobs.election_timeout_max;
    options.heartbeat_interval = knobs.heartbeat_interval;
    options.inflight_messages_max = knobs.inflight_messages_max;
    options.append_entries_max = knobs.append_entries_max;
    options.append_bytes_max = knobs.append_bytes_max;
    options.log_segment_bytes = knobs.log_segment_bytes;
    options.log_backlog_bytes_max = knobs.log_backlog_bytes_max;
    options.compact_bytes = knobs.compact_bytes;
    options.compact_entries = knobs.compact_entries;
    options.compact_keep_entries = knobs.compact_keep_entries;
    options.state_write_buffer_bytes = knobs.state_write_buffer_bytes;
    options.snapshot_chunk_bytes = knobs.snapshot_chunk_bytes;
    options.sessions_max = knobs.sessions_max;
    options.requests_max = knobs.requests_max;
    options.observer = this;
    if (options_.adjust) options_.adjust(options);
    return options;
}

std::unique_ptr<NodeProgram> Cluster::start_server(World& world) {
    auto program = std::make_unique<Server>();
    Server& server = *program;
    world.spawn("node", [this, &world, &server] { run_server(world, server); });
    return program;
}

void Cluster::run_server(World& world, Server& server) {
    Result<std::unique_ptr<node::Node>> opened =
        node::Node::open(world, node_options(world.node()));
    if (!opened) {
        if (!disk_explains(opened.code())) {
            found("n" + std::to_string(world.node().value()) +
                  " cannot start: " + opened.error().describe());
        }
        return;
    }
    server.node = *std::move(opened);
    const Error failure = server.node->wait_failed();
    if (disk_explains(failure.code)) return;
    found("n" + std::to_string(world.node().value()) + " gave up: " + failure.describe());
}

void Cluster::found(std::string what) {
    if (!finding_) finding_ = std::move(what);
}

void Cluster::restored(NodeId node, const raft::Raft& core) {
    if (finding_) return;
    if (auto broken = checker_.restart(node, core)) found("raft invariant: " + *broken);
}

void Cluster::stepped(NodeId node, const raft::Raft& core, const raft::Output& output) {
    // After a finding the checker's ghost state is of no use, and the run is about to end.
    if (finding_) return;
    if (auto broken = checker_.observe(node, core, output)) found("raft invariant: " + *broken);
    if (output.role_change && core.role() == raft::Role::leader && core.term() > leader_term_) {
        leader_term_ = core.term();
        leader_ = node;
        ++elections_;
        if (on_election_) on_election_();
    }
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#include "node/node.h"

#include "node/peer_port.h"
#include "node/raft_host.h"
#include "node/server.h"
#include "storage/identity.h"

namespace geode::node {
namespace {

Result<void> check_options(const NodeOptions& options) {
    const auto invalid = [](std::string message) {
        return make_error(ErrorCode::invalid_argument, std::move(message));
    };
    if (!options.members.contains(options.self)) {
        return invalid("node " + std::to_string(options.self.value()) +
                       " is not a member of the cluster");
    }
    if (options.cluster.empty() || options.cluster.size() > storage::cluster_name_bytes_max) {
        return invalid("the cluster name must have 1 to " +
                       std::to_string(storage::cluster_name_bytes_max) + " bytes");
    }
    if (options.heartbeat_interval.count() <= 0 ||
        options.election_timeout_min <= options.heartbeat_interval ||
        options.election_timeout_max < options.election_timeout_min) {
        return invalid("timeouts must keep heartbeat < election minimum <= election maximum");
    }
    if (options.inflight_messages_max == 0 || options.append_entries_max == 0 ||
        options.append_bytes_max == 0 || options.sessions_max == 0 ||
        options.snapshot_chunk_bytes == 0 || options.requests_max == 0 ||
        options.client_requests_max == 0 || options.clients_max == 0) {
        return invalid("every maximum must be at least 1");
    }
    return {};
}

/// Log and state as found on disk, in the core's terms.
Result<raft::Restored> restore(storage::GroupState found, raft::SnapshotId applied) {
    raft::Restored restored;
    restored.hard_state = {found.hard_state.term, found.hard_state.vote};
    restored.snapshot = {found.start_index, found.start_term};
    restored.applied = applied;
    if (applied.index < found.start_index) {
        // The log was compacted only below what the state had made durable.
        return make_error(ErrorCode::corrupt, "the state stands at entry " +
                                                  std::to_string(applied.index.value()) +
                                                  ", before the log's first after " +
                                                  std::to_string(found.start_index.value()) +
                                                  ": durable data was lost");
    }
    for (storage::LogEntry& entry : found.entries) {
        const auto type = static_cast<raft::EntryType>(entry.type);
        if (type != raft::EntryType::noop && type != raft::EntryType::command) {
            return make_error(ErrorCode::unsupported, "a log entry of an unknown type");
        }
        restored.entries.push_back(
            {entry.term, entry.index, type,
             type == raft::EntryType::noop ? nullptr : std::move(entry.payload)});
    }
    return restored;
}

}  // namespace

struct Node::Parts {
    explicit Parts(World& in, NodeOptions with) : world(in), options(std::move(with)) {}

    World& world;
    NodeOptions options;
    // In order of construction: each may use those above it.
    std::unique_ptr<storage::DataDirectory> directory;
    std::unique_ptr<storage::LogStore> log;
    std::unique_ptr<StateMachine> state;
    std::unique_ptr<RaftHost> host;
    std::unique_ptr<PeerPort> cluster_port;
    std::unique_ptr<Server> server;

    Result<void> recover();
    struct Ports {
        std::unique_ptr<Listener> cluster;
        std::unique_ptr<Listener> client;
    };
    Result<Ports> listen();
};

Result<void> Node::Parts::recover() {
    GEODE_TRY(directory, storage::DataDirectory::open(world, {options.cluster, options.self}));
    storage::LogOptions log_options;
    log_options.segment_bytes = static_cast<std::uint32_t>(options.log_segment_bytes);
    GEODE_TRY(log, storage::LogStore::open(world, "log", log_options));
    StateMachineOptions state_options;
    state_options.write_buffer_bytes = options.state_write_buffer_bytes;
    GEODE_TRY(state, StateMachine::open(world, state_options));
    GEODE_TRY(raft::Restored restored, restore(log->take_recovered(only_group), state->applied()));
    world.trace().event("node.recovered", {{"term", restored.hard_state.term.value()},
                                           {"log_start", restored.snapshot.index.value()},
                                           {"entries", restored.entries.size()},
                                           {"applied", restored.applied.index.value()}});
    host = std::make_unique<RaftHost>(world, options, *log, *state, std::move(restored));
    return {};
}

Result<Node::Parts::Ports> Node::Parts::listen() {
    Ports ports;
    const Member& self = options.members.at(options.self);
    const auto listen_at = [](const Address& listen, const Address& member) -> const Address& {
        return listen.host.empty() ? member : listen;
    };
    GEODE_TRY(ports.cluster,
              world.network().listen(listen_at(options.listen_cluster, self.cluster)));
    GEODE_TRY(ports.client, world.network().listen(listen_at(options.listen_client, self.client)));
    return ports;
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::open(World& world, NodeOptions options) {
    GEODE_TRY_VOID(check_options(options));
    auto parts = std::make_unique<Parts>(world, std::move(options));
    // Ports first: a second instance by mistake is found before any file is touched.
    GEODE_TRY(Parts::Ports ports, parts->listen());
    GEODE_TRY_VOID(parts->recover());
    parts->server = std::make_unique<Server>(world, parts->options, *parts->host, *parts->state,
                                             std::move(ports.client));
    parts->cluster_port =
        std::make_unique<PeerPort>(world, parts->options, *parts->host, std::move(ports.cluster));
    parts->host->start();
    parts->server->start();
    parts->cluster_port->start();
    return std::unique_ptr<Node>(new Node(std::move(parts)));
}

Result<void> Node::shutdown(MonoTime deadline) {
    parts_->server->drain(deadline);
    parts_->cluster_port->close();
    parts_->host->stop_links();
    if (parts_->host->failure().has_value()) return *parts_->host->failure();
    // The log is durable already, entry by entry; the state saves replaying it.
    return parts_->state->make_durable();
}

NodeStatus Node::status() const {
    return parts_->host->status();
}

Error Node::wait_failed() {
    return parts_->host->wait_failed();
}

Result<std::pair<LogIndex, std::uint64_t>> Node::digest() {
    return parts_->state->digest();
}

}  // namespace geode::node

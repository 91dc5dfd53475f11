// SPDX-License-Identifier: Apache-2.0
#include "node/node.h"

#include "node/peer_port.h"
#include "node/raft_host.h"
#include "node/server.h"
#include "node/wire/raft_codec.h"
#include "storage/identity.h"
#include "storage/log_record.h"

namespace geode::node {
namespace {

Error invalid(std::string message) {
    return make_error(ErrorCode::invalid_argument, std::move(message));
}

/// Every number that must stay within a range, for this build's formats and memory to hold it.
Result<void> check_ranges(const NodeOptions& options) {
    constexpr std::uint64_t any = UINT64_MAX;
    // With its one entry or record of any size, a message then fits a frame several times.
    constexpr std::uint64_t message_bytes_max = wire::frame_bytes_max / 4;
    constexpr std::uint64_t segment_bytes_max =
        UINT32_MAX - storage::log_write_bytes_max - storage::record_header_bytes;
    struct Range {
        const char* name;
        std::uint64_t value, low, high;
    };
    const Range ranges[] = {
        {"inflight_messages_max", options.inflight_messages_max, 1, 65'536},
        {"append_entries_max", options.append_entries_max, 1, wire::append_entries_limit},
        {"append_bytes_max", options.append_bytes_max, 1, message_bytes_max},
        {"log_segment_bytes", options.log_segment_bytes, 4096, segment_bytes_max},
        {"log_backlog_bytes_max", options.log_backlog_bytes_max, options.append_bytes_max, any},
        {"compact_bytes", options.compact_bytes, 1, any},
        {"compact_entries", options.compact_entries, 1, any},
        {"state_write_buffer_bytes", options.state_write_buffer_bytes, 65'536, 1 << 30},
        {"snapshot_chunk_bytes", options.snapshot_chunk_bytes, 1, message_bytes_max},
        {"sessions_max", options.sessions_max, 1, 100'000},
        {"requests_max", options.requests_max, 1, 1'000'000},
        {"requests_bytes_max", options.requests_bytes_max, 1, any},
        {"client_requests_max", options.client_requests_max, 1, 1'000'000},
        {"client_bytes_max", options.client_bytes_max, 1, any},
        {"clients_max", options.clients_max, 1, 100'000},
    };
    for (const Range& range : ranges) {
        if (range.low <= range.value && range.value <= range.high) continue;
        const std::string up_to =
            range.high == any ? " or more" : " to " + std::to_string(range.high);
        return invalid(std::string(range.name) + " is " + std::to_string(range.value) +
                       "; expected " + std::to_string(range.low) + up_to);
    }
    return {};
}

Result<void> check_options(const NodeOptions& options) {
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
    if (options.request_timeout.count() <= 0 || options.client_hello_timeout.count() <= 0 ||
        options.client_idle_timeout.count() <= 0) {
        return invalid("timeouts of clients must be above zero");
    }
    return check_ranges(options);
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

// SPDX-License-Identifier: Apache-2.0
#include "node/peer_port.h"

#include "base/probe.h"
#include "node/wire/raft_codec.h"

namespace geode::node {
namespace {

// A Hello holds little more than the cluster's name.
constexpr std::uint32_t hello_bytes_max = 4096;

Result<void> check(const wire::Hello& hello, const NodeOptions& options) {
    const bool member = hello.from != options.self && options.members.contains(hello.from);
    if (hello.cluster == options.cluster && hello.to == options.self && member) return {};
    return make_error(ErrorCode::foreign_data, "not a member of this cluster, or not for us");
}

}  // namespace

PeerPort::PeerPort(World& world, const NodeOptions& options, RaftHost& host,
                   std::unique_ptr<Listener> listener)
    : world_(world), options_(options), host_(host), listener_(std::move(listener)) {}

void PeerPort::start() {
    world_.spawn("cluster port", [this] { accept_peers(); });
}

void PeerPort::accept_peers() {
    for (;;) {
        auto accepted = listener_->accept();
        if (!accepted) return;
        if (strangers_.size() >= strangers_max) {
            GEODE_REACHED("node.stranger_evicted");
            strangers_.begin()->second->close();
            strangers_.erase(strangers_.begin());
        }
        const std::uint64_t number = next_number_++;
        strangers_.emplace(number, accepted->get());
        world_.spawn("peer", [this, number, connection = *std::move(accepted)] {
            serve(number, *connection);
        });
    }
}

void PeerPort::serve(std::uint64_t number, Connection& connection) {
    /// Forgets the connection, kills included.
    struct Registered {
        PeerPort& port;
        std::uint64_t number;
        Connection* connection;
        ~Registered() {
            port.strangers_.erase(number);
            std::erase_if(port.members_,
                          [this](const auto& entry) { return entry.second == connection; });
        }
    } registered{*this, number, &connection};
    const Result<void> ended = receive_all(number, connection);
    connection.close();
    if (ended.code() == ErrorCode::closed) return;
    GEODE_REACHED("node.peer_dropped");
    world_.trace().event("peer.dropped", {{"why", to_string(ended.code())}});
}

/// Returns why it ended; always an error.
Result<void> PeerPort::receive_all(std::uint64_t number, Connection& connection) {
    wire::FrameReader frames(connection, hello_bytes_max);
    MonoTime deadline = world_.deadline_in(hello_timeout);
    GEODE_TRY(const BytesView first, frames.next(deadline));
    GEODE_TRY(const wire::Hello hello, wire::read_hello(first));
    GEODE_TRY_VOID(check(hello, options_));
    frames.set_bytes_max(wire::frame_bytes_max);
    for (;;) {
        GEODE_TRY(const BytesView frame, frames.next(deadline));
        GEODE_TRY(raft::Message message, wire::read_raft_message(frame));
        if (message.from != hello.from || message.to != options_.self) {
            return make_error(ErrorCode::protocol_error, "a message of somebody else");
        }
        if (deadline != never) introduce(number, connection, hello.from);
        // From here on an idle peer is the Raft core's business, not the connection's.
        deadline = never;
        host_.receive(std::move(message));
    }
}

void PeerPort::introduce(std::uint64_t number, Connection& connection, NodeId member) {
    strangers_.erase(number);
    Connection*& current = members_[member];
    if (current != nullptr) {
        GEODE_REACHED("node.peer_replaced");
        current->close();
    }
    current = &connection;
}

}  // namespace geode::node

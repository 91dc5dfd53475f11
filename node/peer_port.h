// SPDX-License-Identifier: Apache-2.0
#pragma once

// PeerPort: the port on which other members speak to this node.
//
// Each connection is one-way: a Hello, then Raft messages, which go to the host. Who says Hello
// must name this cluster, this node and another configured member, and every message must come from
// the member that the Hello named. A member has one connection: its newer one replaces the older,
// but only with its first valid message, so that a Hello alone disturbs nobody. Connections without
// a message are few and short-lived; the oldest goes for a new one.
//
// What this does not protect against until connections are authenticated (TLS): whoever reaches the
// port and knows the names can speak for a member. Keep the port within the cluster's network.

#include <map>
#include <memory>

#include "node/node.h"
#include "node/raft_host.h"
#include "node/wire/frame.h"

namespace geode::node {

class PeerPort {
public:
    /// A connection that has said nothing valid by then is dropped.
    static constexpr Duration hello_timeout = seconds(5);
    /// Connections that have yet to send their first message.
    static constexpr std::size_t strangers_max = 64;

    PeerPort(World& world, const NodeOptions& options, RaftHost& host,
             std::unique_ptr<Listener> listener);
    PeerPort(const PeerPort&) = delete;
    PeerPort& operator=(const PeerPort&) = delete;

    /// Starts the accepting fiber.
    void start();
    /// Closes the port; its connections stay until they end. Never suspends.
    void close() { listener_->close(); }

private:
    void accept_peers();
    void serve(std::uint64_t number, Connection& connection);
    Result<void> receive_all(std::uint64_t number, Connection& connection);
    void introduce(std::uint64_t number, Connection& connection, NodeId member);

    World& world_;
    const NodeOptions& options_;
    RaftHost& host_;
    std::unique_ptr<Listener> listener_;
    std::uint64_t next_number_ = 1;
    std::map<std::uint64_t, Connection*> strangers_;  ///< by number, oldest first
    std::map<NodeId, Connection*> members_;           ///< the connection in use
};

}  // namespace geode::node

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Server: the client port of one node.
//
// One fiber reads each connection's frames; every request then runs in a fiber of its own, so a
// client may pipeline, and a slow request holds up nobody. Responses go out as they are ready,
// under a lock per connection. Bytes outside the protocol close the connection.
//
// Everything a client can use up has a maximum (NodeOptions), so that one cannot take all there is
// from the others: over those of requests its connection is not read until some are answered, over
// that of connections the one that has been idle longest is closed for the new one, and a new one
// is refused only if every connection has something under way.
//
// What a response may promise: an `outcome` has been committed and applied; a linearizable read
// saw every write acknowledged before it arrived. Error codes of a write other than
// `unknown_outcome` mean that it was not proposed.

#include <memory>

#include "node/node.h"
#include "node/raft_host.h"
#include "node/state_machine.h"
#include "node/wire/client_codec.h"
#include "runtime/sync.h"

namespace geode::node {

class Server {
public:
    Server(World& world, const NodeOptions& options, RaftHost& host, StateMachine& state,
           std::unique_ptr<Listener> listener);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Starts the accepting fiber.
    void start();
    /// Answers new requests with `shutting_down`, then suspends until those under way are
    /// answered or `deadline`, and closes the port and all connections.
    void drain(MonoTime deadline);

private:
    struct Client;
    class Place;
    void accept_clients();
    void serve(const std::shared_ptr<Client>& client);
    Result<BytesView> next_request(Client& client, wire::FrameReader& frames);
    /// Whether another request of so many bytes may be under way.
    bool admits(const Client& client, std::size_t bytes) const;
    bool close_idlest();
    void handle(Client& client, BytesView frame);
    void answer(wire::Request::Reader request, Client& client);
    void respond(Client& client, std::uint64_t id, FunctionRef<void(wire::Response::Builder)> fill);
    void respond_error(Client& client, std::uint64_t id, const Error& error);

    void write(wire::Request::Reader request, Client& client, MonoTime deadline);
    void get_vertex(wire::Request::Reader request, Client& client);
    void get_edge(wire::Request::Reader request, Client& client);
    void neighbors(wire::Request::Reader request, Client& client);
    void scan_vertices(wire::Request::Reader request, Client& client);
    void scan_edges(wire::Request::Reader request, Client& client);
    void status(wire::Request::Reader request, Client& client);
    void digest(wire::Request::Reader request, Client& client);

    World& world_;
    const NodeOptions& options_;
    RaftHost& host_;
    StateMachine& state_;
    std::unique_ptr<Listener> listener_;
    std::map<std::uint64_t, std::weak_ptr<Client>> clients_;
    std::uint64_t next_client_ = 1;
    std::uint32_t requests_ = 0;        ///< under way
    std::uint64_t requests_bytes_ = 0;  ///< of them
    Condition requests_changed_;
    bool draining_ = false;
    wire::Scratch scratch_;
};

}  // namespace geode::node

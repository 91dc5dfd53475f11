// SPDX-License-Identifier: Apache-2.0
#include "node/server.h"

#include "base/probe.h"

namespace geode::node {
namespace {

// A client that does not take its answers for this long is cut off.
constexpr Duration write_timeout = seconds(10);

// Twice the largest write, so that one that is a little too large gets an answer that says so.
constexpr std::uint32_t request_bytes_max = 2 * wire::write_bytes_max;

}  // namespace

struct Server::Client {
    Client(World& world, std::unique_ptr<Connection> taken)
        : connection(std::move(taken)), writing(world) {}
    std::unique_ptr<Connection> connection;
    Mutex writing;
};

Server::Server(World& world, const NodeOptions& options, RaftHost& host, StateMachine& state,
               std::unique_ptr<Listener> listener)
    : world_(world),
      options_(options),
      host_(host),
      state_(state),
      listener_(std::move(listener)),
      requests_changed_(world) {}

void Server::start() {
    world_.spawn("client port", [this] { accept_clients(); });
}

void Server::accept_clients() {
    for (;;) {
        auto connection = listener_->accept();
        if (!connection) return;
        auto client = std::make_shared<Client>(world_, *std::move(connection));
        const std::uint64_t id = next_client_++;
        clients_.emplace(id, client);
        world_.spawn("client", [this, client, id] {
            serve(client);
            client->connection->close();
            clients_.erase(id);
        });
    }
}

void Server::drain(MonoTime deadline) {
    draining_ = true;
    requests_changed_.wait_until(deadline, [&] { return requests_ == 0; });
    listener_->close();
    for (const auto& [id, weak] : clients_) {
        if (const auto client = weak.lock()) client->connection->close();
    }
}

void Server::serve(const std::shared_ptr<Client>& client) {
    wire::FrameReader frames(*client->connection, request_bytes_max);
    for (;;) {
        // `never`: a client may be idle for as long as it likes.
        const Result<BytesView> frame = frames.next(never);
        if (!frame) {
            if (frame.code() != ErrorCode::closed) {
                world_.trace().event("server.bad_frame", {{"why", to_string(frame.code())}});
            }
            return;
        }
        if (requests_ >= options_.requests_max) {
            // Back-pressure: stop reading until some request has been answered.
            GEODE_REACHED("server.requests_max");
            requests_changed_.wait_until(never, [&] { return requests_ < options_.requests_max; });
        }
        ++requests_;
        world_.spawn("request", [this, client, bytes = Bytes(*frame)] {
            struct Done {
                Server& server;
                ~Done() {
                    --server.requests_;
                    server.requests_changed_.notify_all();
                }
            } done{*this};
            handle(*client, bytes);
        });
    }
}

void Server::handle(Client& client, BytesView frame) {
    const auto handled =
        wire::read_message<wire::Request>(frame, [&](wire::Request::Reader request) {
            answer(request, client);
            return Result<void>();
        });
    if (!handled) {
        world_.trace().event("server.bad_request", {{"why", to_string(handled.code())}});
        client.connection->close();
    }
}

void Server::respond(Client& client, std::uint64_t id,
                     FunctionRef<void(wire::Response::Builder)> fill) {
    Bytes frame;
    {
        auto builder = scratch_.builder();
        auto response = builder.initRoot<wire::Response>();
        response.setId(id);
        fill(response);
        if (!wire::fits_frame(builder)) {
            auto error = builder.initRoot<wire::Response>();
            error.setId(id);
            error.initError().setCode(static_cast<std::uint16_t>(ErrorCode::too_large));
            error.getError().setMessage(wire::as_data("the answer is too large: ask for less"));
        }
        wire::append_frame(frame, builder);
    }
    const MutexLock lock(client.writing);
    const Result<void> sent =
        client.connection->write_all(frame, world_.deadline_in(write_timeout));
    // Part of a frame may be out: nothing more can be said on this connection.
    if (!sent) client.connection->close();
}

void Server::respond_error(Client& client, std::uint64_t id, const Error& error) {
    respond(client, id, [&](wire::Response::Builder response) {
        auto out = response.initError();
        out.setCode(static_cast<std::uint16_t>(error.code));
        out.setMessage(wire::as_data(error.message));
        const NodeId leader = host_.leader();
        const auto member = options_.members.find(leader);
        if (member == options_.members.end()) return;
        out.setLeader(leader.value());
        const std::string address = member->second.client.to_string();
        out.setLeaderAddress(wire::as_data(address));
    });
}

}  // namespace geode::node

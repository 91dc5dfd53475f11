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
    Client(World& world, std::unique_ptr<Connection> taken, MonoTime deadline)
        : connection(std::move(taken)), writing(world), idle_until(deadline) {}
    std::unique_ptr<Connection> connection;
    Mutex writing;
    std::uint32_t requests = 0;  ///< under way
    std::uint64_t bytes = 0;     ///< of them
    MonoTime idle_until;         ///< closed then, unless something is under way
};

/// One request's place among those under way, from before its fiber starts to its end.
class Server::Place {
public:
    Place(Server& server, std::shared_ptr<Client> client, std::size_t bytes)
        : server_(&server), client_(std::move(client)), bytes_(bytes) {
        ++server_->requests_;
        server_->requests_bytes_ += bytes_;
        ++client_->requests;
        client_->bytes += bytes_;
    }
    ~Place() {
        if (client_ == nullptr) return;  // moved from
        --server_->requests_;
        server_->requests_bytes_ -= bytes_;
        --client_->requests;
        client_->bytes -= bytes_;
        client_->idle_until = server_->world_.deadline_in(server_->options_.client_idle_timeout);
        server_->requests_changed_.notify_all();
    }
    Place(Place&&) = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Client& client() const { return *client_; }

private:
    Server* server_;
    std::shared_ptr<Client> client_;
    std::size_t bytes_;
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
        if (clients_.size() >= options_.clients_max && !close_idlest()) {
            GEODE_REACHED("server.client_refused");
            (*connection)->close();
            continue;
        }
        auto client = std::make_shared<Client>(world_, *std::move(connection),
                                               world_.deadline_in(options_.client_hello_timeout));
        const std::uint64_t id = next_client_++;
        clients_.emplace(id, client);
        world_.spawn("client", [this, client, id] {
            serve(client);
            client->connection->close();
            clients_.erase(id);
        });
    }
}

bool Server::close_idlest() {
    std::shared_ptr<Client> idlest;
    std::uint64_t idlest_id = 0;
    for (const auto& [id, weak] : clients_) {
        std::shared_ptr<Client> client = weak.lock();
        if (client == nullptr || client->requests > 0) continue;
        if (idlest != nullptr && client->idle_until >= idlest->idle_until) continue;
        idlest = std::move(client);
        idlest_id = id;
    }
    if (idlest == nullptr) return false;
    GEODE_REACHED("server.idlest_closed");
    idlest->connection->close();
    clients_.erase(idlest_id);
    return true;
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
        const Result<BytesView> frame = next_request(*client, frames);
        if (!frame) {
            if (frame.code() != ErrorCode::closed) {
                world_.trace().event("server.bad_frame", {{"why", to_string(frame.code())}});
            }
            return;
        }
        const std::size_t bytes = frame->size();
        if (!admits(*client, bytes)) {
            // Back-pressure: stop reading until some request has been answered, which `never` takes
            // longer than its deadline.
            GEODE_REACHED("server.requests_max");
            requests_changed_.wait_until(never, [&] { return admits(*client, bytes); });
        }
        Place place(*this, client, bytes);
        world_.spawn("request", [this, place = std::move(place), request = Bytes(*frame)] {
            handle(place.client(), request);
        });
    }
}

Result<BytesView> Server::next_request(Client& client, wire::FrameReader& frames) {
    for (;;) {
        Result<BytesView> frame = frames.next(client.idle_until);
        if (frame || frame.code() != ErrorCode::timed_out) return frame;
        // Who waits for an answer is not idle, nor who got one meanwhile.
        if (client.requests > 0) {
            client.idle_until = world_.deadline_in(options_.client_idle_timeout);
        } else if (world_.now() >= client.idle_until) {
            GEODE_REACHED("server.client_idle");
            return frame;
        }
    }
}

bool Server::admits(const Client& client, std::size_t bytes) const {
    // One alone may always go, whatever its size.
    const bool room = requests_ == 0 || (requests_ < options_.requests_max &&
                                         requests_bytes_ + bytes <= options_.requests_bytes_max);
    return room && (client.requests == 0 || (client.requests < options_.client_requests_max &&
                                             client.bytes + bytes <= options_.client_bytes_max));
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

// SPDX-License-Identifier: Apache-2.0
#include "node/client/client.h"

#include <algorithm>

#include "base/probe.h"
#include "node/client/channel.h"

namespace geode::node {
namespace {

/// What an attempt's error says of the request.
enum class Fate : std::uint8_t { not_done, maybe_done, final };

Fate fate_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::refused:
        case ErrorCode::not_leader:
        case ErrorCode::unavailable:
        case ErrorCode::shutting_down:
        case ErrorCode::overloaded: return Fate::not_done;
        case ErrorCode::timed_out:
        case ErrorCode::closed:
        case ErrorCode::protocol_error:
        case ErrorCode::unknown_outcome: return Fate::maybe_done;
        default: return Fate::final;
    }
}

std::string_view role_text(wire::Role role) {
    switch (role) {
        case wire::Role::FOLLOWER: return "follower";
        case wire::Role::CANDIDATE: return "candidate";
        case wire::Role::LEADER: return "leader";
        case wire::Role::PRE_CANDIDATE: return "pre_candidate";
    }
    return "unknown";
}

wire::Direction wire_direction(graph::Direction direction) {
    switch (direction) {
        case graph::Direction::out: return wire::Direction::OUT;
        case graph::Direction::in: return wire::Direction::IN;
        case graph::Direction::both: return wire::Direction::BOTH;
    }
    GEODE_UNREACHABLE("a direction outside its enum");
}

Error unexpected() {
    return make_error(ErrorCode::protocol_error, "an answer of another kind than asked for");
}

Result<NeighborPage> read_page(wire::Response::Reader response) {
    if (response.which() != wire::Response::EDGES) return unexpected();
    NeighborPage page;
    const auto edges = response.getEdges();
    page.edges.reserve(edges.getEdges().size());
    for (const auto edge : edges.getEdges()) {
        GEODE_TRY(graph::Edge decoded, wire::read(edge));
        page.edges.push_back(std::move(decoded));
    }
    page.next = Bytes(wire::view(edges.getNext()));
    return page;
}

Result<RemoteStatus> read_status(wire::Response::Reader response) {
    if (response.which() != wire::Response::STATUS) return unexpected();
    const auto in = response.getStatus();
    RemoteStatus status;
    status.node = NodeId(in.getNode());
    status.cluster = wire::text(in.getCluster());
    status.role = role_text(in.getRole());
    status.term = Term(in.getTerm());
    status.leader = NodeId(in.getLeader());
    if (in.getLeaderClientAddress().size() > 0) {
        GEODE_TRY(status.leader_client, parse_address(wire::view(in.getLeaderClientAddress())));
    }
    status.commit = LogIndex(in.getCommitIndex());
    status.applied = LogIndex(in.getAppliedIndex());
    status.first = LogIndex(in.getFirstIndex());
    status.last = LogIndex(in.getLastIndex());
    status.healthy = in.getHealthy();
    status.version = wire::text(in.getVersion());
    for (const auto peer : in.getPeers()) {
        status.peers.push_back({NodeId(peer.getNode()), LogIndex(peer.getMatchIndex()),
                                Duration(peer.getLastHeardNs())});
    }
    return status;
}

}  // namespace

class Client::Impl {
public:
    Impl(World& world, ClientOptions options)
        : world_(world),
          options_(std::move(options)),
          target_(options_.endpoints.at(0)),
          channel_(world),
          jitter_(world.random().stream("client").split(options_.id)) {}

    Result<graph::Outcome> write(const graph::Command& command, MonoTime deadline);

    /// One request to whoever leads (or to anyone, for a local read), retried until `deadline`.
    /// `maybe` is set as soon as a try may have been carried out.
    template <class Value>
    Result<Value> ask(Consistency consistency, FunctionRef<void(wire::Request::Builder)> fill,
                      FunctionRef<Result<Value>(wire::Response::Reader)> use, MonoTime deadline,
                      bool* maybe = nullptr);

    /// One request to one node over a connection of its own, tried once.
    template <class Value>
    Result<Value> ask_node(const Address& endpoint, FunctionRef<void(wire::Request::Builder)> fill,
                           FunctionRef<Result<Value>(wire::Response::Reader)> use,
                           MonoTime deadline);

    std::uint64_t attempts() const { return attempts_; }

private:
    Result<void> ensure_session(MonoTime deadline);
    Result<wire::Applied> propose(const wire::LogCommand& command, MonoTime deadline, bool* maybe);
    void rotate();
    void follow(const Address& hint);
    void back_off(MonoTime deadline);
    void wait_for_overload(MonoTime deadline);

    World& world_;
    ClientOptions options_;
    Address target_;
    std::size_t next_endpoint_ = 1;
    Channel channel_;
    Prng jitter_;
    Duration delay_{0};
    std::uint32_t hints_in_a_row_ = 0;  ///< followed without an answer between them
    SessionId session_;
    std::uint64_t sequence_ = 0;
    std::uint64_t attempts_ = 0;
    wire::Scratch scratch_;
};

void Client::Impl::rotate() {
    target_ = options_.endpoints[next_endpoint_++ % options_.endpoints.size()];
}

void Client::Impl::follow(const Address& hint) {
    GEODE_REACHED("client.followed_leader_hint");
    target_ = hint;
}

void Client::Impl::back_off(MonoTime deadline) {
    delay_ = std::clamp(2 * delay_, options_.retry_delay_min, options_.retry_delay_max);
    const MonoTime until = world_.deadline_in(jitter_.between(delay_ / 2, delay_));
    world_.sleep_until(std::min(until, deadline));
}

void Client::Impl::wait_for_overload(MonoTime deadline) {
    GEODE_REACHED("client.waited_for_overload");
    back_off(deadline);
}

template <class Value>
Result<Value> Client::Impl::ask(Consistency consistency,
                                FunctionRef<void(wire::Request::Builder)> fill,
                                FunctionRef<Result<Value>(wire::Response::Reader)> use,
                                MonoTime deadline, bool* maybe) {
    bool any_maybe = false;
    Error last = make_error(ErrorCode::unavailable, "no endpoint was tried");
    const auto fill_all = [&](wire::Request::Builder request) {
        fill(request);
        request.setLocal(consistency == Consistency::local);
    };
    while (world_.now() < deadline) {
        ++attempts_;
        const MonoTime until = std::min(deadline, world_.deadline_in(options_.attempt_timeout));
        Result<Value> result = channel_.call<Value>(target_, fill_all, use, until);
        if (result) {
            delay_ = Duration(0);
            hints_in_a_row_ = 0;
            return result;
        }
        last = result.error();
        const Fate fate = fate_of(last.code);
        if (fate == Fate::final && any_maybe) break;
        if (fate == Fate::final) return last;
        // A try that failed before its request was sent is `refused`, whatever broke.
        if (fate == Fate::maybe_done) any_maybe = true;
        if (maybe != nullptr) *maybe = any_maybe;
        if (last.code == ErrorCode::overloaded) {
            // It is the right node, and asking others would only add to its load.
            wait_for_overload(deadline);
        } else if (channel_.leader_hint().has_value() && *channel_.leader_hint() != target_) {
            follow(*channel_.leader_hint());
            // Two nodes may each take the other for the leader, for as long as they are cut off.
            if (hints_in_a_row_++ > 0) back_off(deadline);
        } else {
            hints_in_a_row_ = 0;
            rotate();
            back_off(deadline);
        }
    }
    if (any_maybe) {
        return make_error(ErrorCode::unknown_outcome,
                          "no clear answer before the deadline; last: " + last.describe());
    }
    return make_error(ErrorCode::unavailable,
                      "no leader reached before the deadline; last: " + last.describe());
}

template <class Value>
Result<Value> Client::Impl::ask_node(const Address& endpoint,
                                     FunctionRef<void(wire::Request::Builder)> fill,
                                     FunctionRef<Result<Value>(wire::Response::Reader)> use,
                                     MonoTime deadline) {
    Channel channel(world_);
    ++attempts_;
    return channel.call<Value>(endpoint, fill, use, deadline);
}

Result<wire::Applied> Client::Impl::propose(const wire::LogCommand& command, MonoTime deadline,
                                            bool* maybe) {
    const Bytes payload = wire::encode_log_command(scratch_, command);
    if (payload.size() > wire::write_bytes_max) {
        return make_error(ErrorCode::too_large, "a write of " + std::to_string(payload.size()) +
                                                    " bytes; at most " +
                                                    std::to_string(wire::write_bytes_max));
    }
    const auto fill = [&](wire::Request::Builder request) {
        request.setWrite(wire::as_data(payload));
    };
    const auto use = [](wire::Response::Reader response) -> Result<wire::Applied> {
        if (response.which() != wire::Response::OUTCOME) return unexpected();
        return wire::read(response.getOutcome());
    };
    return ask<wire::Applied>(Consistency::linearizable, fill, use, deadline, maybe);
}

Result<void> Client::Impl::ensure_session(MonoTime deadline) {
    if (!session_.is_none()) return {};
    // A registration that happens twice leaves an unused session, which expires.
    bool maybe = false;
    const auto registered = propose({}, deadline, &maybe);
    if (!registered) {
        return make_error(ErrorCode::unavailable, "no session: " + registered.error().describe());
    }
    if (registered->kind != wire::Applied::Kind::session_registered) {
        return make_error(ErrorCode::unsupported, "the cluster gives no session");
    }
    session_ = registered->session;
    sequence_ = 0;
    return {};
}

Result<graph::Outcome> Client::Impl::write(const graph::Command& command, MonoTime deadline) {
    bool maybe = false;
    for (;;) {
        GEODE_TRY_VOID(ensure_session(deadline));
        const std::uint64_t sequence = ++sequence_;
        auto applied = propose({session_, sequence, command}, deadline, &maybe);
        if (!applied) return applied.error();
        if (applied->kind == wire::Applied::Kind::outcome) return std::move(applied->outcome);
        // The session is gone from the cluster. If an earlier try may have been applied under it,
        // nobody can tell any more; otherwise start again under a new one.
        GEODE_REACHED("client.session_expired");
        session_ = SessionId();
        if (maybe) {
            return make_error(ErrorCode::unknown_outcome, "the session expired during retries");
        }
    }
}

Client::Client(World& world, ClientOptions options)
    : impl_(std::make_unique<Impl>(world, std::move(options))) {}
Client::~Client() = default;

Result<graph::Outcome> Client::write(const graph::Command& command, MonoTime deadline) {
    return impl_->write(command, deadline);
}

Result<std::optional<graph::Vertex>> Client::get_vertex(VertexId id, MonoTime deadline,
                                                        Consistency consistency) {
    using Found = std::optional<graph::Vertex>;
    return impl_->ask<Found>(
        consistency, [&](wire::Request::Builder request) { request.setGetVertex(id.value()); },
        [](wire::Response::Reader response) -> Result<Found> {
            if (response.which() != wire::Response::VERTEX) return unexpected();
            if (!response.getVertex().getFound()) return Found();
            GEODE_TRY(graph::Vertex vertex, wire::read(response.getVertex().getVertex()));
            return Found(std::move(vertex));
        },
        deadline);
}

Result<std::optional<graph::Edge>> Client::get_edge(const graph::EdgeKey& key, MonoTime deadline,
                                                    Consistency consistency) {
    using Found = std::optional<graph::Edge>;
    return impl_->ask<Found>(
        consistency,
        [&](wire::Request::Builder request) { wire::build(request.initGetEdge(), key); },
        [](wire::Response::Reader response) -> Result<Found> {
            if (response.which() != wire::Response::EDGE) return unexpected();
            if (!response.getEdge().getFound()) return Found();
            GEODE_TRY(graph::Edge edge, wire::read(response.getEdge().getEdge()));
            return Found(std::move(edge));
        },
        deadline);
}

Result<NeighborPage> Client::neighbors(VertexId id, graph::Direction direction, BytesView type,
                                       std::uint32_t limit, BytesView after, MonoTime deadline,
                                       Consistency consistency) {
    return impl_->ask<NeighborPage>(
        consistency,
        [&](wire::Request::Builder request) {
            auto asked = request.initNeighbors();
            asked.setVertex(id.value());
            asked.setDirection(wire_direction(direction));
            asked.setType(wire::as_data(type));
            asked.setLimit(limit);
            asked.setAfter(wire::as_data(after));
        },
        [](wire::Response::Reader response) { return read_page(response); }, deadline);
}

Result<RemoteStatus> Client::status(const Address& endpoint, MonoTime deadline) {
    return impl_->ask_node<RemoteStatus>(
        endpoint, [](wire::Request::Builder request) { request.setStatus(); },
        [](wire::Response::Reader response) { return read_status(response); }, deadline);
}

Result<std::pair<LogIndex, std::uint64_t>> Client::digest(const Address& endpoint,
                                                          MonoTime deadline) {
    using Digest = std::pair<LogIndex, std::uint64_t>;
    return impl_->ask_node<Digest>(
        endpoint, [](wire::Request::Builder request) { request.setDigest(); },
        [](wire::Response::Reader response) -> Result<Digest> {
            if (response.which() != wire::Response::DIGEST) return unexpected();
            return Digest(LogIndex(response.getDigest().getIndex()),
                          response.getDigest().getDigest());
        },
        deadline);
}

Result<std::vector<graph::Vertex>> Client::scan_vertices(const Address& endpoint,
                                                         Consistency consistency,
                                                         MonoTime deadline) {
    std::vector<graph::Vertex> all;
    std::optional<std::uint64_t> next = 0;
    const auto use = [&](wire::Response::Reader response) -> Result<bool> {
        if (response.which() != wire::Response::VERTICES) return unexpected();
        const auto page = response.getVertices();
        for (const auto vertex : page.getVertices()) {
            GEODE_TRY(graph::Vertex decoded, wire::read(vertex));
            all.push_back(std::move(decoded));
        }
        next = page.getMore() ? std::optional(page.getNext()) : std::nullopt;
        return true;
    };
    while (next.has_value()) {
        const auto fill = [&](wire::Request::Builder request) {
            request.initScanVertices().setFirst(*next);
            request.setLocal(consistency == Consistency::local);
        };
        GEODE_TRY([[maybe_unused]] const bool page,
                  impl_->ask_node<bool>(endpoint, fill, use, deadline));
    }
    return all;
}

Result<std::vector<graph::Edge>> Client::scan_edges(const Address& endpoint,
                                                    graph::Direction direction,
                                                    Consistency consistency, MonoTime deadline) {
    std::vector<graph::Edge> all;
    Bytes after;
    const auto use = [](wire::Response::Reader response) { return read_page(response); };
    do {
        const auto fill = [&](wire::Request::Builder request) {
            auto asked = request.initScanEdges();
            asked.setDirection(wire_direction(direction));
            asked.setAfter(wire::as_data(after));
            request.setLocal(consistency == Consistency::local);
        };
        GEODE_TRY(NeighborPage page, impl_->ask_node<NeighborPage>(endpoint, fill, use, deadline));
        std::move(page.edges.begin(), page.edges.end(), std::back_inserter(all));
        after = std::move(page.next);
    } while (!after.empty());
    return all;
}

std::uint64_t Client::attempts() const {
    return impl_->attempts();
}

}  // namespace geode::node

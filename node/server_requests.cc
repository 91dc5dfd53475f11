// SPDX-License-Identifier: Apache-2.0
//
// What a server answers to each kind of request; connections are server.cc's.
#include "node/server.h"

#include <algorithm>

#include "node/version.h"

namespace geode::node {
namespace {

wire::Role wire_role(raft::Role role) {
    switch (role) {
        case raft::Role::follower: return wire::Role::FOLLOWER;
        case raft::Role::pre_candidate: return wire::Role::PRE_CANDIDATE;
        case raft::Role::candidate: return wire::Role::CANDIDATE;
        case raft::Role::leader: return wire::Role::LEADER;
    }
    GEODE_UNREACHABLE("a role outside its enum");
}

Result<graph::Direction> direction_of(wire::Direction direction) {
    switch (direction) {
        case wire::Direction::OUT: return graph::Direction::out;
        case wire::Direction::IN: return graph::Direction::in;
        case wire::Direction::BOTH: return graph::Direction::both;
    }
    return make_error(ErrorCode::unsupported, "an unknown direction");
}

// A request keeps its place until then, though its client may have gone long before.
constexpr Duration request_timeout_max = seconds(60);

std::uint32_t page_limit(std::uint32_t asked) {
    return asked == 0 ? graph::page_entries_max : std::min(asked, graph::page_entries_max);
}

}  // namespace

void Server::answer(wire::Request::Reader request, Client& client) {
    if (draining_) {
        return respond_error(client, request.getId(),
                             make_error(ErrorCode::shutting_down, "the node is shutting down"));
    }
    const Duration asked(request.getTimeoutNs());
    const MonoTime deadline = world_.deadline_in(
        asked > Duration(0) ? std::min(asked, request_timeout_max) : options_.request_timeout);
    switch (request.which()) {
        case wire::Request::WRITE: return write(request, client, deadline);
        case wire::Request::STATUS: return status(request, client);
        case wire::Request::DIGEST: return digest(request, client);
        default: break;
    }
    if (!request.getLocal()) {
        const Result<void> current = host_.read_barrier(deadline);
        if (!current) return respond_error(client, request.getId(), current.error());
    }
    switch (request.which()) {
        case wire::Request::GET_VERTEX: return get_vertex(request, client);
        case wire::Request::GET_EDGE: return get_edge(request, client);
        case wire::Request::NEIGHBORS: return neighbors(request, client);
        case wire::Request::SCAN_VERTICES: return scan_vertices(request, client);
        case wire::Request::SCAN_EDGES: return scan_edges(request, client);
        default:
            return respond_error(client, request.getId(),
                                 make_error(ErrorCode::unsupported, "an unknown request"));
    }
}

void Server::write(wire::Request::Reader request, Client& client, MonoTime deadline) {
    const BytesView bytes = wire::view(request.getWrite());
    if (bytes.size() > wire::write_bytes_max) {
        return respond_error(client, request.getId(),
                             make_error(ErrorCode::too_large, "a write over the maximum"));
    }
    // What cannot be applied is refused here, before it costs the whole group a log entry.
    const Result<wire::LogCommand> decoded = wire::decode_log_command(bytes);
    if (!decoded) return respond_error(client, request.getId(), decoded.error());
    if (decoded->command.has_value()) {
        if (auto reason = graph::find_invalid(*decoded->command)) {
            return respond_error(client, request.getId(),
                                 make_error(ErrorCode::invalid_argument, *std::move(reason)));
        }
    }
    auto payload = std::make_shared<const Bytes>(bytes);
    if (!decoded->command.has_value()) {
        wire::LogCommand registration;
        registration.sessions_max = options_.sessions_max;
        payload = std::make_shared<const Bytes>(wire::encode_log_command(scratch_, registration));
    }
    const Result<wire::Applied> applied = host_.propose(std::move(payload), deadline);
    if (!applied) return respond_error(client, request.getId(), applied.error());
    respond(client, request.getId(), [&](wire::Response::Builder response) {
        wire::build(response.initOutcome(), *applied);
    });
}

void Server::get_vertex(wire::Request::Reader request, Client& client) {
    const VertexId id(request.getGetVertex());
    const auto vertex =
        state_.read([&](graph::GraphReader& reader) { return reader.get_vertex(id); });
    if (!vertex) return respond_error(client, request.getId(), vertex.error());
    respond(client, request.getId(), [&](wire::Response::Builder response) {
        auto out = response.initVertex();
        out.setFound(vertex->has_value());
        if (vertex->has_value()) wire::build(out.initVertex(), **vertex);
    });
}

void Server::get_edge(wire::Request::Reader request, Client& client) {
    const graph::EdgeKey key = wire::read(request.getGetEdge());
    const auto edge = state_.read([&](graph::GraphReader& reader) { return reader.get_edge(key); });
    if (!edge) return respond_error(client, request.getId(), edge.error());
    respond(client, request.getId(), [&](wire::Response::Builder response) {
        auto out = response.initEdge();
        out.setFound(edge->has_value());
        if (edge->has_value()) wire::build(out.initEdge(), **edge);
    });
}

namespace {

void fill_edges(wire::Response::Builder response, const graph::EdgePage& page) {
    auto out = response.initEdges();
    auto list = out.initEdges(static_cast<unsigned>(page.edges.size()));
    unsigned index = 0;
    for (const graph::Edge& edge : page.edges) wire::build(list[index++], edge);
    out.setNext(wire::as_data(page.next));
}

}  // namespace

void Server::neighbors(wire::Request::Reader request, Client& client) {
    const auto asked = request.getNeighbors();
    const Result<graph::Direction> direction = direction_of(asked.getDirection());
    if (!direction) return respond_error(client, request.getId(), direction.error());
    graph::NeighborQuery query{.vertex = VertexId(asked.getVertex()), .direction = *direction};
    if (asked.getType().size() > 0) query.type = wire::view(asked.getType());
    query.limit = page_limit(asked.getLimit());
    query.after = wire::view(asked.getAfter());
    const auto page =
        state_.read([&](graph::GraphReader& reader) { return reader.neighbors(query); });
    if (!page) return respond_error(client, request.getId(), page.error());
    respond(client, request.getId(),
            [&](wire::Response::Builder response) { fill_edges(response, *page); });
}

void Server::scan_edges(wire::Request::Reader request, Client& client) {
    const auto asked = request.getScanEdges();
    const Result<graph::Direction> direction = direction_of(asked.getDirection());
    if (!direction) return respond_error(client, request.getId(), direction.error());
    // Read here: hostile bytes make Cap'n Proto throw, which a worker thread must not.
    const std::uint32_t limit = page_limit(asked.getLimit());
    const BytesView after = wire::view(asked.getAfter());
    const auto page = state_.read(
        [&](graph::GraphReader& reader) { return reader.scan_edges(*direction, limit, after); });
    if (!page) return respond_error(client, request.getId(), page.error());
    respond(client, request.getId(),
            [&](wire::Response::Builder response) { fill_edges(response, *page); });
}

void Server::scan_vertices(wire::Request::Reader request, Client& client) {
    const auto asked = request.getScanVertices();
    const VertexId first(asked.getFirst());
    const std::uint32_t limit = page_limit(asked.getLimit());
    const auto page =
        state_.read([&](graph::GraphReader& reader) { return reader.scan_vertices(first, limit); });
    if (!page) return respond_error(client, request.getId(), page.error());
    respond(client, request.getId(), [&](wire::Response::Builder response) {
        auto out = response.initVertices();
        auto list = out.initVertices(static_cast<unsigned>(page->vertices.size()));
        unsigned index = 0;
        for (const graph::Vertex& vertex : page->vertices) wire::build(list[index++], vertex);
        out.setMore(page->next.has_value());
        if (page->next.has_value()) out.setNext(page->next->value());
    });
}

void Server::status(wire::Request::Reader request, Client& client) {
    const NodeStatus status = host_.status();
    respond(client, request.getId(), [&](wire::Response::Builder response) {
        auto out = response.initStatus();
        out.setNode(status.node.value());
        out.setCluster(wire::as_data(status.cluster));
        out.setRole(wire_role(status.role));
        out.setTerm(status.term.value());
        out.setLeader(status.leader.value());
        out.setCommitIndex(status.commit.value());
        out.setAppliedIndex(status.applied.value());
        out.setFirstIndex(status.first.value());
        out.setLastIndex(status.last.value());
        out.setVersion(wire::as_data(version));
        out.setHealthy(status.healthy);
        const auto leader = options_.members.find(status.leader);
        if (leader != options_.members.end()) {
            out.setLeaderClientAddress(wire::as_data(leader->second.client.to_string()));
        }
        auto peers = out.initPeers(static_cast<unsigned>(status.peers.size()));
        unsigned index = 0;
        for (const PeerStatus& peer : status.peers) {
            peers[index].setNode(peer.node.value());
            peers[index].setMatchIndex(peer.match.value());
            peers[index++].setLastHeardNs(peer.since_heard.count());
        }
    });
}

void Server::digest(wire::Request::Reader request, Client& client) {
    const auto digest = state_.digest();
    if (!digest) return respond_error(client, request.getId(), digest.error());
    respond(client, request.getId(), [&](wire::Response::Builder response) {
        auto out = response.initDigest();
        out.setIndex(digest->first.value());
        out.setDigest(digest->second);
    });
}

}  // namespace geode::node

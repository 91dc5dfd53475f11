// SPDX-License-Identifier: Apache-2.0
#pragma once

// Client: one user's view of a Geode cluster over the client protocol.
//
// Finds the leader (hints first, then every endpoint in turn), registers a session, and retries
// each write under the session's sequence number, so that nothing is applied twice however often
// it is sent. A Client does one operation at a time; use several for concurrency. All calls
// suspend, at most until their deadline, and throw Killed in a killed fiber.
//
// What an error of a write means:
//   `unknown_outcome`  it may have happened, or may still happen at a later time
//   anything else      it did not happen and will not
// Source: Ongaro, "Consensus: Bridging Theory and Practice", section 6.3 (linearizable semantics).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "graph/command.h"
#include "graph/record.h"
#include "runtime/world.h"

namespace geode::node {

struct ClientOptions {
    std::vector<Address> endpoints;                ///< client addresses of any members, >= 1
    std::uint64_t id = 0;                          ///< tells clients of one World apart (jitter)
    Duration attempt_timeout = milliseconds(500);  ///< for one try at one node
    Duration retry_delay_min = milliseconds(10);   ///< doubled per failed round, with jitter
    Duration retry_delay_max = milliseconds(200);
};

/// Where a read may be served.
enum class Consistency : std::uint8_t {
    linearizable,  ///< sees every write acknowledged before it began
    local,         ///< the contacted node's state, which may be old
};

struct NeighborPage {
    std::vector<graph::Edge> edges;
    Bytes next;  ///< pass as `after` to go on; empty: that was all
};

/// A node's own account of itself, as `geode status` prints it.
struct RemoteStatus {
    NodeId node;
    std::string cluster;
    std::string role;  ///< leader, follower, candidate, pre_candidate
    Term term;
    NodeId leader;
    Address leader_client;
    LogIndex commit, applied, first, last;
    bool healthy = false;
    std::string version;
    struct Peer {
        NodeId node;
        LogIndex match;
        Duration since_heard;
    };
    std::vector<Peer> peers;
};

class Client {
public:
    Client(World& world, ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Applies `command` exactly once, or not at all, or `unknown_outcome`. The outcome says
    /// whether the graph accepted it (ok, not_found, conflict, invalid); all are final. Error also:
    /// `too_large`, over wire::write_bytes_max as encoded.
    Result<graph::Outcome> write(const graph::Command& command, MonoTime deadline);

    Result<std::optional<graph::Vertex>> get_vertex(VertexId id, MonoTime deadline,
                                                    Consistency consistency = {});
    Result<std::optional<graph::Edge>> get_edge(const graph::EdgeKey& key, MonoTime deadline,
                                                Consistency consistency = {});
    /// `type` empty: any. `limit` 0: the server's maximum.
    Result<NeighborPage> neighbors(VertexId id, graph::Direction direction, BytesView type,
                                   std::uint32_t limit, BytesView after, MonoTime deadline,
                                   Consistency consistency = {});

    /// Asks one node about itself.
    Result<RemoteStatus> status(const Address& endpoint, MonoTime deadline);
    /// The digest of one node's applied state, and the index it belongs to.
    Result<std::pair<LogIndex, std::uint64_t>> digest(const Address& endpoint, MonoTime deadline);

    /// Reads the whole graph of one node page by page. Not a snapshot: quiesce first. `local`
    /// reads that node's own replica; `linearizable` needs it to be the leader.
    Result<std::vector<graph::Vertex>> scan_vertices(const Address& endpoint,
                                                     Consistency consistency, MonoTime deadline);
    Result<std::vector<graph::Edge>> scan_edges(const Address& endpoint, graph::Direction direction,
                                                Consistency consistency, MonoTime deadline);

    /// Sends tried so far, for reports.
    std::uint64_t attempts() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace geode::node

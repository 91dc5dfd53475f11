// SPDX-License-Identifier: Apache-2.0
#pragma once

// PeerLink: this node's outgoing connection to one other member.
//
// A link carries messages one way; answers come on the peer's own link to us. It connects, says
// Hello, and writes what is queued, many messages to a write. Raft tolerates loss, so a broken
// connection drops the queue and a full queue drops the newest message: memory is bounded and the
// link never blocks the Raft host. A connection over which we have sent for a while without
// hearing anything from that peer is replaced: after a partition TCP may wait minutes before it
// tries again, a new connection does not. A slow link is not a broken one: what counts is that
// bytes go out, not how long a large message takes.

#include <deque>
#include <string>

#include "base/ids.h"
#include "consensus/raft/types.h"
#include "node/wire/message.h"
#include "runtime/sync.h"

namespace geode::node {

struct PeerLinkOptions {
    std::string cluster;
    NodeId self;
    NodeId peer;
    Address address;
    std::uint32_t queue_messages_max = 4096;
    Duration connect_timeout = milliseconds(500);
    Duration write_timeout = seconds(2);  ///< without progress: for any `write_slice_bytes`
    Duration retry_delay_min = milliseconds(10);
    Duration retry_delay_max = milliseconds(250);
    Duration silence_max = seconds(1);  ///< sent but nothing heard for this long: reconnect
};

class PeerLink {
public:
    /// Told, from the link's fiber, that what was queued for the peer may be lost.
    using Unreachable = UniqueFunction<void(NodeId peer)>;

    PeerLink(World& world, PeerLinkOptions options, Unreachable unreachable);
    PeerLink(const PeerLink&) = delete;
    PeerLink& operator=(const PeerLink&) = delete;

    /// Starts the link's fiber.
    void start();
    /// Queues a message, or drops it if the queue is full. Never suspends.
    void send(raft::Message message);
    /// Notes that the peer is alive: a message came from it.
    void heard() { heard_at_ = world_.now(); }
    MonoTime heard_at() const { return heard_at_; }  ///< MonoTime::min(): never
    /// Ends the link's fiber; queued messages are dropped. Never suspends.
    void stop();

private:
    void run();
    Result<void> serve(Connection& connection);
    Result<void> write(Connection& connection);
    bool silent();

    World& world_;
    PeerLinkOptions options_;
    Unreachable unreachable_;
    std::deque<raft::Message> queue_;
    Condition queued_;
    FiberHandle fiber_;
    MonoTime heard_at_ = MonoTime::min();
    std::optional<MonoTime> unanswered_since_;  ///< the first send after which nothing was heard
    Prng jitter_;
    wire::Scratch scratch_;
    Bytes outgoing_;
};

}  // namespace geode::node

// SPDX-License-Identifier: Apache-2.0
#include "node/peer_link.h"

#include <algorithm>

#include "base/probe.h"
#include "node/wire/raft_codec.h"

namespace geode::node {
namespace {

// Enough to fill a write, small enough that a slow peer's messages are not all stale.
constexpr std::size_t write_bytes_target = 256u << 10;

// What must leave within the write timeout. The slowest link that carries anything is therefore
// one of 32 KiB/s.
constexpr std::size_t write_slice_bytes = 64u << 10;

}  // namespace

PeerLink::PeerLink(World& world, PeerLinkOptions options, Unreachable unreachable)
    : world_(world),
      options_(std::move(options)),
      unreachable_(std::move(unreachable)),
      queued_(world),
      jitter_(world.random().stream("peer_link").split(options_.peer.value())) {}

void PeerLink::start() {
    fiber_ = world_.spawn("peer link", [this] { run(); });
}

void PeerLink::stop() {
    fiber_.cancel();
}

void PeerLink::send(raft::Message message) {
    if (queue_.size() >= options_.queue_messages_max) {
        GEODE_REACHED("node.peer_queue_full");
        return;
    }
    queue_.push_back(std::move(message));
    queued_.notify_one();
}

void PeerLink::run() {
    Duration delay = options_.retry_delay_min;
    for (;;) {
        // `never`: a link with nothing to send has nothing to do.
        queued_.wait_until(never, [&] { return !queue_.empty(); });
        auto connection = world_.network().connect(options_.address,
                                                   world_.deadline_in(options_.connect_timeout));
        if (connection) {
            const MonoTime connected_at = world_.now();
            world_.trace().event("link.connected", {{"peer", options_.peer.value()}});
            const Result<void> ended = serve(**connection);
            world_.trace().event(
                "link.closed", {{"peer", options_.peer.value()}, {"why", to_string(ended.code())}});
            (*connection)->close();
            if (world_.now() - connected_at > options_.silence_max) {
                delay = options_.retry_delay_min;
            }
        }
        queue_.clear();
        unreachable_(options_.peer);
        world_.sleep_for(jitter_.between(delay / 2, delay));
        delay = std::min(2 * delay, options_.retry_delay_max);
    }
}

bool PeerLink::silent() {
    return unanswered_since_.has_value() && heard_at_ < *unanswered_since_ &&
           world_.now() - *unanswered_since_ > options_.silence_max;
}

/// Writes what is outgoing, however long that takes as long as some of it leaves.
Result<void> PeerLink::write(Connection& connection) {
    for (std::size_t at = 0; at < outgoing_.size(); at += write_slice_bytes) {
        // An idle link is not a silent one, nor is one that still takes our bytes: only what was
        // sent whole can go unanswered.
        if (!unanswered_since_ || heard_at_ >= *unanswered_since_ || at > 0) {
            unanswered_since_ = world_.now();
        }
        const BytesView slice = BytesView(outgoing_).substr(at, write_slice_bytes);
        GEODE_TRY_VOID(connection.write_all(slice, world_.deadline_in(options_.write_timeout)));
    }
    outgoing_.clear();
    return {};
}

/// Writes until the connection fails; always returns an error.
Result<void> PeerLink::serve(Connection& connection) {
    unanswered_since_.reset();
    outgoing_.clear();
    wire::append_hello(outgoing_, scratch_, {options_.cluster, options_.self, options_.peer});
    for (;;) {
        while (!queue_.empty() && outgoing_.size() < write_bytes_target) {
            wire::append_raft_message(outgoing_, scratch_, queue_.front());
            queue_.pop_front();
        }
        GEODE_TRY_VOID(write(connection));
        queued_.wait_until(never, [&] { return !queue_.empty(); });
        if (silent()) {
            GEODE_REACHED("node.peer_link_silent");
            return make_error(ErrorCode::timed_out, "the peer is silent");
        }
    }
}

}  // namespace geode::node

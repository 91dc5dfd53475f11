// SPDX-License-Identifier: Apache-2.0
#pragma once

// NetworkFabric: hosts, the links between them, listeners, connection attempts, and their faults.
//
// Hosts are named as nodes address them ("n1", "c1"). A link is one direction between two hosts.
// Faults come as start and stop pairs, act on what is in flight as well as on what is sent later,
// and add up: a link blocked by two partitions and a clog carries again when all three are gone.
//
// Invariants:
//  1. A stream is in the table until both of its ends are closed.
//  2. A host that is down has no listener, and no stream with an open end there.
//  3. Iteration is in the order of stream, attempt and host numbers, never of addresses.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/network.h"
#include "sim/world/engine.h"
#include "sim/world/network_link.h"
#include "sim/world/sim_stream.h"

namespace geode::sim {

/// How a life ended, as far as others can tell.
enum class CrashKind : std::uint8_t {
    power_loss,  ///< the machine lost power: unsynced disk contents go, connects find no one
    process,     ///< only the process died: its system answers for it, the page cache stays
};

/// The state behind a Listener.
struct SimListener {
    static constexpr std::size_t backlog_max = 128;
    std::uint32_t host = 0;
    Address address;
    Fifo<std::shared_ptr<SimStream>> backlog;
    WakeToken acceptor;
    bool closed = false;
};

/// A connection attempt; it ends when its fiber has taken the outcome or given up.
struct SimAttempt {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint16_t port = 0;
    WakeToken waiter;
    EventId event = 0;
    std::uint32_t tries = 0;
    bool answered = false;              ///< the answer is on its way or has come
    bool done = false;                  ///< it has come
    std::shared_ptr<SimStream> stream;  ///< none: refused
};

class NetworkFabric final : private EventHandler {
public:
    struct Options {
        LatencyProfile profile = LatencyProfile::lan();
        /// A sender whose bytes are held by a partition gives up in one of two cases, after a
        /// time drawn from this range.
        Duration give_up_min = seconds(3);
        Duration give_up_max = seconds(30);
    };
    NetworkFabric(Engine& engine, Options options);
    NetworkFabric(const NetworkFabric&) = delete;
    NetworkFabric& operator=(const NetworkFabric&) = delete;

    // --- topology ---

    /// Each node and name once; before the run starts or later.
    void add_host(NodeId node, std::string name);
    void set_profile(NodeId from, NodeId to, LatencyProfile profile);

    // --- faults: links ---

    /// Cuts all links between nodes of different groups; nodes in no group keep theirs. Returns
    /// the name to heal it by.
    std::uint32_t start_partition(const std::vector<std::vector<NodeId>>& groups);
    void stop_partition(std::uint32_t partition);
    /// Blocks or frees one direction. `family`: one_way_partition or clog (held, never given up).
    void start_block(NodeId from, NodeId to, FaultFamily family);
    void stop_block(NodeId from, NodeId to, FaultFamily family);
    /// The link is down and up in turn, `period` each, beginning with down. Once per link.
    void start_flap(NodeId from, NodeId to, Duration period);
    void stop_flap(NodeId from, NodeId to);
    /// Adds to the latency; 0 stops.
    void set_extra_delay(NodeId from, NodeId to, Duration delay);
    /// So many writes of a hundred come late by a retransmission, which is all that a stream shows
    /// of lost packets; 0 stops.
    void set_packet_loss(NodeId from, NodeId to, std::uint32_t percent);
    /// Limits the bandwidth; 0 stops.
    void set_bandwidth(NodeId from, NodeId to, std::int64_t bytes_per_second);
    /// Flips a bit in one of so many writes; 0 stops.
    void set_bit_flips(NodeId from, NodeId to, std::uint32_t one_in);

    // --- faults: hosts ---

    /// Resets every connection between the two (which may be the same).
    void reset_connections(NodeId one, NodeId other);
    /// New connections to the node are refused.
    void set_refuse(NodeId node, bool on);
    /// New connections to the node get no answer.
    void set_hang(NodeId node, bool on);
    /// Reads by the node return less than there is, and its writes travel in pieces.
    void set_short_io(NodeId node, bool on);
    /// Ends all of the above and restores nothing else: profiles stay.
    void heal();

    // --- for the life of a node (sim_node) ---

    void host_up(NodeId node);
    /// Closes its listeners; its connections break at the other end by the rules of the network.
    void host_down(NodeId node, CrashKind kind);

    // --- for handles (network_handles) ---

    Result<std::shared_ptr<SimListener>> listen(NodeId node, const Address& at);
    void close_listener(SimListener& listener);
    /// Starts an attempt; its fiber is woken when it is done. Error: invalid_argument.
    Result<std::uint64_t> start_attempt(NodeId node, const Address& to, WakeToken waiter);
    SimAttempt& attempt(std::uint64_t number);
    /// Ends it; a stream that was made and not taken is aborted.
    void end_attempt(std::uint64_t number);

    // --- for streams ---

    Engine& engine() { return engine_; }
    Prng& random() { return random_; }
    /// When what is sent now arrives if nothing blocks it.
    SimTime arrival(std::uint32_t from, std::uint32_t to, std::size_t bytes);
    /// When what was held arrives, the link having just been freed.
    SimTime retransmission(std::uint32_t from, std::uint32_t to);
    std::optional<FaultFamily> blocked_by(std::uint32_t from, std::uint32_t to) const {
        return link(from, to).blocked_by();
    }
    std::optional<Duration> draw_patience();
    bool short_io(std::uint32_t host) const { return hosts_[host].short_io; }
    void maybe_flip(std::uint32_t from, std::uint32_t to, std::span<char> bytes);
    void forget(std::uint64_t stream) { streams_.erase(stream); }
    std::size_t stream_count() const { return streams_.size(); }

private:
    struct Host {
        NodeId node;
        std::string name;
        bool up = false;
        bool powered = true;
        bool refuse = false;
        bool hang = false;
        bool short_io = false;
        std::uint16_t next_port = 49'152;
        std::map<std::uint16_t, std::shared_ptr<SimListener>> listeners;
    };
    struct Flap {
        Duration period{0};
        bool down = false;
        EventId event = 0;
    };
    using LinkKey = std::pair<std::uint32_t, std::uint32_t>;

    void on_event(const Event& event) override;
    std::uint32_t host_of(NodeId node) const;
    std::optional<std::uint32_t> find_host(const std::string& name) const;
    NetworkLink& link(std::uint32_t from, std::uint32_t to) { return links_[from][to]; }
    const NetworkLink& link(std::uint32_t from, std::uint32_t to) const { return links_[from][to]; }
    NetworkLink& link_between(NodeId from, NodeId to) { return link(host_of(from), host_of(to)); }
    void block(std::uint32_t from, std::uint32_t to, FaultFamily family);
    void unblock(std::uint32_t from, std::uint32_t to, FaultFamily family);
    void freed(std::uint32_t from, std::uint32_t to);
    void toggle(LinkKey key, Flap& flap);
    std::uint16_t ephemeral_port(Host& host);
    void syn_arrives(std::uint64_t number, SimAttempt& attempt);
    void answer_arrives(std::uint64_t number, SimAttempt& attempt);
    void retry(std::uint64_t number, SimAttempt& attempt);
    void answer(std::uint64_t number, SimAttempt& attempt);
    std::optional<FaultFamily> attempt_blocked(const SimAttempt& attempt) const;
    SimListener* reachable_listener(const SimAttempt& attempt);
    void note(NodeId node, std::string_view what, std::uint64_t value);

    Engine& engine_;
    Options options_;
    Prng random_;
    std::vector<Host> hosts_;
    std::map<NodeId, std::uint32_t> host_by_node_;
    std::vector<std::vector<NetworkLink>> links_;  ///< [from][to]
    std::map<std::uint64_t, std::shared_ptr<SimStream>> streams_;
    std::map<std::uint64_t, SimAttempt> attempts_;
    std::map<std::uint32_t, std::vector<LinkKey>> partitions_;
    std::map<LinkKey, Flap> flaps_;
    std::uint64_t next_stream_ = 1;
    std::uint64_t next_attempt_ = 1;
    std::uint32_t next_partition_ = 1;
};

}  // namespace geode::sim

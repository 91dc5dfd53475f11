// SPDX-License-Identifier: Apache-2.0
#pragma once

// SimStream: one connection as the network sees it, two pipes of bytes in order.
//
// A pipe keeps its bytes in one buffer: consumed | readable | in flight. A write appends once, a
// delivery only moves the boundary, a read copies out. At most one delivery event is pending per
// pipe, for the oldest segment; segments that arrive at the same time are one.
//
// Rules, those of TCP as far as programs can tell:
//  1. Bytes of a pipe are delivered in the order written, whatever their latencies.
//  2. close() sends an orderly end behind what was written; the reader sees it after the bytes.
//  3. A reset overtakes bytes in flight, and unread ones are lost. It comes from a crash, from
//     a fault, or as the answer to bytes that reach a closed end.
//  4. Blocked links hold bytes, ends and resets; after healing they arrive with the delay of a
//     retransmission. A sender may give up meanwhile: its end breaks at once, the other end
//     learns of it when the link lets the reset through.
//  5. At most `window_bytes` are unread or in flight; then writers wait for the reader, and learn
//     of room a latency later.
//
// The stream lives in the fabric until both ends are closed; handles share it beyond that.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/fiber.h"
#include "runtime/network.h"
#include "sim/world/engine.h"
#include "sim/world/fifo.h"

namespace geode::sim {

class NetworkFabric;

class SimStream final : private EventHandler {
public:
    static constexpr std::size_t window_bytes = 1 << 20;

    struct End {
        std::uint32_t host = 0;  ///< index in the fabric
        NodeId node;
        Address address;
        bool closed = false;  ///< by its owner, or the owner died
        bool broken = false;  ///< a reset reached it
        WakeToken reader;
        WakeToken writer;
    };

    /// End 0 is the one that connected.
    SimStream(NetworkFabric& fabric, std::uint64_t number, std::array<End, 2> ends);

    /// Takes what fits into the window and returns how much that is. The end must be open().
    std::size_t write(int end, std::string_view bytes);
    /// Copies out readable bytes; 0 if there are none.
    std::size_t read(int end, std::span<char> into);
    bool open(int end) const { return !at(end).closed && !at(end).broken; }
    /// Whether the peer's orderly end has arrived and everything before it has been read.
    bool at_end(int end) const;
    bool readable(int end) const { return pipe(1 - end).available > pipe(1 - end).head; }
    End& at(int end) { return ends_[index(end)]; }
    const End& at(int end) const { return ends_[index(end)]; }
    std::uint64_t number() const { return number_; }

    /// Orderly: the peer reads what was written and then the end.
    void close(int end);
    /// The end is gone without a word of its own; its system sends a reset.
    void abort(int end);
    /// Both ends get a reset, each after a latency.
    void reset();
    /// The link from host `from` to `to` carries again.
    void unblocked(std::uint32_t from, std::uint32_t to);

private:
    struct Segment {
        SimTime at;
        std::size_t bytes;  ///< 0: the orderly end
    };
    /// Bytes on their way from end i to end 1 - i.
    struct Pipe {
        std::string buffer;
        std::size_t head = 0;       ///< consumed before
        std::size_t available = 0;  ///< readable before
        Fifo<Segment> segments;
        EventId delivery = 0;
        EventId give_up = 0;
        EventId window = 0;
        EventId reset = 0;
        std::uint32_t checksum = 0;  ///< of everything written, for the event chain
        bool finished = false;       ///< the orderly end was sent
        bool ended = false;          ///< … and delivered
        bool held = false;           ///< a delivery waits for the link
        bool reset_sent = false;
        bool reset_held = false;
        bool window_held = false;
    };

    static std::size_t index(int end) {
        GEODE_ASSERT(end == 0 || end == 1);
        return static_cast<std::size_t>(end);
    }
    Pipe& pipe(int from) { return pipes_[index(from)]; }
    const Pipe& pipe(int from) const { return pipes_[index(from)]; }

    void on_event(const Event& event) override;
    void send_segments(int from, std::size_t bytes);
    void send_segment(int from, std::size_t bytes);
    void send_reset(int from);
    void deliver(int from);
    void deliver_bytes(int from, std::size_t bytes);
    void arm_delivery(int from);
    void hold(int from, FaultFamily family);
    void reset_arrives(int from);
    void window_arrives(int from);
    void break_end(int end);
    void wake_reader(int end);
    void wake_writer(int end);
    void consume(int from, std::size_t bytes);
    void retire_if_done();
    EventId schedule(int from, EventKind kind, SimTime at);

    NetworkFabric& fabric_;
    Engine& engine_;
    std::uint64_t number_;
    std::array<End, 2> ends_;
    std::array<Pipe, 2> pipes_;
    bool reset_by_fault_ = false;  ///< and not yet felt by anybody
};

}  // namespace geode::sim

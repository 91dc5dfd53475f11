// SPDX-License-Identifier: Apache-2.0
#pragma once

// The event queue: a 4-ary heap ordered by (time, sequence).
//
// Keys are 16 bytes in the heap; what an event carries lies in a slab, so sifting moves little and
// nothing is allocated in steady state. Cancelling and moving are O(1): the old key stays in the
// heap and is skipped when it surfaces, because its sequence no longer matches its slot. Once more
// than half of the keys are such leftovers the heap is rebuilt; order is total, so that changes
// nothing visible.
//
// Invariants:
//  1. Events of one time fire in the order in which they were scheduled (or last moved).
//  2. An EventId is never used twice; a stale one cancels and moves nothing.
//  3. The handler outlives its events, or cancels them.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "sim/world/sim_time.h"

namespace geode::sim {

enum class EventKind : std::uint8_t {
    scheduling,  ///< a fiber was chosen to run
    timer,       ///< a node's timer
    offload,     ///< an offloaded call's cost has passed
    call,        ///< a closure of the run's owner: fault schedule, lifecycle
    delivery,    ///< bytes or an orderly end arrive
    reset,       ///< a connection's reset arrives
    window,      ///< a sender learns of room at the receiver
    give_up,     ///< a sender stops retransmitting
    connecting,  ///< a connection attempt or its answer arrives
    flapping,    ///< a flapping link changes state
    send,        ///< bytes were written to a connection
    disk,        ///< a disk operation
    trace,       ///< a record of node logic
    fault,       ///< a fault was started, stopped or drawn
    lifecycle,   ///< a node booted, crashed, was paused or resumed
};

/// What an event carries. `a` and `b` are the handler's; they are hashed, so never addresses.
struct Event {
    EventKind kind = EventKind::call;
    NodeId node;  ///< whose it is; none for the run's own
    std::uint64_t a = 0;
    std::uint64_t b = 0;
};

class EventHandler {
public:
    virtual void on_event(const Event& event) = 0;

protected:
    ~EventHandler() = default;
};

/// Names a pending event. 0 names none.
using EventId = std::uint64_t;

class EventQueue {
public:
    struct Due {
        SimTime at;
        EventHandler* handler;
        Event event;
    };

    EventId push(SimTime at, EventHandler& handler, const Event& event);
    /// Gives a pending event another time, behind what is already scheduled for it.
    void move(EventId id, SimTime at);
    /// Takes the event out and returns it; nothing if it has fired or was cancelled.
    std::optional<Event> cancel(EventId id);
    /// Whether the next event is due by `until`; then pop() returns it.
    bool due_by(SimTime until);
    Due pop();
    /// Pending events of one handler and kind, in firing order. Cost: the whole queue.
    std::vector<EventId> pending_of(const EventHandler& handler, EventKind kind) const;
    const Event& event(EventId id) const;
    std::size_t size() const { return live_; }

private:
    // Sequence above slot in one word: 2^40 events a run, 2^24 pending at a time.
    static constexpr unsigned slot_bits = 24;
    static constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;

    struct Key {
        SimTime at;
        std::uint64_t order;
    };
    struct Slot {
        EventHandler* handler = nullptr;
        Event event;
        EventId id = 0;           ///< its first order; 0 while free
        std::uint64_t order = 0;  ///< its current order; other keys for this slot are leftovers
        SimTime at;
    };

    static bool before(const Key& x, const Key& y) {
        return x.at < y.at || (x.at == y.at && x.order < y.order);
    }
    bool is_live(const Key& key) const { return slots_[key.order & slot_mask].order == key.order; }
    Slot* find(EventId id);
    std::uint64_t next_order(std::uint32_t slot);
    void push_key(Key key);
    void sift_down(std::size_t hole, Key key);
    void pop_key();
    void drop_leftovers();
    void free_slot(Slot& slot);

    std::vector<Key> heap_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::uint64_t sequence_ = 1;
    std::size_t live_ = 0;
};

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Engine: virtual time, the event queue, the fibers and the hash that ties them.
//
// The innermost part of the simulator; clocks, network and disks are built on it and know nothing
// of each other. A step is either one fiber running until it parks, or, once none is ready, the
// next event. Running a fiber takes no virtual time.
//
// Invariants:
//  1. Everything that happens goes through note() and so extends the event chain.
//  2. Randomness comes from named streams of the seed; a draw in one shifts no other.
//  3. Virtual time never goes back, and a livelock at one instant aborts instead of hanging.

#include <map>
#include <set>
#include <string_view>

#include "base/prng.h"
#include "base/unique_function.h"
#include "runtime/fiber.h"
#include "sim/world/event_chain.h"
#include "sim/world/event_queue.h"
#include "sim/world/fault_counters.h"
#include "sim/world/trace_ring.h"

namespace geode::sim {

class Engine final : private SchedulingPolicy, private EventHandler {
public:
    struct Options {
        std::uint64_t seed = 0;
        EventLog* event_log = nullptr;  ///< borrowed; must outlive the run
        std::size_t trace_ring_entries = 512;
        UniqueFunction<void(const TraceRecord&)> trace_sink = {};  ///< sees every record, if set
    };
    explicit Engine(Options options);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // --- running ---

    SimTime now() const { return now_; }
    /// One fiber switch, or the next event due by `until`. False if there is neither.
    bool step(SimTime until);
    /// Runs everything due by `until` (>= now()), and leaves now() there.
    void run_until(SimTime until);

    // --- events ---

    /// Has `handler` called at `at`, or now if that is past.
    EventId schedule(SimTime at, EventHandler& handler, const Event& event);
    EventId schedule_in(Duration delay, EventHandler& handler, const Event& event) {
        return schedule(after(now_, delay), handler, event);
    }
    /// Calls `action` at `at`, outside any fiber. `name` is a literal.
    EventId call_at(SimTime at, const char* name, UniqueFunction<void()> action);
    void move(EventId id, SimTime at) { queue_.move(id, at < now_ ? now_ : at); }
    void cancel(EventId id);
    const EventQueue& queue() const { return queue_; }
    /// Events taken from the queue so far: timers, deliveries, calls. The chain counts more.
    std::uint64_t fired() const { return fired_; }

    /// Extends the chain by something that happens now. `label` is a literal.
    void note(EventKind kind, NodeId node, std::string_view label, std::uint64_t a,
              std::uint64_t b) {
        chain_.extend(ChainEvent{kind, node, now_, a, b, label});
    }
    /// Wakes a fiber of `node`; counts it as held if the node is paused.
    void wake(NodeId node, WakeToken token, WakeReason reason = WakeReason::notified);
    void set_paused(NodeId node, bool paused);

    void trace(NodeId node, std::string_view name, std::span<const TraceField> fields);

    // --- parts ---

    std::uint64_t seed() const { return options_.seed; }
    /// The stream of that name: faults, workload, protocol, scheduling, network, disk, clock, …
    Prng stream(std::string_view name) const { return root_.split(name); }
    Scheduler& scheduler() { return scheduler_; }
    FaultCounters& faults() { return faults_; }
    const EventChain& chain() const { return chain_; }
    const TraceRing& traces() const { return traces_; }

private:
    std::size_t pick(std::size_t ready_count) override;
    void running(std::uint64_t fiber_id) override;
    void on_event(const Event& event) override;
    void count_step();

    struct Call {
        const char* name;
        UniqueFunction<void()> action;
    };

    Options options_;
    Prng root_;
    Prng scheduling_;
    SimTime now_;
    std::uint64_t steps_at_now_ = 0;
    std::uint64_t fired_ = 0;
    EventQueue queue_;
    EventChain chain_;
    TraceRing traces_;
    FaultCounters faults_;
    std::map<std::uint64_t, Call> calls_;
    std::uint64_t next_call_ = 1;
    std::set<NodeId> paused_;
    Scheduler scheduler_;
};

}  // namespace geode::sim

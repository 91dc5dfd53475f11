// SPDX-License-Identifier: Apache-2.0
#include "sim/world/engine.h"

namespace geode::sim {

namespace {
// More than any burst of real work at one instant; a spinning fiber reaches it in a second or so.
constexpr std::uint64_t steps_at_one_time_max = 20'000'000;
}  // namespace

Engine::Engine(Options options)
    : options_(std::move(options)),
      root_(options_.seed),
      scheduling_(root_.split("scheduling")),
      chain_(options_.seed, options_.event_log),
      traces_(options_.trace_ring_entries),
      scheduler_(Scheduler::Options{.stack_bytes = 0, .policy = this}) {}

std::size_t Engine::pick(std::size_t ready_count) {
    return ready_count == 1 ? 0 : scheduling_.below(ready_count);
}

void Engine::running(std::uint64_t fiber_id) {
    note(EventKind::scheduling, NodeId{}, "", fiber_id, 0);
}

void Engine::count_step() {
    GEODE_ASSERT_MSG(++steps_at_now_ < steps_at_one_time_max,
                     "livelock: virtual time does not advance");
}

bool Engine::step(SimTime until) {
    GEODE_ASSERT_MSG(!scheduler_.in_fiber(), "the simulation is driven from outside its fibers");
    if (scheduler_.run_one()) {
        count_step();
        return true;
    }
    if (!queue_.due_by(until)) return false;
    const EventQueue::Due due = queue_.pop();
    GEODE_ASSERT(due.at >= now_);
    if (due.at > now_) steps_at_now_ = 0;
    now_ = due.at;
    ++fired_;
    count_step();
    // Calls note themselves, with their name.
    if (due.event.kind != EventKind::call) {
        note(due.event.kind, due.event.node, "", due.event.a, due.event.b);
    }
    due.handler->on_event(due.event);
    return true;
}

void Engine::run_until(SimTime until) {
    GEODE_ASSERT(until >= now_);
    while (step(until)) {
    }
    if (until > now_) steps_at_now_ = 0;
    now_ = until;
}

EventId Engine::schedule(SimTime at, EventHandler& handler, const Event& event) {
    return queue_.push(at < now_ ? now_ : at, handler, event);
}

EventId Engine::call_at(SimTime at, const char* name, UniqueFunction<void()> action) {
    const std::uint64_t number = next_call_++;
    calls_.emplace(number, Call{name, std::move(action)});
    return schedule(at, *this, Event{EventKind::call, NodeId{}, number, 0});
}

void Engine::on_event(const Event& event) {
    auto call = calls_.extract(event.a);
    GEODE_ASSERT(!call.empty());
    note(EventKind::call, NodeId{}, call.mapped().name, event.a, 0);
    call.mapped().action();
}

void Engine::cancel(EventId id) {
    const std::optional<Event> event = queue_.cancel(id);
    if (event && event->kind == EventKind::call) calls_.erase(event->a);
}

void Engine::wake(NodeId node, WakeToken token, WakeReason reason) {
    if (scheduler_.wake(token, reason) && !paused_.empty() && paused_.contains(node)) {
        faults_.observed(FaultFamily::pause);
    }
}

void Engine::set_paused(NodeId node, bool paused) {
    if (paused) {
        paused_.insert(node);
    } else {
        paused_.erase(node);
    }
}

void Engine::trace(NodeId node, std::string_view name, std::span<const TraceField> fields) {
    note(EventKind::trace, node, name, digest(name, fields), 0);
    const TraceRecord& record = traces_.add(now_, node, name, fields);
    if (options_.trace_sink) options_.trace_sink(record);
}

}  // namespace geode::sim

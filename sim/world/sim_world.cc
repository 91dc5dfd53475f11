// SPDX-License-Identifier: Apache-2.0
#include "sim/world/sim_world.h"

#include "base/hash_map.h"

namespace geode::sim {
namespace {

// A hop to a worker thread and back, measured at 10.5 µs: even a free call suspends its fiber.
constexpr Duration hop_min = microseconds(5);
constexpr Duration hop_max = microseconds(15);

Prng life_stream(const SimWorld::Parts& parts, std::string_view name) {
    return parts.engine.stream(name).split(parts.node.value()).split(parts.life);
}

}  // namespace

SimWorld::SimWorld(const Parts& parts)
    : engine_(parts.engine),
      node_(parts.node),
      fibers_(parts.engine.scheduler()),
      clock_(*this, parts.clock),
      network_(*this, parts.network),
      disk_(parts.disk, parts.life),
      offload_(*this, parts.disk, life_stream(parts, "offload")),
      random_(life_stream(parts, "protocol")),
      trace_(*this),
      chaos_(*this, life_stream(parts, "chaos"), parts.chaos) {}

void SimWorld::assert_may_suspend() const {
    GEODE_ASSERT_MSG(!offload_.running(), "an offloaded call must not suspend");
}

MonoTime SimWorld::LifeClock::now() const {
    return world_.alive_ ? clock_.now() : never;
}

WallTime SimWorld::LifeClock::wall() const {
    return clock_.wall();
}

TimerId SimWorld::LifeClock::wake_at(MonoTime when, WakeToken token) {
    world_.assert_may_suspend();
    return world_.alive_ ? clock_.wake_at(when, token) : 0;
}

void SimWorld::LifeClock::cancel(TimerId timer) {
    if (world_.alive_) clock_.cancel(timer);
}

void SimWorld::LifeOffload::run_blocking(FunctionRef<void()> work) {
    Scheduler& scheduler = world_.scheduler();
    GEODE_ASSERT_MSG(scheduler.in_fiber(), "Offload::run outside any fiber");
    GEODE_ASSERT_MSG(!running_, "an offloaded call must not offload");
    // Nothing below suspends before the work is done, so one flag and one cost serve all fibers.
    running_ = true;
    disk_.set_offloaded(true);
    work();
    disk_.set_offloaded(false);
    running_ = false;
    const WakeToken token = scheduler.park_token();
    if (world_.alive_) {
        const Duration cost = disk_.take_cost() + random_.between(hop_min, hop_max);
        world_.engine_.schedule_in(
            cost, *this, Event{EventKind::offload, world_.node_, token.slot, token.generation});
    }
    scheduler.park();
}

void SimWorld::LifeOffload::on_event(const Event& event) {
    world_.engine_.wake(world_.node_, WakeToken{static_cast<std::uint32_t>(event.a),
                                                static_cast<std::uint32_t>(event.b)});
}

void SimWorld::LifeTrace::record(std::string_view name, std::span<const TraceField> fields) {
    if (world_.alive_) world_.engine_.trace(world_.node_, name, fields);
}

bool SimWorld::LifeChaos::fires(std::string_view site) {
    if (!on_ || !world_.alive_) return false;
    const std::uint64_t site_hash = hash_bytes(site);
    if (mix_hash(site_hash, world_.engine_.seed()) % 4 != 0) return false;
    world_.engine_.faults().injected(FaultFamily::chaos_site);
    if (!random_.chance(1, 4)) return false;
    world_.engine_.faults().observed(FaultFamily::chaos_site);
    world_.engine_.note(EventKind::fault, world_.node_, "chaos", site_hash, 1);
    return true;
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#include "sim/world/sim_clock.h"

namespace geode::sim {
namespace {

__extension__ using Wide = __int128;
constexpr std::int64_t million = 1'000'000;
// 2026-01-01T00:00:00Z: the true wall time at virtual time 0.
constexpr WallTime epoch{Duration(1'767'225'600'000'000'000)};

WakeToken unpack(std::uint64_t packed) {
    return WakeToken{static_cast<std::uint32_t>(packed >> 32), static_cast<std::uint32_t>(packed)};
}
std::uint64_t pack(WakeToken token) {
    return (std::uint64_t{token.slot} << 32) | token.generation;
}

}  // namespace

SimClock::SimClock(Engine& engine, NodeId node, Prng random)
    : engine_(engine), node_(node), random_(random), base_(engine.now()) {
    base_ticks_ = base_.time_since_epoch().count();
}

void SimClock::start_life() {
    GEODE_ASSERT(!alive_);
    alive_ = true;
    // An arbitrary origin, so that code comparing now() across nodes or restarts shows itself.
    const Duration uptime = random_.between(seconds(1), seconds(1'000'000));
    origin_ = MonoTime(uptime - Duration(ticks()));
}

void SimClock::end_life() {
    GEODE_ASSERT(alive_);
    alive_ = false;
    for (const EventId timer : engine_.queue().pending_of(*this, EventKind::timer)) {
        engine_.cancel(timer);
    }
}

std::int64_t SimClock::ticks() const {
    const std::int64_t elapsed = (engine_.now() - base_).count();
    if (rate_ppm_ == million) return base_ticks_ + elapsed;
    return base_ticks_ + static_cast<std::int64_t>(Wide{elapsed} * rate_ppm_ / million);
}

MonoTime SimClock::now() const {
    if (!alive_) return never;
    if (rate_ppm_ != million && engine_.now() > base_) {
        const std::int64_t elapsed = (engine_.now() - base_).count();
        if (ticks() - base_ticks_ != elapsed) {
            const bool rate = speed_ppm_ != million;
            engine_.faults().observed(rate ? FaultFamily::clock_rate : FaultFamily::clock_drift);
            if (rate && drift_ppm_ != 0) engine_.faults().observed(FaultFamily::clock_drift);
        }
    }
    return origin_ + Duration(ticks());
}

WallTime SimClock::wall() const {
    FaultCounters& faults = engine_.faults();
    if (offset_.count() != 0) faults.observed(FaultFamily::clock_offset);
    if (stepped_.count() != 0) faults.observed(FaultFamily::clock_step);
    if (frozen_ && frozen_lag().count() != 0) faults.observed(FaultFamily::clock_freeze);
    if (frozen_) return frozen_at_;
    return epoch + Duration(ticks()) + correction_ + stepped_ + offset_;
}

Duration SimClock::frozen_lag() const {
    return epoch + Duration(ticks()) + correction_ + stepped_ + offset_ - frozen_at_;
}

Duration SimClock::wall_error() const {
    const WallTime shown =
        frozen_ ? frozen_at_ : epoch + Duration(ticks()) + correction_ + stepped_ + offset_;
    return shown - (epoch + engine_.now().time_since_epoch());
}

SimTime SimClock::time_of(MonoTime when) const {
    const Wide wanted =
        Wide{when.time_since_epoch().count()} - origin_.time_since_epoch().count() - base_ticks_;
    if (wanted <= 0) return base_;
    const Wide elapsed = (wanted * million + rate_ppm_ - 1) / rate_ppm_;
    const Wide room = (SimTime::max() - base_).count();
    return elapsed >= room ? SimTime::max() : base_ + Duration(static_cast<std::int64_t>(elapsed));
}

TimerId SimClock::wake_at(MonoTime when, WakeToken token) {
    if (!alive_ || when == never) return 0;
    SimTime at = time_of(when);
    if (lateness_.count() > 0) at = after(at, random_.exponential(lateness_));
    return engine_.schedule(at, *this,
                            Event{EventKind::timer, node_, pack(token),
                                  static_cast<std::uint64_t>(when.time_since_epoch().count())});
}

void SimClock::on_event(const Event& event) {
    GEODE_ASSERT(alive_);
    const MonoTime when{Duration(static_cast<std::int64_t>(event.b))};
    const MonoTime local = origin_ + Duration(ticks());
    GEODE_ASSERT_MSG(local >= when, "a timer fired early");
    if (lateness_.count() > 0 && local > when) engine_.faults().observed(FaultFamily::timer_late);
    engine_.wake(node_, unpack(event.a), WakeReason::timed_out);
}

void SimClock::change_rate() {
    base_ticks_ = ticks();
    base_ = engine_.now();
    rate_ppm_ = speed_ppm_ * (million + drift_ppm_) / million;
    GEODE_ASSERT(rate_ppm_ > 0);
    if (!alive_) return;
    for (const EventId timer : engine_.queue().pending_of(*this, EventKind::timer)) {
        const auto when = static_cast<std::int64_t>(engine_.queue().event(timer).b);
        engine_.move(timer, time_of(MonoTime(Duration(when))));
    }
}

void SimClock::note(std::string_view what, std::int64_t value) {
    engine_.note(EventKind::fault, node_, what, digest(what), static_cast<std::uint64_t>(value));
}

void SimClock::set_offset(Duration offset) {
    note("clock_offset", offset.count());
    if (offset.count() != 0) engine_.faults().injected(FaultFamily::clock_offset);
    offset_ = offset;
}

void SimClock::set_drift(std::int64_t ppm) {
    GEODE_ASSERT(ppm >= -500'000 && ppm <= 500'000);
    note("clock_drift", ppm);
    if (ppm != 0) engine_.faults().injected(FaultFamily::clock_drift);
    drift_ppm_ = ppm;
    change_rate();
}

void SimClock::step_wall(Duration by) {
    note("clock_step", by.count());
    if (by.count() != 0) engine_.faults().injected(FaultFamily::clock_step);
    stepped_ += by;
    if (frozen_) frozen_at_ += by;
}

void SimClock::freeze_wall() {
    note("clock_freeze", 1);
    engine_.faults().injected(FaultFamily::clock_freeze);
    if (frozen_) return;
    frozen_at_ = epoch + Duration(ticks()) + correction_ + stepped_ + offset_;
    frozen_ = true;
}

void SimClock::unfreeze_wall() {
    note("clock_freeze", 0);
    frozen_ = false;
}

void SimClock::set_rate(std::int64_t rate_ppm) {
    GEODE_ASSERT(rate_ppm >= 100'000);
    note("clock_rate", rate_ppm);
    if (rate_ppm != million) engine_.faults().injected(FaultFamily::clock_rate);
    speed_ppm_ = rate_ppm;
    change_rate();
}

void SimClock::set_timer_lateness(Duration mean) {
    GEODE_ASSERT(mean.count() >= 0);
    note("timer_late", mean.count());
    if (mean.count() > 0) engine_.faults().injected(FaultFamily::timer_late);
    lateness_ = mean;
}

void SimClock::heal() {
    note("clock_heal", 0);
    offset_ = stepped_ = lateness_ = Duration(0);
    frozen_ = false;
    speed_ppm_ = million;
    drift_ppm_ = 0;
    change_rate();
    correction_ = engine_.now().time_since_epoch() - Duration(ticks());
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// SimClock: one machine's oscillator, its wall clock and its timers.
//
// The oscillator counts ticks: virtual nanoseconds times a rate. A node's now() is ticks since a
// per-life origin, its wall() is ticks plus an error. Both survive reboots of the node, as a real
// machine's clock does; timers belong to one life.
//
// Invariants:
//  1. Ticks never decrease, so now() does not either, whatever the faults do to wall().
//  2. A timer for `when` fires once now() >= `when`; a change of rate moves it.
//  3. After end_life() nothing of the old life fires. now() of a dead life is `never`, so that a
//     loop waiting for a deadline on its way out ends.

#include "base/time.h"
#include "runtime/clock.h"
#include "sim/world/engine.h"

namespace geode::sim {

class SimClock final : private EventHandler {
public:
    SimClock(Engine& engine, NodeId node, Prng random);
    SimClock(const SimClock&) = delete;
    SimClock& operator=(const SimClock&) = delete;

    // --- for the life ---

    void start_life();
    void end_life();
    MonoTime now() const;
    WallTime wall() const;
    TimerId wake_at(MonoTime when, WakeToken token);
    void cancel(TimerId timer) { engine_.cancel(timer); }

    // --- faults; each is a start and, where it lasts, a stop ---

    /// Adds `offset` to wall() until changed; 0 stops.
    void set_offset(Duration offset);
    /// Both clocks run `ppm` parts per million fast (slow if negative) until changed; 0 stops.
    /// Between -500,000 and 500,000.
    void set_drift(std::int64_t ppm);
    /// Moves wall() forward or back, once.
    void step_wall(Duration by);
    /// wall() stands still; unfreezing, it jumps to where it would have been.
    void freeze_wall();
    void unfreeze_wall();
    /// Both clocks run at `rate_ppm` / 1,000,000 until changed: 500,000 is half speed, 1,000,000
    /// stops. At least 100,000.
    void set_rate(std::int64_t rate_ppm);
    /// Timers set from now on fire late by an exponential delay of this mean; 0 stops.
    void set_timer_lateness(Duration mean);
    /// Stops everything above and sets wall() right, as a time server would.
    void heal();

    /// wall() minus the true time, without counting as a read.
    Duration wall_error() const;

private:
    void on_event(const Event& event) override;
    std::int64_t ticks() const;
    SimTime time_of(MonoTime when) const;
    void change_rate();
    Duration frozen_lag() const;
    void note(std::string_view what, std::int64_t value);

    Engine& engine_;
    NodeId node_;
    Prng random_;
    bool alive_ = false;

    SimTime base_;                 ///< the last change of rate …
    std::int64_t base_ticks_ = 0;  ///< … and the ticks then
    std::int64_t rate_ppm_ = 1'000'000;
    std::int64_t speed_ppm_ = 1'000'000;  ///< set_rate()
    std::int64_t drift_ppm_ = 0;          ///< set_drift()
    MonoTime origin_;                     ///< now() at zero ticks, in this life

    Duration offset_{0};
    Duration stepped_{0};
    Duration correction_{0};  ///< of accumulated drift, by heal()
    bool frozen_ = false;
    WallTime frozen_at_;
    Duration lateness_{0};
};

}  // namespace geode::sim

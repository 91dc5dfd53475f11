// SPDX-License-Identifier: Apache-2.0
#pragma once

// OsClock: CLOCK_MONOTONIC and CLOCK_REALTIME, and the timers of one World.
//
// All timers share one Asio timer. Re-arming that costs a system call, so it happens only when a
// timer earlier than the armed time is added: a cancelled deadline leaves the Asio timer armed, and
// it then fires once for nothing. With the usual load (set a deadline of seconds, cancel it after
// microseconds) this is one system call per deadline length instead of two per wait.
//
// A timer never fires inside wake_at(), even when it is due already: the fiber has yet to park.

#include <memory>

#include "runtime/clock.h"
#include "runtime/os/event_loop.h"

namespace geode::os {

class OsClock final : public Clock {
public:
    explicit OsClock(EventLoop& loop);
    /// Pending timers never fire.
    ~OsClock() override;
    OsClock(const OsClock&) = delete;
    OsClock& operator=(const OsClock&) = delete;

    MonoTime now() const override;
    WallTime wall() const override;
    TimerId wake_at(MonoTime when, WakeToken token) override;
    void cancel(TimerId timer) override;
    /// Timers set and neither fired nor cancelled.
    std::size_t pending() const;

private:
    struct State;
    std::shared_ptr<State> state_;  ///< shared with the Asio handler in flight
};

/// A deadline for one park: cancelled when the wait ends, however it ends.
class DeadlineTimer {
public:
    DeadlineTimer(Clock& clock, MonoTime deadline, WakeToken token)
        : clock_(clock), id_(clock.wake_at(deadline, token)) {}
    ~DeadlineTimer() { clock_.cancel(id_); }
    DeadlineTimer(const DeadlineTimer&) = delete;
    DeadlineTimer& operator=(const DeadlineTimer&) = delete;

private:
    Clock& clock_;
    TimerId id_;
};

}  // namespace geode::os

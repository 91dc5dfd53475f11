// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/os_clock.h"

#include <time.h>

#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"
#include "runtime/os/timer_queue.h"

namespace geode::os {
namespace {

Duration read_clock(clockid_t clock) {
    timespec time{};
    const int status = ::clock_gettime(clock, &time);
    GEODE_ASSERT(status == 0);
    return seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

MonoTime mono_now() {
    return MonoTime(read_clock(CLOCK_MONOTONIC));
}

}  // namespace

struct OsClock::State : std::enable_shared_from_this<State> {
    explicit State(EventLoop& the_loop) : loop(the_loop), timer(the_loop.io()) {}

    void arm();
    void fire();

    EventLoop& loop;
    boost::asio::steady_timer timer;
    TimerQueue queue;
    MonoTime armed_at = never;
    bool stopped = false;
};

void OsClock::State::arm() {
    if (queue.next() >= armed_at) return;
    armed_at = queue.next();
    // steady_clock is CLOCK_MONOTONIC in libstdc++, so the two share an origin.
    timer.expires_at(std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            armed_at.time_since_epoch())));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && !self->stopped) self->fire();
    });
}

void OsClock::State::fire() {
    // A wait replaced after it expired also lands here; arming anew is then merely superfluous.
    armed_at = never;
    const MonoTime now = mono_now();
    while (const auto token = queue.pop_due(now)) {
        loop.scheduler().wake(*token, WakeReason::timed_out);
    }
    arm();
    loop.run_ready_fibers();
}

OsClock::OsClock(EventLoop& loop) : state_(std::make_shared<State>(loop)) {}

OsClock::~OsClock() {
    state_->stopped = true;
    state_->timer.cancel();
}

MonoTime OsClock::now() const {
    return mono_now();
}

WallTime OsClock::wall() const {
    return WallTime(read_clock(CLOCK_REALTIME));
}

TimerId OsClock::wake_at(MonoTime when, WakeToken token) {
    if (when == never) return 0;
    const TimerId id = state_->queue.add(when, token);
    state_->arm();
    return id;
}

void OsClock::cancel(TimerId timer) {
    if (timer != 0) state_->queue.cancel(timer);
}

std::size_t OsClock::pending() const {
    return state_->queue.size();
}

}  // namespace geode::os

// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/event_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/assert.h"

namespace geode::os {
namespace asio = boost::asio;

EventLoop::EventLoop()
    // The hint says "one thread runs handlers"; post() from other threads stays safe.
    : scheduler_(Scheduler::Options{}), io_(std::make_unique<asio::io_context>(1)) {}

EventLoop::~EventLoop() {
    GEODE_ASSERT(!scheduler_.in_fiber());
}

void EventLoop::run() {
    GEODE_ASSERT(!scheduler_.in_fiber());
    {
        // Gone before restart(): without other work its end stops the context once more.
        const auto guard = asio::make_work_guard(*io_);
        run_ready_fibers();
        io_->run();
        GEODE_ASSERT(io_->stopped());
    }
    io_->restart();
}

bool EventLoop::run_for(Duration at_most) {
    GEODE_ASSERT(!scheduler_.in_fiber());
    GEODE_ASSERT(at_most.count() >= 0);
    bool stopped = false;
    {
        const auto guard = asio::make_work_guard(*io_);
        run_ready_fibers();
        io_->run_for(at_most);
        stopped = io_->stopped();
    }
    io_->restart();
    return stopped;
}

void EventLoop::stop() {
    io_->stop();
}

void EventLoop::post(UniqueFunction<void()> work) {
    GEODE_ASSERT(static_cast<bool>(work));
    asio::post(*io_, [this, work = std::move(work)]() mutable {
        work();
        run_ready_fibers();
    });
}

void EventLoop::run_ready_fibers() {
    if (scheduler_.in_fiber()) return;
    for (std::uint32_t count = 0; count < fiber_batch_max; ++count) {
        if (!scheduler_.run_one()) return;
    }
    if (!scheduler_.has_ready() || continuation_posted_) return;
    continuation_posted_ = true;
    asio::post(*io_, [this] {
        continuation_posted_ = false;
        run_ready_fibers();
    });
}

}  // namespace geode::os

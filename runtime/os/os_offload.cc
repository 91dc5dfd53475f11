// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/os_offload.h"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>

#include "base/assert.h"

namespace geode::os {

struct OsOffload::Job {
    FunctionRef<void()> work;
    WakeToken token;
};

struct OsOffload::State : std::enable_shared_from_this<State> {
    explicit State(EventLoop& the_loop) : loop(the_loop) {}

    void finish(WakeToken token);
    void deliver();

    EventLoop& loop;
    std::mutex mutex;
    std::condition_variable wanted;
    std::deque<Job*> queue;
    std::vector<WakeToken> finished;  ///< fibers to wake; a delivery is posted while not empty
    bool stopping = false;
};

/// On a worker: hands the fiber back. The first of a batch posts the delivery for all.
void OsOffload::State::finish(WakeToken token) {
    bool first = false;
    {
        const std::lock_guard lock(mutex);
        first = finished.empty();
        finished.push_back(token);
    }
    if (first) loop.post([self = shared_from_this()] { self->deliver(); });
}

/// On the loop: makes the fibers of finished jobs ready.
void OsOffload::State::deliver() {
    std::vector<WakeToken> batch;
    {
        const std::lock_guard lock(mutex);
        batch.swap(finished);
    }
    for (const WakeToken token : batch) {
        const bool woken = loop.scheduler().wake(token);
        GEODE_ASSERT_MSG(woken, "a fiber left its frame while a worker still used it");
    }
}

void OsOffload::work_until_stopped(State& state) {
    for (;;) {
        Job* job = nullptr;
        {
            std::unique_lock lock(state.mutex);
            state.wanted.wait(lock, [&] { return state.stopping || !state.queue.empty(); });
            if (state.queue.empty()) return;
            job = state.queue.front();
            state.queue.pop_front();
        }
        job->work();
        const WakeToken token = job->token;  // the job is gone once finish() has published it
        state.finish(token);
    }
}

OsOffload::OsOffload(EventLoop& loop, std::uint32_t threads)
    : loop_(loop), state_(std::make_shared<State>(loop)) {
    GEODE_ASSERT(threads >= 1);
    GEODE_ASSERT(threads <= 256);
    // Threads inherit the mask: signals then reach the loop's thread only.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    for (std::uint32_t index = 0; index < threads; ++index) {
        threads_.emplace_back([state = state_.get()] { work_until_stopped(*state); });
        const std::string name = "geode-work-" + std::to_string(index);
        ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

OsOffload::~OsOffload() {
    stop();
}

void OsOffload::run_blocking(FunctionRef<void()> work) {
    Scheduler& scheduler = loop_.scheduler();
    const bool inline_only =
        !scheduler.in_fiber() || threads_.empty() || scheduler.current_killed();
    if (inline_only) {
        work();
    } else {
        Job job{work, scheduler.park_token()};
        {
            const std::lock_guard lock(state_->mutex);
            GEODE_ASSERT(!state_->stopping);
            state_->queue.push_back(&job);
        }
        state_->wanted.notify_one();
        scheduler.park_uninterruptible();
    }
    const bool killed = scheduler.in_fiber() && scheduler.current_killed();
    if (killed && std::uncaught_exceptions() == 0) throw Killed{};
}

void OsOffload::stop() {
    if (threads_.empty()) return;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wanted.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    GEODE_ASSERT(state_->queue.empty());
    state_->deliver();
}

}  // namespace geode::os

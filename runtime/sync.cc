// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync.h"

#include <algorithm>

namespace geode {

WakeReason WaitQueue::wait(MonoTime deadline) {
    Scheduler& scheduler = world_.scheduler();
    const WakeToken token = scheduler.park_token();
    waiters_.push_back(token);
    const TimerId timer = world_.clock().wake_at(deadline, token);
    try {
        const WakeReason reason = scheduler.park();
        world_.clock().cancel(timer);
        if (reason == WakeReason::timed_out) std::erase(waiters_, token);
        return reason;
    } catch (const Killed&) {
        world_.clock().cancel(timer);
        std::erase(waiters_, token);
        if (scheduler.take_swallowed_wake()) notify_one();
        throw;
    }
}

bool WaitQueue::notify_one() {
    while (!waiters_.empty()) {
        const WakeToken token = waiters_.front();
        waiters_.pop_front();
        if (world_.scheduler().wake(token)) return true;
    }
    return false;
}

void WaitQueue::notify_all() {
    std::deque<WakeToken> waiters = std::move(waiters_);
    waiters_.clear();
    for (const WakeToken token : waiters) world_.scheduler().wake(token);
}

void Mutex::lock() {
    // Barging is allowed: unlock() wakes a waiter but does not hand the lock over, so a waiter
    // killed on its way in holds nothing. `never`: the holder is a fiber of the same node, which
    // unlocks or dies with us.
    while (locked_) waiters_.wait(never);
    locked_ = true;
}

bool Mutex::try_lock() {
    if (locked_) return false;
    locked_ = true;
    return true;
}

void Mutex::unlock() {
    GEODE_ASSERT(locked_);
    locked_ = false;
    waiters_.notify_one();
}

}  // namespace geode

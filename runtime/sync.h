// SPDX-License-Identifier: Apache-2.0
#pragma once

// Mutex, condition, event and channel for the fibers of one node.
//
// All belong to one World and one thread; they order fibers, not threads. Every wait takes a
// deadline on that World's clock (`never` needs a reason at the call site) and throws Killed in a
// killed or cancelled fiber, after which the object is still consistent. Waiters are woken first
// in, first out. None may be destroyed while a live fiber waits on it.

#include <deque>
#include <optional>
#include <utility>

#include "runtime/world.h"

namespace geode {

/// FIFO of parked fibers: the one waiting primitive the others are made of.
class WaitQueue {
public:
    explicit WaitQueue(World& world) : world_(world) {}
    ~WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;

    /// Suspends until notified or `deadline`. Throws Killed. A notification that reaches a fiber
    /// which is then killed is passed on to the next waiter.
    WakeReason wait(MonoTime deadline);
    /// Wakes the longest waiter; false if none waits.
    bool notify_one();
    void notify_all();
    bool empty() const { return waiters_.empty(); }

private:
    World& world_;
    std::deque<WakeToken> waiters_;
};

class Mutex {
public:
    explicit Mutex(World& world) : waiters_(world) {}
    /// Suspends until held. Not recursive.
    void lock();
    bool try_lock();
    void unlock();
    bool locked() const { return locked_; }

private:
    WaitQueue waiters_;
    bool locked_ = false;
};

class MutexLock {
public:
    explicit MutexLock(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& mutex_;
};

/// Waits for a predicate that other fibers of the node make true.
class Condition {
public:
    explicit Condition(World& world) : waiters_(world) {}
    /// Suspends until `predicate()` holds (true) or the deadline passes without it (false).
    template <class Predicate>
    bool wait_until(MonoTime deadline, Predicate predicate) {
        while (!predicate()) {
            if (waiters_.wait(deadline) == WakeReason::timed_out) return predicate();
        }
        return true;
    }
    /// Suspends until the next notification; may wake early by another's predicate.
    WakeReason wait(MonoTime deadline) { return waiters_.wait(deadline); }
    void notify_one() { waiters_.notify_one(); }
    void notify_all() { waiters_.notify_all(); }

private:
    WaitQueue waiters_;
};

/// Bounded multi-producer queue between fibers.
template <class T>
class Channel {
public:
    /// `capacity >= 1` entries.
    Channel(World& world, std::size_t capacity)
        : capacity_(capacity), readable_(world), writable_(world) {
        GEODE_ASSERT(capacity >= 1);
    }

    /// Suspends while full. False if closed or the deadline passed; `value` is then dropped.
    bool send(T value, MonoTime deadline) {
        writable_.wait_until(deadline, [&] { return closed_ || items_.size() < capacity_; });
        return try_send(std::move(value));
    }
    /// Never suspends. False, and `value` dropped, if full or closed.
    bool try_send(T value) {
        if (closed_ || items_.size() >= capacity_) return false;
        items_.push_back(std::move(value));
        readable_.notify_one();
        return true;
    }
    /// Suspends while empty. Nothing once closed and drained, or at the deadline.
    std::optional<T> receive(MonoTime deadline) {
        readable_.wait_until(deadline, [&] { return closed_ || !items_.empty(); });
        return try_receive();
    }
    std::optional<T> try_receive() {
        if (items_.empty()) return std::nullopt;
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        writable_.notify_one();
        return item;
    }
    /// Wakes all waiters; what is queued can still be received.
    void close() {
        closed_ = true;
        readable_.notify_all();
        writable_.notify_all();
    }
    bool closed() const { return closed_; }
    std::size_t size() const { return items_.size(); }

private:
    std::size_t capacity_;
    std::deque<T> items_;
    bool closed_ = false;
    Condition readable_;
    Condition writable_;
};

}  // namespace geode

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stackful fibers on Boost.Context: direct-style code on one thread.
//
// A Scheduler belongs to one thread and runs fibers until none is ready. A fiber suspends only in
// park(), which everything that waits (World calls, runtime/sync.h) goes through. Fibers belong to
// a FiberGroup, one per node, so that a node can be paused or killed as a whole.
//
// Invariants:
//  1. A WakeToken names one park of one fiber. Waking with a stale token does nothing, so timers
//     and waiter queues may outlive the wait, and even the fiber, that made them.
//  2. kill() resumes every fiber of the group with `killed` set until none is left; park() then
//     throws Killed, or returns at once while the fiber is already unwinding. Nothing is unwound
//     by force: fibers leave through their own code (facts measured: forced unwinding aborts in
//     catch(...), in noexcept frames, and leaves LevelDB's mutexes locked).
//  3. C++ exception state is swapped at each switch; without it two fibers that park inside a
//     catch block rethrow each other's exceptions.
//  4. No park in a destructor, in a noexcept function, under a LevelDB frame, or in static
//     initialisation. catch (...) must rethrow.
//
// Stacks are pooled, 64 KiB (128 KiB under sanitizers) with a guard page below each.

#include <boost/context/fiber.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_function.h"

namespace geode {

class FiberGroup;
class Scheduler;
class StackPool;
struct FiberState;

/// Thrown out of park() in a killed or cancelled fiber. Not a std::exception, so that handlers of
/// ordinary errors do not swallow it.
struct Killed {};

/// Names one park of one fiber. Default-constructed: wakes nothing.
struct WakeToken {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    friend bool operator==(WakeToken, WakeToken) = default;
};

enum class WakeReason : std::uint8_t { notified, timed_out };

/// Chooses which of the ready fibers runs next. The simulator draws it from the seed and hashes
/// the choice; without one the order is first in, first out.
class SchedulingPolicy {
public:
    virtual ~SchedulingPolicy() = default;
    /// Returns an index below `ready_count` (>= 1).
    virtual std::size_t pick(std::size_t ready_count) = 0;
    /// Told of each switch into a fiber, before it runs.
    virtual void running(std::uint64_t fiber_id) = 0;
};

/// Refers to a spawned fiber. Copyable; outliving the fiber is fine.
class FiberHandle {
public:
    FiberHandle() = default;
    bool done() const;
    /// Suspends until the fiber has ended. Throws Killed if the *calling* fiber is killed.
    void join();
    /// Makes the fiber leave: its current or next park throws Killed. Returns at once.
    void cancel();

private:
    friend class Scheduler;
    explicit FiberHandle(Scheduler* scheduler, std::uint32_t slot, std::uint64_t id)
        : scheduler_(scheduler), slot_(slot), id_(id) {}
    Scheduler* scheduler_ = nullptr;
    std::uint32_t slot_ = 0;
    std::uint64_t id_ = 0;
};

class Scheduler {
public:
    struct Options {
        std::size_t stack_bytes = 0;  ///< 0: 64 KiB, or 128 KiB under a sanitizer
        SchedulingPolicy* policy = nullptr;
    };
    explicit Scheduler(Options options);
    /// Every group must be empty.
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// Starts `body` as a fiber of `group`; it first runs when the scheduler picks it. `name` must
    /// outlive the fiber (a literal). Exceptions other than Killed leaving `body` abort.
    FiberHandle spawn(FiberGroup& group, const char* name, UniqueFunction<void()> body);

    /// Runs one ready fiber until it parks or ends. False if none was ready.
    bool run_one();
    /// Runs until no fiber is ready.
    void run_ready();
    bool has_ready() const;

    // --- from inside a fiber ---

    /// The token that will end the running fiber's next park().
    WakeToken park_token() const;
    /// Suspends the running fiber until its token is woken. Throws Killed (invariant 2).
    WakeReason park();
    /// As park(), but never throws and ignores kills until woken: for waits that must outlast a
    /// kill because another thread holds references to this stack.
    WakeReason park_uninterruptible();
    /// Lets other ready fibers run. Throws Killed.
    void yield();
    /// True when called from a fiber.
    bool in_fiber() const { return current_ != nullptr; }
    /// Whether the running fiber has been killed or cancelled.
    bool current_killed() const;
    /// In a handler of Killed: whether the park that threw had also been notified, so that a waiter
    /// queue can pass the notification on. Clears it.
    bool take_swallowed_wake();

    // --- from anywhere on this thread ---

    /// Makes the token's fiber ready. Returns false, and does nothing, if the token is stale.
    bool wake(WakeToken token, WakeReason reason = WakeReason::notified);

    /// Ends every fiber of `group`, in id order (invariant 2); those spawned meanwhile as well. Not
    /// to be called from a fiber. Returns false while fibers remain in park_uninterruptible(): let
    /// what they wait for happen, then call again. In simulation there are none.
    bool kill(FiberGroup& group);
    /// Holds back the group's fibers, ready ones too, until thaw(). Wakes are remembered.
    void freeze(FiberGroup& group);
    void thaw(FiberGroup& group);

    /// The running fiber's name, for diagnosis; "" outside any fiber.
    const char* current_name() const;
    /// The running fiber's group, for diagnosis; null outside any fiber.
    const FiberGroup* current_group() const;
    std::uint64_t switches() const { return switches_; }

private:
    friend class FiberHandle;
    FiberState* find(std::uint32_t slot, std::uint64_t id) const;
    FiberState& acquire_slot();
    void make_ready(FiberState& fiber);
    void unready(FiberState& fiber);
    void resume(FiberState& fiber);
    void start(FiberState& fiber);
    void run_body(FiberState& fiber) noexcept;
    void suspend(FiberState& fiber);
    WakeReason finish_park(FiberState& fiber);
    void release(FiberState& fiber);

    Options options_;
    std::unique_ptr<StackPool> stacks_;
    std::vector<std::unique_ptr<FiberState>> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::deque<FiberState*> ready_;
    FiberState* current_ = nullptr;
    std::uint64_t next_id_ = 1;
    std::uint64_t switches_ = 0;
    struct Context;
    std::unique_ptr<Context> context_;  ///< the scheduler's own side of a switch
};

/// The fibers of one node. Must outlive them; destroy it only when empty (after kill()).
class FiberGroup {
public:
    explicit FiberGroup(Scheduler& scheduler) : scheduler_(scheduler) {}
    ~FiberGroup();
    FiberGroup(const FiberGroup&) = delete;
    FiberGroup& operator=(const FiberGroup&) = delete;

    std::size_t size() const { return members_.size(); }
    bool frozen() const { return frozen_; }
    bool killed() const { return killed_; }
    Scheduler& scheduler() const { return scheduler_; }

private:
    friend class Scheduler;
    Scheduler& scheduler_;
    std::map<std::uint64_t, FiberState*> members_;  ///< by fiber id
    std::vector<FiberState*> held_;                 ///< ready while frozen
    bool frozen_ = false;
    bool killed_ = false;
};

}  // namespace geode

// SPDX-License-Identifier: Apache-2.0
#include "runtime/fiber.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

#include "base/prng.h"

using namespace geode;

namespace {

struct Fixture {
    Scheduler scheduler{Scheduler::Options{}};
    FiberGroup group{scheduler};
    ~Fixture() { scheduler.kill(group); }
};

class RandomPolicy final : public SchedulingPolicy {
public:
    explicit RandomPolicy(std::uint64_t seed) : prng_(seed) {}
    std::size_t pick(std::size_t ready_count) override { return prng_.below(ready_count); }
    void running(std::uint64_t fiber_id) override { order.push_back(fiber_id); }
    std::vector<std::uint64_t> order;

private:
    Prng prng_;
};

}  // namespace

TEST_CASE("fiber: runs in spawn order, yields in turn", "[fast]") {
    Fixture f;
    std::string log;
    for (const char name : {'a', 'b', 'c'}) {
        f.scheduler.spawn(f.group, "worker", [&, name] {
            for (int i = 0; i < 3; ++i) {
                log.push_back(name);
                f.scheduler.yield();
            }
        });
    }
    f.scheduler.run_ready();
    CHECK(log == "abcabcabc");
    CHECK(f.group.size() == 0);
}

TEST_CASE("fiber: a policy chooses the order, the same for the same seed", "[fast]") {
    const auto order = [](std::uint64_t seed) {
        RandomPolicy policy(seed);
        Scheduler scheduler({.policy = &policy});
        FiberGroup group(scheduler);
        for (int i = 0; i < 8; ++i) {
            scheduler.spawn(group, "worker", [&] { scheduler.yield(); });
        }
        scheduler.run_ready();
        return policy.order;
    };
    CHECK(order(1) == order(1));
    CHECK(order(1) != order(2));
}

TEST_CASE("fiber: a wake before the park is not lost, a stale one does nothing", "[fast]") {
    Fixture f;
    WakeToken token;
    int wakes = 0;
    f.scheduler.spawn(f.group, "waiter", [&] {
        token = f.scheduler.park_token();
        f.scheduler.wake(token, WakeReason::timed_out);
        CHECK(f.scheduler.park() == WakeReason::timed_out);
        ++wakes;
        token = f.scheduler.park_token();
        CHECK(f.scheduler.park() == WakeReason::notified);
        ++wakes;
    });
    f.scheduler.run_ready();
    CHECK(wakes == 1);
    const WakeToken current = token;
    CHECK(f.scheduler.wake(current));
    CHECK_FALSE(f.scheduler.wake(current));
    f.scheduler.run_ready();
    CHECK(wakes == 2);
    CHECK_FALSE(f.scheduler.wake(current));
    CHECK_FALSE(f.scheduler.wake(WakeToken{}));
}

TEST_CASE("fiber: join waits for the end, a handle outlives its fiber", "[fast]") {
    Fixture f;
    bool ended = false;
    bool joined = false;
    FiberHandle worker = f.scheduler.spawn(f.group, "worker", [&] {
        for (int i = 0; i < 5; ++i) f.scheduler.yield();
        ended = true;
    });
    f.scheduler.spawn(f.group, "joiner", [&] {
        worker.join();
        CHECK(ended);
        joined = true;
    });
    f.scheduler.run_ready();
    CHECK(joined);
    CHECK(worker.done());
    worker.cancel();
}

TEST_CASE("fiber: cancel ends one fiber at its park", "[fast]") {
    Fixture f;
    bool left = false;
    bool after = false;
    struct Leave {
        bool& flag;
        ~Leave() { flag = true; }
    };
    FiberHandle handle = f.scheduler.spawn(f.group, "sleeper", [&] {
        Leave leave{left};
        f.scheduler.park();
        after = true;
    });
    f.scheduler.run_ready();
    handle.cancel();
    f.scheduler.run_ready();
    CHECK(left);
    CHECK_FALSE(after);
    CHECK(handle.done());
}

TEST_CASE("fiber: kill unwinds fibers parked anywhere, and those they spawn", "[fast]") {
    Scheduler scheduler{Scheduler::Options{}};
    FiberGroup group(scheduler);
    FiberGroup other(scheduler);
    int unwound = 0;
    bool other_ran = false;
    struct Count {
        int& count;
        ~Count() { ++count; }
    };
    for (int i = 0; i < 20; ++i) {
        scheduler.spawn(group, "parked", [&, i] {
            Count count{unwound};
            try {
                if (i % 2 == 0) scheduler.yield();
                scheduler.park();
            } catch (const Killed&) {
                // A park on the way out does not suspend again.
                CHECK_THROWS_AS(scheduler.park(), Killed);
                scheduler.spawn(group, "late", [&] { FAIL("a killed group starts nothing"); });
                throw;
            }
        });
    }
    scheduler.spawn(other, "other", [&] {
        scheduler.park();
        other_ran = true;
    });
    scheduler.run_ready();
    scheduler.spawn(group, "never started", [&] { FAIL("must not run"); });
    CHECK(scheduler.kill(group));
    CHECK(group.size() == 0);
    CHECK(unwound == 20);
    CHECK(other.size() == 1);
    CHECK(scheduler.kill(other));
    CHECK_FALSE(other_ran);
}

TEST_CASE("fiber: kill leaves uninterruptible waits until they are woken", "[fast]") {
    Fixture f;
    WakeToken token;
    bool woke = false;
    f.scheduler.spawn(f.group, "blocking call", [&] {
        token = f.scheduler.park_token();
        f.scheduler.park_uninterruptible();
        woke = true;
        f.scheduler.park();
        FAIL("killed meanwhile");
    });
    f.scheduler.run_ready();
    CHECK_FALSE(f.scheduler.kill(f.group));
    CHECK(f.group.size() == 1);
    f.scheduler.wake(token);
    CHECK(f.scheduler.kill(f.group));
    CHECK(woke);
}

TEST_CASE("fiber: freeze holds ready fibers and wakes, thaw lets them go", "[fast]") {
    Fixture f;
    int steps = 0;
    WakeToken token;
    f.scheduler.spawn(f.group, "stepper", [&] {
        ++steps;
        token = f.scheduler.park_token();
        f.scheduler.park();
        ++steps;
    });
    f.scheduler.freeze(f.group);
    f.scheduler.run_ready();
    CHECK(steps == 0);
    f.scheduler.thaw(f.group);
    f.scheduler.run_ready();
    CHECK(steps == 1);
    f.scheduler.freeze(f.group);
    f.scheduler.wake(token);
    f.scheduler.run_ready();
    CHECK(steps == 1);
    f.scheduler.thaw(f.group);
    f.scheduler.run_ready();
    CHECK(steps == 2);
}

TEST_CASE("fiber: exceptions in flight do not cross fibers", "[fast]") {
    // Without the swap of libstdc++'s per-thread state each would rethrow the other's exception.
    Fixture f;
    int right = 0;
    for (const int tag : {1, 2, 3}) {
        f.scheduler.spawn(f.group, "thrower", [&, tag] {
            try {
                try {
                    throw std::runtime_error(std::to_string(tag));
                } catch (const std::exception&) {
                    f.scheduler.yield();
                    throw;
                }
            } catch (const std::exception& error) {
                if (error.what() == std::to_string(tag)) ++right;
            }
        });
    }
    f.scheduler.run_ready();
    CHECK(right == 3);
    CHECK(std::uncaught_exceptions() == 0);
}

TEST_CASE("fiber: a killed fiber passes its swallowed notification on", "[fast]") {
    Fixture f;
    WakeToken token;
    bool swallowed = false;
    FiberHandle handle = f.scheduler.spawn(f.group, "waiter", [&] {
        token = f.scheduler.park_token();
        try {
            f.scheduler.park();
        } catch (const Killed&) {
            swallowed = f.scheduler.take_swallowed_wake();
            throw;
        }
    });
    f.scheduler.run_ready();
    f.scheduler.wake(token);
    handle.cancel();
    f.scheduler.run_ready();
    CHECK(swallowed);
}

TEST_CASE("fiber: stacks are reused over many short lives", "[fast]") {
    Fixture f;
    std::uint64_t ran = 0;
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < 50; ++i) {
            f.scheduler.spawn(f.group, "short", [&, i] {
                char buffer[8192];
                buffer[0] = static_cast<char>(i);
                f.scheduler.yield();
                ran += static_cast<unsigned char>(buffer[0]) == static_cast<unsigned>(i) ? 1 : 0;
            });
        }
        f.scheduler.run_ready();
    }
    CHECK(ran == 5000);
}

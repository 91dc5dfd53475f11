// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/runtime_os/fixture.h"

using namespace geode;
using namespace geode::os;
using namespace geode::os::test;

TEST_CASE("event loop: runs posted work from another thread, outside fibers", "[fast]") {
    EventLoop loop;
    const std::thread::id here = std::this_thread::get_id();
    std::vector<int> order;
    std::thread other([&] {
        for (int index = 0; index < 1000; ++index) {
            loop.post([&, index] {
                CHECK(std::this_thread::get_id() == here);
                CHECK_FALSE(loop.scheduler().in_fiber());
                order.push_back(index);
                if (index == 999) loop.stop();
            });
        }
    });
    loop.run();
    other.join();
    REQUIRE(order.size() == 1000);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("event loop: a stop before the run ends it at once, and only it", "[fast]") {
    EventLoop loop;
    loop.stop();
    loop.run();
    CHECK_FALSE(loop.run_for(milliseconds(5)));
    loop.post([&] { loop.stop(); });
    CHECK(loop.run_for(seconds(5)));
}

TEST_CASE("event loop: fibers that only yield do not starve timers", "[fast]") {
    Fixture fixture;
    bool over = false;
    for (int count = 0; count < 3; ++count) {
        fixture.client->spawn("yielder", [&] {
            while (!over) fixture.client->scheduler().yield();
        });
    }
    fixture.run(
        [&] {
            fixture.client->sleep_for(milliseconds(5));
            over = true;
        },
        seconds(60));
}

TEST_CASE("event loop: sleeps while nothing is ready", "[fast]") {
    Fixture fixture;
    fixture.client->spawn("idle", [&] { fixture.client->sleep_for(seconds(3600)); });
    const auto cpu_time = [] {
        timespec time{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
    };
    const Duration before = cpu_time();
    CHECK_FALSE(fixture.loop.run_for(milliseconds(100)));
    CHECK(cpu_time() - before < milliseconds(20));
}

TEST_CASE("clock: thousands of sleepers wake in time order", "[fast]") {
    Fixture fixture;
    OsWorld& world = *fixture.client;
    Prng random(11);
    std::vector<MonoTime> woken;
    std::vector<FiberHandle> sleepers;
    fixture.run([&] {
        const MonoTime start = world.now();
        for (int count = 0; count < 2000; ++count) {
            const MonoTime when = start + random.between(milliseconds(250), milliseconds(300));
            sleepers.push_back(world.spawn("sleeper", [&, when] {
                world.sleep_until(when);
                CHECK(world.now() >= when);
                woken.push_back(when);
            }));
        }
        for (FiberHandle& sleeper : sleepers) sleeper.join();
    });
    REQUIRE(woken.size() == 2000);
    CHECK(std::is_sorted(woken.begin(), woken.end()));
}

TEST_CASE("clock: an earlier timer overtakes the one armed", "[fast]") {
    Fixture fixture;
    OsWorld& world = *fixture.client;
    fixture.run([&] {
        FiberHandle late = world.spawn("late", [&] { world.sleep_for(seconds(3600)); });
        world.scheduler().yield();
        const MonoTime start = world.now();
        world.sleep_for(milliseconds(2));
        CHECK(world.now() - start < seconds(2));
        late.cancel();
        late.join();
    });
}

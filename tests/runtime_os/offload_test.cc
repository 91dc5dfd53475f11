// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/runtime_os/fixture.h"

using namespace geode;
using namespace geode::os;
using namespace geode::os::test;

TEST_CASE("offload: runs on other threads, four at a time", "[fast]") {
    Fixture fixture;
    const std::thread::id here = std::this_thread::get_id();
    std::atomic<int> inside{0};
    std::atomic<int> together{0};
    fixture.run([&] {
        std::vector<FiberHandle> fibers;
        for (int count = 0; count < 4; ++count) {
            fibers.push_back(fixture.client->spawn("blocker", [&] {
                const bool elsewhere = fixture.client->offload().run([&] {
                    inside.fetch_add(1);
                    // Ends early once all four are here; else the count stays below four.
                    for (int wait = 0; wait < 2000 && inside.load() < 4; ++wait) ::usleep(1000);
                    if (inside.load() == 4) together.fetch_add(1);
                    return std::this_thread::get_id() != here;
                });
                CHECK(elsewhere);
                CHECK(std::this_thread::get_id() == here);
            }));
        }
        for (FiberHandle& fiber : fibers) fiber.join();
    });
    CHECK(together.load() == 4);
}

TEST_CASE("offload: the loop goes on while work blocks", "[fast]") {
    Fixture fixture;
    std::atomic<bool> release{false};
    bool ticked = false;
    fixture.run([&] {
        FiberHandle ticker = fixture.client->spawn("ticker", [&] {
            fixture.client->sleep_for(milliseconds(5));
            ticked = true;
            release.store(true);
        });
        const bool released = fixture.client->offload().run([&] {
            for (int wait = 0; wait < 5000 && !release.load(); ++wait) ::usleep(1000);
            return release.load();
        });
        CHECK(released);
        CHECK(ticked);
        ticker.join();
    });
}

TEST_CASE("offload: more work than threads gets done, each once", "[fast]") {
    Fixture fixture;
    std::atomic<int> runs{0};
    int sum = 0;
    fixture.run([&] {
        std::vector<FiberHandle> fibers;
        for (int index = 0; index < 500; ++index) {
            fibers.push_back(fixture.client->spawn("job", [&, index] {
                sum += fixture.client->offload().run([&] {
                    runs.fetch_add(1);
                    return index;
                });
            }));
        }
        for (FiberHandle& fiber : fibers) fiber.join();
    });
    CHECK(runs.load() == 500);
    CHECK(sum == 500 * 499 / 2);
}

TEST_CASE("offload: a cancelled fiber leaves only after its work has ended", "[fast]") {
    Fixture fixture;
    std::atomic<bool> ended{false};
    bool returned = false;
    bool unwound_after_the_work = false;
    fixture.run([&] {
        FiberHandle fiber = fixture.client->spawn("work", [&] {
            struct Check {
                std::atomic<bool>& over;
                bool& seen;
                ~Check() { seen = over.load(); }
            } check{ended, unwound_after_the_work};
            fixture.client->offload().run([&] {
                ::usleep(20'000);
                ended.store(true);
            });
            returned = true;
        });
        fixture.client->sleep_for(milliseconds(2));
        fiber.cancel();
        fiber.join();
    });
    CHECK(unwound_after_the_work);
    CHECK_FALSE(returned);
}

TEST_CASE("offload: runs inline outside fibers and after stop", "[fast]") {
    Fixture fixture;
    const std::thread::id here = std::this_thread::get_id();
    const auto where = [&] {
        return fixture.client->offload().run([] { return std::this_thread::get_id(); });
    };
    CHECK(where() == here);
    fixture.client->stop();
    CHECK(where() == here);
}

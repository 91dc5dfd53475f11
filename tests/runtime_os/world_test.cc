// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <catch2/catch.hpp>

#include "runtime/os/signals.h"
#include "tests/runtime_os/fixture.h"
#include "tests/runtime_os/raw_socket.h"

using namespace geode;
using namespace geode::os;
using namespace geode::os::test;
namespace contract = geode::test::contract;

TEST_CASE("os world: keeps the World contract", "[fast]") {
    for (const geode::test::ContractCase& each : geode::test::world_contract()) {
        INFO(each.name);
        Fixture fixture;
        fixture.run([&] { each.run(fixture.site()); });
    }
}

TEST_CASE("os world: chaos never fires, seeds differ when none is given", "[fast]") {
    EventLoop loop;
    const auto first = OsWorld::create(loop, {.node = NodeId(3)});
    const auto second = OsWorld::create(loop, {.node = NodeId(3)});
    REQUIRE(first);
    REQUIRE(second);
    CHECK((*first)->node() == NodeId(3));
    for (int count = 0; count < 1000; ++count) CHECK_FALSE((*first)->chaos().fires("any.site"));
    CHECK((*first)->random().stream("a").next() != (*second)->random().stream("a").next());
}

TEST_CASE("os world: wall time is now and follows the monotonic clock", "[fast]") {
    EventLoop loop;
    const auto world = OsWorld::create(loop, {});
    REQUIRE(world);
    const WallTime wall = (*world)->clock().wall();
    CHECK(wall.time_since_epoch() > seconds(1'700'000'000));
    const MonoTime before = (*world)->now();
    CHECK((*world)->now() >= before);
}

namespace {

/// Counts the fibers that left by their own code.
struct Leaving {
    int& count;
    ~Leaving() { ++count; }
};

}  // namespace

TEST_CASE("os world: stop ends fibers in every kind of wait", "[fast]") {
    int left = 0;
    int started = 0;
    Fixture fixture;
    OsWorld& world = *fixture.client;
    const RawListener deaf(0);
    const std::vector<UniqueFd> fillers = deaf.fill_backlog();
    contract::Pair pair;
    contract::Pair full;
    Mutex mutex(world);
    Condition condition(world);
    FiberHandle sleeper;
    const auto start = [&](UniqueFunction<void()> body) {
        ++started;
        return world.spawn("parked", [&left, body = std::move(body)]() mutable {
            const Leaving leaving{left};
            body();
        });
    };
    fixture.run([&] {
        pair = contract::connect_pair(fixture.site());
        full = contract::connect_pair(fixture.site());
        mutex.lock();
        start([&] {
            char byte = 0;
            static_cast<void>(pair.client->read_some({&byte, 1}, never));
        });
        start([&] {
            const std::string block(1 << 20, 'x');
            while (full.client->write_all(block, never)) {
            }
        });
        start([&] {
            const auto listener = world.network().listen({"127.0.0.1", 0});
            CHECK(listener);
            if (listener) static_cast<void>((*listener)->accept());
        });
        start([&] { static_cast<void>(world.network().connect(deaf.address(), never)); });
        start([&] { static_cast<void>(world.network().connect({"localhost", 1}, never)); });
        sleeper = start([&] { world.sleep_for(seconds(3600)); });
        start([&] { world.offload().run([] { ::usleep(100'000); }); });
        start([&] { mutex.lock(); });
        start([&] { condition.wait(never); });
        start([&] { sleeper.join(); });
        start([&] {
            for (;;) world.scheduler().yield();
        });
        world.sleep_for(milliseconds(30));
    });
    CHECK(left <= 1);  // the lookup of localhost may have been refused by now
    fixture.client->stop();
    CHECK(left == started);
    CHECK(world.fibers().size() == 0);
    fixture.client->stop();
    CHECK(code_of_connect(world) == ErrorCode::closed);
    // The disk outlives the fibers, so that a storage engine can be closed.
    CHECK(world.disk().open("late", OpenMode::write));
}

TEST_CASE("os world: calls made while a killed fiber unwinds end at once", "[fast]") {
    Fixture fixture;
    std::optional<ErrorCode> read_code;
    std::optional<ErrorCode> accept_code;
    contract::Pair pair;
    fixture.run([&] {
        pair = contract::connect_pair(fixture.site());
        if (!pair) return;
        FiberHandle parked = fixture.client->spawn("parked", [&] {
            // Waiting in a destructor is against the rules; it must not hang a shutdown all the
            // same.
            struct Goodbye {
                FunctionRef<void()> say;
                ~Goodbye() { say(); }
            };
            const auto say = [&] {
                char byte = 0;
                read_code = contract::code_of(pair.client->read_some({&byte, 1}, never));
                accept_code = contract::code_of(pair.listener->accept());
            };
            const Goodbye goodbye{say};
            fixture.client->sleep_for(seconds(3600));
        });
        fixture.client->sleep_for(milliseconds(2));
        parked.cancel();
        parked.join();
    });
    CHECK(read_code == ErrorCode::closed);
    CHECK(accept_code == ErrorCode::closed);
}

TEST_CASE("os world: what completes after the World has gone is harmless", "[fast]") {
    TemporaryFolder dir;
    EventLoop loop;
    for (int round = 0; round < 20; ++round) {
        auto world = make_world(loop, 1, dir.path());
        world->spawn("churn", [&world = *world, &loop] {
            const auto listener = world.network().listen({"127.0.0.1", 0});
            CHECK(listener);
            if (!listener) return;
            world.spawn("accept", [&] { static_cast<void>((*listener)->accept()); });
            const auto connection = world.network().connect((*listener)->local(), never);
            world.spawn("lookup", [&] {
                static_cast<void>(world.network().connect({"localhost", 9}, never));
            });
            world.spawn("work", [&] { world.offload().run([] {}); });
            loop.stop();
            char byte = 0;
            static_cast<void>((*connection)->read_some({&byte, 1}, never));
        });
        CHECK(loop.run_for(seconds(5)));
        world.reset();
        // Runs the aborted waits, the deliveries and the resolver's answer.
        loop.run_for(milliseconds(1));
    }
}

TEST_CASE("os world: signals arrive on the loop", "[fast]") {
    Fixture fixture;
    int seen = 0;
    SignalWatcher watcher(fixture.loop, {SIGUSR1, SIGUSR2}, [&](int signal) {
        CHECK_FALSE(fixture.loop.scheduler().in_fiber());
        seen = seen * 100 + signal;
        if (seen > 100) fixture.loop.stop();
    });
    ::raise(SIGUSR1);
    CHECK_FALSE(fixture.loop.run_for(milliseconds(20)));
    CHECK(seen == SIGUSR1);
    fixture.client->spawn("raiser", [] { ::raise(SIGUSR2); });
    CHECK(fixture.loop.run_for(seconds(5)));
    CHECK(seen == SIGUSR1 * 100 + SIGUSR2);
}

TEST_CASE("os world: a signal watcher gives the default action back", "[fast]") {
    EventLoop loop;
    {
        const SignalWatcher watcher(loop, {SIGUSR1}, [](int) {});
    }
    struct sigaction action{};
    REQUIRE(::sigaction(SIGUSR1, nullptr, &action) == 0);
    CHECK(action.sa_handler == SIG_DFL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Hidden, and slow so that the filter ~[slow] skips it: `runtime_os_test [.bench]`. Server and
// clients on two threads with a loop each, 256 B messages. Reference on two cores (plain Asio with
// fibers): 7.8 us at one connection, 109-174 k round trips per second at 64.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <thread>

#include "tests/runtime_os/fixture.h"

using namespace geode;
using namespace geode::os;
using namespace geode::os::test;

namespace {

constexpr std::size_t message_bytes = 256;

bool read_message(Connection& from, char* into, MonoTime deadline) {
    for (std::size_t have = 0; have < message_bytes;) {
        const auto read = from.read_some({into + have, message_bytes - have}, deadline);
        if (!read || *read == 0) return false;
        have += *read;
    }
    return true;
}

/// A server World on its own thread, until destruction.
class Server {
public:
    Server() {
        thread_ = std::thread([this] {
            auto world = *OsWorld::create(loop_, {.node = NodeId(1)});
            const auto listener = *world->network().listen({"127.0.0.1", 0});
            port_.store(listener->local().port);
            world->spawn("accept", [&] {
                while (auto accepted = listener->accept()) {
                    world->spawn("serve", [&world, peer = *std::move(accepted)] {
                        char buffer[message_bytes];
                        while (read_message(*peer, buffer, world->deadline_in(seconds(60))) &&
                               peer->write_all({buffer, message_bytes}, never)) {
                        }
                    });
                }
            });
            loop_.run();
            world->stop();
        });
        while (port_.load() == 0) std::this_thread::yield();
    }
    ~Server() {
        loop_.stop();
        thread_.join();
    }
    Address address() const { return {"127.0.0.1", port_.load()}; }

private:
    EventLoop loop_;
    std::atomic<std::uint16_t> port_{0};
    std::thread thread_;
};

void measure(int connections, Duration length) {
    const Server server;
    EventLoop loop;
    const auto world = *OsWorld::create(loop, {.node = NodeId(2)});
    std::vector<std::int64_t> times;
    for (int count = 0; count < connections; ++count) {
        world->spawn("client", [&] {
            const auto peer =
                *world->network().connect(server.address(), world->deadline_in(seconds(5)));
            char buffer[message_bytes] = {};
            for (;;) {
                const MonoTime start = world->now();
                const MonoTime deadline = start + seconds(60);
                if (!peer->write_all({buffer, message_bytes}, deadline)) return;
                if (!read_message(*peer, buffer, deadline)) return;
                times.push_back((world->now() - start).count());
            }
        });
    }
    loop.run_for(milliseconds(200));
    times.clear();
    loop.run_for(length);
    world->stop();
    std::sort(times.begin(), times.end());
    REQUIRE_FALSE(times.empty());
    std::printf("%4d connections: p50 %.1f us, p99 %.1f us, %.1f k round trips/s\n", connections,
                static_cast<double>(times[times.size() / 2]) / 1e3,
                static_cast<double>(times[times.size() * 99 / 100]) / 1e3,
                static_cast<double>(times.size()) * 1e6 / static_cast<double>(length.count()));
}

}  // namespace

TEST_CASE("os bench: ping-pong of 256 B", "[.bench][slow]") {
    for (int round = 0; round < 3; ++round) {
        for (const int connections : {1, 64}) measure(connections, seconds(2));
    }
}

TEST_CASE("os bench: fiber to worker and back", "[.bench][slow]") {
    Fixture fixture;
    std::vector<std::int64_t> times;
    fixture.run([&] {
        for (int count = 0; count < 50'000; ++count) {
            const MonoTime start = fixture.client->now();
            fixture.client->offload().run([] {});
            times.push_back((fixture.client->now() - start).count());
        }
    });
    std::sort(times.begin(), times.end());
    std::printf("offload hop: p50 %.1f us\n", static_cast<double>(times[times.size() / 2]) / 1e3);
}

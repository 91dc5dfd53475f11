// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "base/probe.h"
#include "runtime/os/os_network.h"
#include "tests/runtime_os/fixture.h"
#include "tests/runtime_os/raw_socket.h"

using namespace geode;
using namespace geode::os;
using namespace geode::os::test;
namespace contract = geode::test::contract;
using contract::code_of;
using contract::soon;

namespace {

/// Echoes on every connection until its end.
void serve_echo(OsWorld& world, Listener& listener) {
    for (;;) {
        auto accepted = listener.accept();
        if (!accepted) return;
        world.spawn("echo", [&world, connection = std::move(*accepted)] {
            char buffer[4096];
            for (;;) {
                const auto read = connection->read_some(buffer, soon(world));
                if (!read || *read == 0) return;
                if (!connection->write_all({buffer, *read}, soon(world))) return;
            }
        });
    }
}

/// Sends `rounds` messages and checks that each comes back.
void converse(OsWorld& world, const Address& address, int rounds, std::uint64_t who) {
    const auto connected = world.network().connect(address, soon(world));
    CHECK(connected);
    if (!connected) return;
    Prng random(who);
    for (int round = 0; round < rounds; ++round) {
        std::string sent(1 + random.below(6000), '\0');
        for (char& byte : sent) byte = static_cast<char>(random.next());
        CHECK((*connected)->write_all(sent, soon(world)));
        std::string got(sent.size(), '\0');
        for (std::size_t have = 0; have < got.size();) {
            const auto read =
                (*connected)->read_some({got.data() + have, got.size() - have}, soon(world));
            CHECK((read && *read > 0));
            if (!read || *read == 0) return;
            have += *read;
        }
        CHECK(got == sent);
    }
}

}  // namespace

TEST_CASE("os network: an echo server holds hundreds of connections", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        const auto listener = fixture.server->network().listen({"127.0.0.1", 0});
        CHECK(listener);
        fixture.server->spawn("accept", [&] { serve_echo(*fixture.server, **listener); });
        std::vector<FiberHandle> clients;
        for (std::uint64_t who = 0; who < 300; ++who) {
            clients.push_back(fixture.client->spawn(
                "client", [&, who] { converse(*fixture.client, (*listener)->local(), 10, who); }));
        }
        for (FiberHandle& fiber : clients) fiber.join();
        fixture.server->sleep_for(milliseconds(5));
        // 300 finished echoes have closed their sockets: of the server only the fibers are visible.
        CHECK(fixture.server->fibers().size() == 1);
        (*listener)->close();
    });
}

TEST_CASE("os network: large transfers arrive intact in both directions at once", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        constexpr std::size_t count = 12 << 20;
        const contract::Pair pair = contract::connect_pair(fixture.site());
        if (!pair) return;
        const auto send_all = [&](OsWorld& world, Connection& to, std::uint64_t stream) {
            std::string bytes(count, '\0');
            for (std::size_t i = 0; i < count; ++i) bytes[i] = contract::pattern_byte(stream, i);
            CHECK(to.write_all(bytes, soon(world)));  // one call, many partial writes
        };
        std::vector<FiberHandle> fibers;
        fibers.push_back(
            fixture.client->spawn("up", [&] { send_all(*fixture.client, *pair.client, 1); }));
        fibers.push_back(
            fixture.server->spawn("down", [&] { send_all(*fixture.server, *pair.server, 2); }));
        fibers.push_back(fixture.server->spawn(
            "sink", [&] { contract::expect_pattern(*fixture.server, *pair.server, 1, count); }));
        contract::expect_pattern(*fixture.client, *pair.client, 2, count);
        for (FiberHandle& fiber : fibers) fiber.join();
    });
}

TEST_CASE("os network: connect gives up at its deadline", "[fast]") {
    Fixture fixture;
    const RawListener deaf(0);
    const std::vector<UniqueFd> fillers = deaf.fill_backlog();
    fixture.run([&] {
        const MonoTime deadline = fixture.client->deadline_in(milliseconds(30));
        const auto result = fixture.client->network().connect(deaf.address(), deadline);
        CHECK(code_of(result) == ErrorCode::timed_out);
        CHECK(fixture.client->now() >= deadline);
        CHECK(fixture.client->now() < deadline + seconds(2));
    });
}

TEST_CASE("os network: a connection nobody accepts can be made, read times out", "[fast]") {
    Fixture fixture;
    const RawListener listener(8);
    fixture.run([&] {
        const auto connection =
            fixture.client->network().connect(listener.address(), soon(*fixture.client));
        CHECK(connection);
        if (!connection) return;
        CHECK((*connection)->peer() == listener.address());
        char byte = 0;
        const auto read =
            (*connection)->read_some({&byte, 1}, fixture.client->deadline_in(milliseconds(10)));
        CHECK(code_of(read) == ErrorCode::timed_out);
        // A deadline in the past still takes what is there, and never hangs.
        CHECK(code_of((*connection)->read_some({&byte, 1}, MonoTime{})) == ErrorCode::timed_out);
    });
}

TEST_CASE("os network: a bound port without a listener refuses", "[fast]") {
    Fixture fixture;
    const RawListener bound(-1);
    fixture.run([&] {
        const auto result =
            fixture.client->network().connect(bound.address(), soon(*fixture.client));
        CHECK(code_of(result) == ErrorCode::refused);
    });
}

TEST_CASE("os network: never connects to itself", "[fast]") {
    // Linux walks the even ports of its range for the client's side, one further for each connect
    // to the same address: trying an even free port often enough meets itself. All must be refused.
    Fixture fixture;
    std::uint16_t port = 0;
    {
        port = static_cast<std::uint16_t>(RawListener(-1).port() & ~1U);
    }
    const auto met_itself = [] {
        for (const Probe& probe : all_probes()) {
            if (std::string_view(probe.name) == "os.connect_met_itself") return probe.hits > 0;
        }
        return false;
    };
    fixture.run([&] {
        for (int count = 0; count < 20'000 && !met_itself(); ++count) {
            const auto result =
                fixture.client->network().connect({"127.0.0.1", port}, soon(*fixture.client));
            if (code_of(result) == ErrorCode::refused) continue;
            CHECK(code_of(result) == ErrorCode::refused);
            return;
        }
    });
    if (!met_itself()) WARN("this kernel chose other client ports");
}

TEST_CASE("os network: a foreign port is in use, a restarted one is not", "[fast]") {
    Fixture fixture;
    const RawListener foreign(8);
    CHECK(code_of(fixture.server->network().listen(foreign.address())) ==
          ErrorCode::address_in_use);
    Address address;
    fixture.run([&] {
        // The side that closes first keeps the port in TIME_WAIT.
        contract::Pair pair = contract::connect_pair(fixture.site());
        if (!pair) return;
        address = pair.listener->local();
        pair.server->close();
        char byte = 0;
        const auto end = pair.client->read_some({&byte, 1}, soon(*fixture.client));
        CHECK((end && *end == 0));
    });
    fixture.server->stop();
    CHECK(code_of(fixture.server->network().listen(address)) == ErrorCode::closed);
    CHECK(fixture.client->network().listen(address));
}

TEST_CASE("os network: refuses addresses that are not ours or no addresses", "[fast]") {
    Fixture fixture;
    Network& network = fixture.server->network();
    CHECK(code_of(network.listen({"192.0.2.1", 0})) == ErrorCode::invalid_argument);
    CHECK(code_of(network.listen({"", 0})) == ErrorCode::invalid_argument);
    CHECK(code_of(network.listen({"no such name", 0})) == ErrorCode::invalid_argument);
    fixture.run([&] {
        const auto result =
            fixture.client->network().connect({"no such name", 1}, soon(*fixture.client));
        CHECK(code_of(result) == ErrorCode::invalid_argument);
    });
}

TEST_CASE("os network: names and IPv6 work like numbers", "[fast]") {
    Fixture fixture;
    const auto six = fixture.server->network().listen({"::1", 0});
    const auto named = fixture.server->network().listen({"localhost", 0});
    CHECK(named);
    const auto greet = [&](Listener& listener, const Address& address) {
        FiberHandle greeter = fixture.server->spawn("greet", [&] {
            const auto connection = listener.accept();
            if (connection) CHECK((*connection)->write_all("hi", soon(*fixture.server)));
        });
        const auto connection = fixture.client->network().connect(address, soon(*fixture.client));
        CHECK(connection);
        if (!connection) return greeter.cancel();
        char buffer[2];
        const auto read = (*connection)->read_some(buffer, soon(*fixture.client));
        CHECK((read && *read > 0));
        greeter.join();
    };
    fixture.run([&] {
        if (six) greet(**six, (*six)->local());  // a machine may have IPv6 switched off
        if (named) greet(**named, (*named)->local());
        // Where the name also means ::1, and that comes first, the second address must be tried.
        const auto four = fixture.server->network().listen({"127.0.0.1", 0});
        CHECK(four);
        if (four) greet(**four, {"localhost", (*four)->local().port});
    });
    if (named) CHECK((*named)->local().host == "localhost");
}

TEST_CASE("os network: a name lookup ends at the deadline, and its late answer is dropped",
          "[fast]") {
    Fixture fixture;
    const RawListener bound(-1);
    fixture.run([&] {
        for (int count = 0; count < 20; ++count) {
            // The lookup may win the race; then the connect it allows is refused.
            const auto code =
                code_of(fixture.client->network().connect({"localhost", bound.port()}, MonoTime{}));
            CHECK((code == ErrorCode::timed_out || code == ErrorCode::refused));
        }
    });
}

TEST_CASE("os network: a peer's reset ends the connection for both of its fibers", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        const auto listener = fixture.server->network().listen({"127.0.0.1", 0});
        CHECK(listener);
        UniqueFd raw = raw_connect((*listener)->local().port);
        const auto accepted = (*listener)->accept();
        CHECK(accepted);
        if (!accepted) return;
        Connection& connection = **accepted;
        FiberHandle writer = fixture.client->spawn("writer", [&] {
            const std::string block(16 << 20, 'x');  // more than any socket buffer
            CHECK(code_of(connection.write_all(block, soon(*fixture.client))) == ErrorCode::closed);
        });
        FiberHandle breaker = fixture.client->spawn("breaker", [&] {
            fixture.client->sleep_for(milliseconds(5));
            raw_reset(std::move(raw));
        });
        char byte = 0;
        CHECK(code_of(connection.read_some({&byte, 1}, soon(*fixture.client))) ==
              ErrorCode::closed);
        writer.join();
        breaker.join();
        CHECK(code_of(connection.read_some({&byte, 1}, soon(*fixture.client))) ==
              ErrorCode::closed);
        CHECK(code_of(connection.write_all("x", soon(*fixture.client))) == ErrorCode::closed);
    });
}

TEST_CASE("os network: a reset stays a reset for later reads", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        const auto listener = fixture.server->network().listen({"127.0.0.1", 0});
        CHECK(listener);
        UniqueFd raw = raw_connect((*listener)->local().port);
        const auto accepted = (*listener)->accept();
        CHECK(accepted);
        raw_reset(std::move(raw));
        for (int count = 0; accepted && count < 3; ++count) {
            char byte = 0;
            CHECK(code_of((*accepted)->read_some({&byte, 1}, soon(*fixture.client))) ==
                  ErrorCode::closed);
        }
    });
}

TEST_CASE("os network: knows its open sockets, however they end", "[fast]") {
    EventLoop loop;
    OsClock clock(loop);
    OsNetwork network(loop, clock);
    auto kept = network.listen({"127.0.0.1", 0});
    REQUIRE(kept);
    CHECK(network.open_sockets() == 1);
    {
        const auto dropped = network.listen({"127.0.0.1", 0});
        REQUIRE(dropped);
        CHECK(network.open_sockets() == 2);
    }
    CHECK(network.open_sockets() == 1);
    (*kept)->close();
    CHECK(network.open_sockets() == 0);
    const auto last = network.listen({"127.0.0.1", 0});
    CHECK(network.open_sockets() == 1);
    network.stop();
    CHECK(network.open_sockets() == 0);
}

TEST_CASE("os network: stop ends connections that no fiber holds", "[fast]") {
    Fixture fixture;
    contract::Pair pair;
    fixture.run([&] { pair = contract::connect_pair(fixture.site()); });
    REQUIRE(pair);
    fixture.server->stop();
    fixture.run([&] {
        char byte = 0;
        const auto read = pair.client->read_some({&byte, 1}, soon(*fixture.client));
        CHECK((read && *read == 0));
    });
}

TEST_CASE("os network: write has a deadline, and close ends a stuck writer", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        const contract::Pair first = contract::connect_pair(fixture.site());
        const contract::Pair second = contract::connect_pair(fixture.site());
        if (!first || !second) return;
        const std::string block(16 << 20, 'x');
        const MonoTime deadline = fixture.client->deadline_in(milliseconds(20));
        CHECK(code_of(first.client->write_all(block, deadline)) == ErrorCode::timed_out);
        CHECK(fixture.client->now() >= deadline);
        FiberHandle writer = fixture.client->spawn("writer", [&] {
            CHECK(code_of(second.client->write_all(block, never)) == ErrorCode::closed);
        });
        fixture.client->sleep_for(milliseconds(10));
        CHECK_FALSE(writer.done());
        second.client->close();
        writer.join();
    });
}

TEST_CASE("os network: a cancelled reader leaves the connection usable", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        const contract::Pair pair = contract::connect_pair(fixture.site());
        if (!pair) return;
        FiberHandle reader = fixture.client->spawn("reader", [&] {
            char byte = 0;
            static_cast<void>(pair.client->read_some({&byte, 1}, never));
            CHECK(false);
        });
        fixture.client->sleep_for(milliseconds(2));
        reader.cancel();
        reader.join();
        CHECK(pair.server->write_all("whole", soon(*fixture.server)));
        char buffer[8];
        const auto read = pair.client->read_some(buffer, soon(*fixture.client));
        CHECK((read && std::string_view(buffer, *read) == "whole"));
    });
}

TEST_CASE("os network: a flooded reader lets other fibers run", "[fast]") {
    Fixture fixture;
    bool over = false;
    int turns = 0;
    fixture.run([&] {
        const contract::Pair pair = contract::connect_pair(fixture.site());
        if (!pair) return;
        FiberHandle writer = fixture.server->spawn("writer", [&] {
            const std::string block(1 << 20, 'x');
            while (!over && pair.server->write_all(block, soon(*fixture.server))) {
            }
        });
        FiberHandle reader = fixture.client->spawn("reader", [&] {
            char byte = 0;
            while (!over) {
                if (!pair.client->read_some({&byte, 1}, soon(*fixture.client))) return;
            }
        });
        while (turns < 100) {
            fixture.client->sleep_for(microseconds(100));
            ++turns;
        }
        over = true;
        pair.client->close();
        reader.join();
        writer.join();
    });
    CHECK(turns == 100);
}

#if !defined(__SANITIZE_ADDRESS__)  // UBSan itself opens a pipe at each virtual call it checks
TEST_CASE("os network: accept waits out a lack of descriptors", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        const auto listener = fixture.server->network().listen({"127.0.0.1", 0});
        CHECK(listener);
        const UniqueFd raw = raw_connect((*listener)->local().port);
        rlimit before{};
        CHECK(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        const rlimit none{3, before.rlim_max};
        CHECK(::setrlimit(RLIMIT_NOFILE, &none) == 0);
        FiberHandle healer = fixture.client->spawn("healer", [&] {
            fixture.client->sleep_for(milliseconds(10));
            CHECK(::setrlimit(RLIMIT_NOFILE, &before) == 0);
        });
        const MonoTime start = fixture.client->now();
        const auto refused = fixture.client->network().connect({"127.0.0.1", 9}, never);
        CHECK(code_of(refused) == ErrorCode::unavailable);
        const auto accepted = (*listener)->accept();
        CHECK(accepted);
        CHECK(fixture.client->now() - start >= TcpListener::shortage_delay);
        healer.join();
    });
}
#endif

TEST_CASE("os network: connections and listeners may go while a fiber waits in them", "[fast]") {
    Fixture fixture;
    fixture.run([&] {
        contract::Pair pair = contract::connect_pair(fixture.site());
        contract::Pair full = contract::connect_pair(fixture.site());
        if (!pair || !full) return;
        Connection& read_from = *pair.client;
        Connection& write_to = *full.client;
        Listener& listener = *pair.listener;
        FiberHandle reader = fixture.client->spawn("reader", [&] {
            char byte = 0;
            CHECK(code_of(read_from.read_some({&byte, 1}, never)) == ErrorCode::closed);
        });
        FiberHandle writer = fixture.client->spawn("writer", [&] {
            const std::string block(16 << 20, 'x');
            CHECK(code_of(write_to.write_all(block, never)) == ErrorCode::closed);
        });
        FiberHandle accepter = fixture.client->spawn(
            "accepter", [&] { CHECK(code_of(listener.accept()) == ErrorCode::closed); });
        fixture.client->sleep_for(milliseconds(5));
        pair.client.reset();
        full.client.reset();
        pair.listener.reset();
        reader.join();
        writer.join();
        accepter.join();
    });
}

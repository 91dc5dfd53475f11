// SPDX-License-Identifier: Apache-2.0
// The network without faults: streams, ends, resets, windows, latencies.
#include "tests/sim_world/fixture.h"

namespace geode::sim {
namespace {

std::string read_all(World& world, Connection& from) {
    std::string all;
    char buffer[4096];
    for (;;) {
        const Result<std::size_t> count = from.read_some(buffer, world.deadline_in(seconds(60)));
        CHECK(count);
        if (!count || *count == 0) return all;
        all.append(buffer, *count);
    }
}

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 % 251);
    return bytes;
}

}  // namespace

TEST_CASE("sim_world network: bytes arrive in order after a LAN latency", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    const SimTime sent = cluster.sim.now();
    CHECK(wire.out->write_all("hello", cluster.world(1).now()));
    char buffer[16];
    cluster.run(2, [&] {
        const auto count = wire.in->read_some(buffer, cluster.world(2).deadline_in(seconds(1)));
        CHECK((count && std::string_view(buffer, *count) == "hello"));
    });
    CHECK(cluster.sim.now() - sent >= microseconds(300));
    CHECK(cluster.sim.now() - sent < milliseconds(11));
    CHECK(wire.in->peer().host == "n1");
    CHECK(wire.out->peer() == Address{"n2", 7});
}

TEST_CASE("sim_world network: WAN profiles set the distance", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    cluster.sim.network().set_profile(Cluster::id(1), Cluster::id(2),
                                      LatencyProfile::wan(milliseconds(150)));
    const SimTime sent = cluster.sim.now();
    CHECK(wire.out->write_all("x", never));
    cluster.run(2, [&] {
        char byte = 0;
        CHECK(wire.in->read_some({&byte, 1}, never));
    });
    CHECK(cluster.sim.now() - sent >= milliseconds(150));
    CHECK(cluster.sim.now() - sent < milliseconds(250));
}

TEST_CASE("sim_world network: a write beyond the window waits for the reader", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    const std::string bytes = pattern(3 * SimStream::window_bytes + 17);
    bool written = false;
    cluster.spawn(1, [&] {
        CHECK(wire.out->write_all(bytes, never));
        written = true;
        wire.out->close();
    });
    cluster.sim.run_for(seconds(5));
    CHECK_FALSE(written);
    std::string got;
    cluster.run(2, [&] { got = read_all(cluster.world(2), *wire.in); });
    CHECK(written);
    CHECK((got == bytes));
}

TEST_CASE("sim_world network: a write that finds no room meets its deadline", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    cluster.run(1, [&] {
        const std::string bytes = pattern(SimStream::window_bytes + 1);
        const auto result = wire.out->write_all(bytes, cluster.world(1).deadline_in(seconds(1)));
        CHECK(code_of(result) == ErrorCode::timed_out);
    });
}

TEST_CASE("sim_world network: bytes to a closed end are answered by a reset", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    wire.in.reset();
    cluster.run(1, [&] {
        char byte = 0;
        CHECK(*wire.out->read_some({&byte, 1}, never) == 0);
        CHECK(wire.out->write_all("into the void", never));
        cluster.world(1).sleep_for(milliseconds(50));
        CHECK(code_of(wire.out->write_all("again", never)) == ErrorCode::closed);
        CHECK(code_of(wire.out->read_some({&byte, 1}, never)) == ErrorCode::closed);
    });
    CHECK(cluster.sim.network().stream_count() == 1);
    wire.out.reset();
    CHECK(cluster.sim.network().stream_count() == 0);
}

TEST_CASE("sim_world network: connecting to a crashed node", "[fast]") {
    Cluster cluster(2);
    const auto connect = [&] {
        std::optional<ErrorCode> code;
        cluster.run(1, [&] {
            World& world = cluster.world(1);
            code = code_of(world.network().connect({"n2", 9}, world.deadline_in(seconds(3))));
        });
        return code;
    };
    CHECK(connect() == ErrorCode::refused);
    cluster.node(2).crash(CrashKind::process);
    CHECK(connect() == ErrorCode::refused);
    cluster.node(2).boot();
    cluster.node(2).crash(CrashKind::power_loss);
    CHECK(connect() == ErrorCode::timed_out);
}

TEST_CASE("sim_world network: a connection given up before its answer is reset", "[fast]") {
    Cluster cluster(2);
    std::unique_ptr<Listener> listener;
    std::optional<ErrorCode> server;
    cluster.spawn(2, [&] {
        listener = cluster.world(2).network().listen({"n2", 9}).value();
        const auto in = listener->accept().value();
        char byte = 0;
        server = code_of(in->read_some({&byte, 1}, never));
    });
    cluster.sim.run_for(milliseconds(1));
    cluster.sim.network().set_extra_delay(Cluster::id(2), Cluster::id(1), seconds(1));
    cluster.run(1, [&] {
        World& world = cluster.world(1);
        const auto result =
            world.network().connect({"n2", 9}, world.deadline_in(milliseconds(500)));
        CHECK(code_of(result) == ErrorCode::timed_out);
    });
    cluster.sim.run_for(seconds(1));
    CHECK(server == ErrorCode::closed);
}

TEST_CASE("sim_world network: a full backlog keeps later connections waiting", "[fast]") {
    Cluster cluster(2);
    std::unique_ptr<Listener> listener = cluster.world(2).network().listen({"n2", 9}).value();
    std::vector<std::unique_ptr<Connection>> connections;
    cluster.run(1, [&] {
        World& world = cluster.world(1);
        for (std::size_t i = 0; i < SimListener::backlog_max; ++i) {
            connections.push_back(world.network().connect({"n2", 9}, never).value());
        }
        CHECK(code_of(world.network().connect({"n2", 9}, world.deadline_in(seconds(1)))) ==
              ErrorCode::timed_out);
        listener.reset();
        world.sleep_for(milliseconds(50));
        char byte = 0;
        CHECK(code_of(connections[0]->read_some({&byte, 1}, never)) == ErrorCode::closed);
    });
}

TEST_CASE("sim_world network: addresses of others cannot be listened on", "[fast]") {
    Cluster cluster(2);
    Network& network = cluster.world(1).network();
    CHECK(code_of(network.listen({"n2", 9})) == ErrorCode::invalid_argument);
    CHECK(network.listen({"0.0.0.0", 9}).value()->local() == Address{"n1", 9});
    cluster.run(1, [&] {
        CHECK(code_of(network.connect({"nowhere", 9}, never)) == ErrorCode::invalid_argument);
    });
}

}  // namespace geode::sim

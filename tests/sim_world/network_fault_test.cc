// SPDX-License-Identifier: Apache-2.0
// Every network fault has its effect and its counter, and ends.
#include "tests/sim_world/fixture.h"

namespace geode::sim {
namespace {

const NodeId n1 = Cluster::id(1);
const NodeId n2 = Cluster::id(2);
const NodeId n3 = Cluster::id(3);

/// Reads one byte at n2's end within `patience`; the byte, or the error.
Result<char> read_byte(Cluster& cluster, int node, Connection& from, Duration patience) {
    std::optional<Result<char>> outcome;
    cluster.run(node, [&] {
        char byte = 0;
        World& world = cluster.world(node);
        const auto count = from.read_some({&byte, 1}, world.deadline_in(patience));
        if (!count) {
            outcome.emplace(count.error());
        } else {
            outcome.emplace(*count == 0 ? '\0' : byte);
        }
    });
    return std::move(*outcome);
}

bool arrives(Cluster& cluster, int node, Connection& from) {
    const Result<char> byte = read_byte(cluster, node, from, seconds(2));
    return byte && *byte == 'x';
}

}  // namespace

TEST_CASE("sim_world faults: a partition holds bytes both ways until it heals", "[fast]") {
    // Seeds where the sender gives up lose the connection: that case is below.
    Cluster cluster(
        2, {.seed = 1, .network = {.give_up_min = seconds(900), .give_up_max = seconds(901)}});
    Wire wire(cluster);
    CHECK(wire.out->write_all("x", never));  // in flight when the cut comes
    const std::uint32_t cut = cluster.sim.network().start_partition({{n1}, {n2}});
    CHECK(wire.in->write_all("x", never));
    CHECK(code_of(read_byte(cluster, 2, *wire.in, seconds(5))) == ErrorCode::timed_out);
    CHECK(code_of(read_byte(cluster, 1, *wire.out, seconds(5))) == ErrorCode::timed_out);
    CHECK(cluster.count(FaultFamily::partition) == FaultCount{1, 2});
    cluster.sim.network().stop_partition(cut);
    CHECK(arrives(cluster, 2, *wire.in));
    CHECK(arrives(cluster, 1, *wire.out));
}

TEST_CASE("sim_world faults: a partition of three ways cuts every pair of groups", "[fast]") {
    Cluster cluster(4);
    const std::uint32_t cut =
        cluster.sim.network().start_partition({{n1, Cluster::id(4)}, {n2}, {n3}});
    std::vector<std::unique_ptr<Listener>> listeners;
    for (int i = 1; i <= 4; ++i) {
        listeners.push_back(
            cluster.world(i).network().listen({"n" + std::to_string(i), 5}).value());
    }
    const auto reaches = [&](int from, int to) {
        bool connected = false;
        cluster.run(from, [&] {
            World& world = cluster.world(from);
            connected = world.network()
                            .connect({"n" + std::to_string(to), 5}, world.deadline_in(seconds(1)))
                            .has_value();
        });
        return connected;
    };
    CHECK(reaches(1, 4));
    CHECK(reaches(1, 1));
    CHECK_FALSE(reaches(1, 2));
    CHECK_FALSE(reaches(2, 3));
    CHECK_FALSE(reaches(3, 4));
    cluster.sim.network().stop_partition(cut);
    CHECK(reaches(2, 3));
    CHECK(cluster.count(FaultFamily::partition).observed > 0);
}

TEST_CASE("sim_world faults: overlapping partitions must all heal", "[fast]") {
    Cluster cluster(
        2, {.seed = 1, .network = {.give_up_min = seconds(900), .give_up_max = seconds(901)}});
    Wire wire(cluster);
    const std::uint32_t one = cluster.sim.network().start_partition({{n1}, {n2}});
    const std::uint32_t two = cluster.sim.network().start_partition({{n1}, {n2}});
    CHECK(wire.out->write_all("x", never));
    CHECK_FALSE(arrives(cluster, 2, *wire.in));
    cluster.sim.network().stop_partition(one);
    CHECK_FALSE(arrives(cluster, 2, *wire.in));
    CHECK(cluster.count(FaultFamily::partition) == FaultCount{2, 1});
    cluster.sim.network().stop_partition(two);
    CHECK(arrives(cluster, 2, *wire.in));
}

TEST_CASE("sim_world faults: a one-way partition and a clog hold one direction", "[fast]") {
    const FaultFamily family = GENERATE(FaultFamily::one_way_partition, FaultFamily::clog);
    Cluster cluster(
        2, {.seed = 1, .network = {.give_up_min = seconds(900), .give_up_max = seconds(901)}});
    Wire wire(cluster);
    cluster.sim.network().start_block(n1, n2, family);
    CHECK(wire.out->write_all("x", never));
    CHECK(wire.in->write_all("x", never));
    CHECK(arrives(cluster, 1, *wire.out));
    CHECK_FALSE(arrives(cluster, 2, *wire.in));
    CHECK(cluster.count(family) == FaultCount{1, 1});
    cluster.sim.network().stop_block(n1, n2, family);
    CHECK(arrives(cluster, 2, *wire.in));
}

TEST_CASE("sim_world faults: a sender held by a partition may give up", "[fast]") {
    int gave_up = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Cluster cluster(2, {.seed = seed});
        Wire wire(cluster);
        const std::uint32_t cut = cluster.sim.network().start_partition({{n1}, {n2}});
        CHECK(wire.out->write_all("x", never));
        cluster.sim.run_for(seconds(40));
        const bool broken = code_of(wire.out->write_all("y", never)) == ErrorCode::closed;
        // The other end does not know before the link is back.
        CHECK(code_of(read_byte(cluster, 2, *wire.in, seconds(1))) == ErrorCode::timed_out);
        cluster.sim.network().stop_partition(cut);
        cluster.sim.run_for(seconds(1));
        const Result<char> got = read_byte(cluster, 2, *wire.in, seconds(1));
        CHECK(code_of(got) == (broken ? std::optional(ErrorCode::closed) : std::nullopt));
        if (broken) ++gave_up;
        CHECK(cluster.count(FaultFamily::reset).observed == (broken ? 1U : 0U));
    }
    CHECK(gave_up > 3);
    CHECK(gave_up < 17);
}

TEST_CASE("sim_world faults: a clog never makes a sender give up", "[fast]") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Cluster cluster(2, {.seed = seed});
        Wire wire(cluster);
        cluster.sim.network().start_block(n1, n2, FaultFamily::clog);
        CHECK(wire.out->write_all("x", never));
        cluster.sim.run_for(seconds(60));
        cluster.sim.network().stop_block(n1, n2, FaultFamily::clog);
        CHECK(arrives(cluster, 2, *wire.in));
    }
}

TEST_CASE("sim_world faults: connecting through a partition waits, and ends well", "[fast]") {
    Cluster cluster(2);
    const auto listener = cluster.world(2).network().listen({"n2", 9}).value();
    const std::uint32_t cut = cluster.sim.network().start_partition({{n1}, {n2}});
    cluster.sim.call_at(at(seconds(2)), "heal", [&] { cluster.sim.network().stop_partition(cut); });
    cluster.run(1, [&] {
        World& world = cluster.world(1);
        CHECK(world.network().connect({"n2", 9}, world.deadline_in(seconds(30))));
    });
    CHECK(cluster.sim.now() > at(seconds(2)));
}

TEST_CASE("sim_world faults: a flapping link delivers in its up times", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    cluster.sim.network().start_flap(n1, n2, milliseconds(100));
    for (int i = 0; i < 30; ++i) {
        CHECK(wire.out->write_all("x", never));
        CHECK(arrives(cluster, 2, *wire.in));
        cluster.sim.run_for(milliseconds(17));
    }
    CHECK(cluster.count(FaultFamily::flap).injected == 1);
    CHECK(cluster.count(FaultFamily::flap).observed > 0);
    cluster.sim.network().stop_flap(n1, n2);
    const std::uint64_t before = cluster.count(FaultFamily::flap).observed;
    CHECK(wire.out->write_all("x", never));
    CHECK(arrives(cluster, 2, *wire.in));
    CHECK(cluster.count(FaultFamily::flap).observed == before);
}

TEST_CASE("sim_world faults: delay and slow links take their time", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    const SimTime start = cluster.sim.now();
    SECTION("delay") {
        cluster.sim.network().set_extra_delay(n1, n2, milliseconds(700));
        CHECK(wire.out->write_all("x", never));
        CHECK(arrives(cluster, 2, *wire.in));
        CHECK(cluster.sim.now() - start >= milliseconds(700));
        CHECK(cluster.count(FaultFamily::delay) == FaultCount{1, 1});
    }
    SECTION("a lost packet") {
        cluster.sim.network().set_packet_loss(n1, n2, 100);
        CHECK(wire.out->write_all("x", never));
        CHECK(arrives(cluster, 2, *wire.in));
        CHECK(cluster.sim.now() - start >= milliseconds(200));
        CHECK(cluster.count(FaultFamily::packet_loss) == FaultCount{1, 1});
    }
    SECTION("bandwidth") {
        cluster.sim.network().set_bandwidth(n1, n2, 10'000);
        CHECK(wire.out->write_all(std::string(5'000, 'a'), never));
        CHECK(wire.out->write_all(std::string(5'000, 'b'), never));
        cluster.run(2, [&] {
            std::string got;
            char buffer[4096];
            while (got.size() < 10'000) {
                const auto count = wire.in->read_some(buffer, never);
                if (!count) break;
                got.append(buffer, *count);
            }
            CHECK((got == std::string(5'000, 'a') + std::string(5'000, 'b')));
        });
        CHECK(cluster.sim.now() - start >= seconds(1));
        CHECK(cluster.sim.now() - start < milliseconds(1050));
        CHECK(cluster.count(FaultFamily::slow_link) == FaultCount{1, 2});
    }
}

TEST_CASE("sim_world faults: a reset breaks both ends and drops what was in flight", "[fast]") {
    Cluster cluster(3);
    Wire wire(cluster);
    CHECK(wire.out->write_all("x", never));
    cluster.sim.network().reset_connections(n1, n3);
    CHECK(cluster.count(FaultFamily::reset) == FaultCount{1, 0});
    cluster.sim.network().reset_connections(n2, n1);
    CHECK(cluster.count(FaultFamily::reset) == FaultCount{2, 0});
    cluster.sim.run_for(milliseconds(100));
    CHECK(cluster.count(FaultFamily::reset) == FaultCount{2, 1});
    CHECK(code_of(read_byte(cluster, 1, *wire.out, seconds(1))) == ErrorCode::closed);
    CHECK(code_of(read_byte(cluster, 2, *wire.in, seconds(1))) == ErrorCode::closed);
}

TEST_CASE("sim_world faults: refuse and hang stop new connections only", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    const auto connect = [&] {
        std::optional<ErrorCode> code;
        cluster.run(1, [&] {
            World& world = cluster.world(1);
            code = code_of(world.network().connect({"n2", 7}, world.deadline_in(seconds(1))));
        });
        return code;
    };
    cluster.sim.network().set_refuse(n2, true);
    CHECK(connect() == ErrorCode::refused);
    CHECK(cluster.count(FaultFamily::refuse) == FaultCount{1, 1});
    cluster.sim.network().set_refuse(n2, false);
    cluster.sim.network().set_hang(n2, true);
    CHECK(connect() == ErrorCode::timed_out);
    CHECK(cluster.count(FaultFamily::hang).injected == 1);
    CHECK(cluster.count(FaultFamily::hang).observed > 1);
    CHECK(wire.out->write_all("x", never));
    CHECK(arrives(cluster, 2, *wire.in));
    cluster.sim.network().set_hang(n2, false);
    CHECK(connect() == std::nullopt);
}

TEST_CASE("sim_world faults: bit flips change one bit of a write", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    cluster.sim.network().set_bit_flips(n1, n2, 1);
    CHECK(wire.out->write_all(std::string(64, '\0'), never));
    int bits = 0;
    cluster.run(2, [&] {
        char buffer[64];
        const auto count = wire.in->read_some(buffer, never);
        CHECK((count && *count == 64));
        for (const char byte : buffer) bits += std::popcount(static_cast<unsigned char>(byte));
    });
    CHECK(bits == 1);
    CHECK(cluster.count(FaultFamily::bit_flip) == FaultCount{1, 1});
}

TEST_CASE("sim_world faults: short I/O cuts reads and writes into pieces", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    cluster.sim.network().set_short_io(n1, true);
    cluster.sim.network().set_short_io(n2, true);
    CHECK(wire.out->write_all(std::string(1000, 'x'), never));
    int reads = 0;
    cluster.run(2, [&] {
        std::size_t got = 0;
        char buffer[1000];
        for (; got < 1000; ++reads) {
            const auto count = wire.in->read_some(buffer, never);
            if (!count) break;
            got += *count;
        }
        CHECK(got == 1000);
    });
    CHECK(reads > 2);
    CHECK(cluster.count(FaultFamily::short_io).injected == 2);
    CHECK(cluster.count(FaultFamily::short_io).observed > 2);
}

TEST_CASE("sim_world faults: a crash behind a partition is silent until it heals", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    const std::uint32_t cut = cluster.sim.network().start_partition({{n1}, {n2}});
    cluster.node(2).crash();
    CHECK(code_of(read_byte(cluster, 1, *wire.out, seconds(60))) == ErrorCode::timed_out);
    cluster.sim.network().stop_partition(cut);
    CHECK(code_of(read_byte(cluster, 1, *wire.out, seconds(2))) == ErrorCode::closed);
}

TEST_CASE("sim_world faults: heal_all ends everything that lasts", "[fast]") {
    Cluster cluster(3);
    Wire wire(cluster);
    NetworkFabric& network = cluster.sim.network();
    const std::uint32_t cut = network.start_partition({{n1}, {n2, n3}});
    network.start_block(n1, n2, FaultFamily::clog);
    network.start_block(n2, n1, FaultFamily::one_way_partition);
    network.start_flap(n1, n2, milliseconds(10));
    network.set_extra_delay(n1, n2, seconds(100));
    network.set_bandwidth(n1, n2, 1);
    network.set_bit_flips(n1, n2, 1);
    network.set_refuse(n2, true);
    network.set_hang(n2, true);
    network.set_short_io(n2, true);
    cluster.node(2).pause();
    cluster.node(2).disk().set_full(true);
    cluster.node(1).clock().set_rate(300'000);
    cluster.sim.run_for(milliseconds(500));
    cluster.sim.heal_all();
    const SimTime healed = cluster.sim.now();
    CHECK(wire.out->write_all("x", never));
    CHECK(arrives(cluster, 2, *wire.in));
    cluster.run(1, [&] {
        World& world = cluster.world(1);
        CHECK(world.network().connect({"n2", 7}, world.deadline_in(seconds(1))));
    });
    CHECK(cluster.sim.now() - healed < milliseconds(200));
    // A stop that comes after the healing, as a schedule's will, does nothing.
    network.stop_partition(cut);
    network.stop_block(n1, n2, FaultFamily::clog);
    network.stop_flap(n1, n2);
    cluster.node(2).resume();
}

TEST_CASE("sim_world faults: heal_all releases what was held", "[fast]") {
    Cluster cluster(
        2, {.seed = 1, .network = {.give_up_min = seconds(900), .give_up_max = seconds(901)}});
    Wire wire(cluster);
    cluster.sim.network().start_partition({{n1}, {n2}});
    CHECK(wire.out->write_all("x", never));
    CHECK_FALSE(arrives(cluster, 2, *wire.in));
    cluster.sim.heal_all();
    CHECK(arrives(cluster, 2, *wire.in));
}

TEST_CASE("sim_world faults: a flap that stops while down leaves the link up", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    cluster.sim.network().start_flap(n1, n2, seconds(100));
    CHECK(wire.out->write_all("x", never));
    CHECK_FALSE(arrives(cluster, 2, *wire.in));
    cluster.sim.network().stop_flap(n1, n2);
    CHECK(arrives(cluster, 2, *wire.in));
}

TEST_CASE("sim_world faults: nothing is accepted without a way back", "[fast]") {
    Cluster cluster(2);
    const auto listener = cluster.world(2).network().listen({"n2", 9}).value();
    bool accepted = false;
    cluster.spawn(2, [&] { accepted = listener->accept().has_value(); });
    cluster.sim.network().start_block(n2, n1, FaultFamily::one_way_partition);
    cluster.spawn(1, [&] {
        World& world = cluster.world(1);
        (void)world.network().connect({"n2", 9}, world.deadline_in(seconds(30)));
    });
    cluster.sim.run_for(seconds(5));
    CHECK_FALSE(accepted);
    CHECK(cluster.count(FaultFamily::one_way_partition).observed > 0);
    cluster.sim.network().stop_block(n2, n1, FaultFamily::one_way_partition);
    cluster.sim.run_for(seconds(10));
    CHECK(accepted);
}

TEST_CASE("sim_world faults: a writer does not hear of room through a blocked link", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    bool written = false;
    cluster.spawn(1, [&] {
        (void)wire.out->write_all(std::string(SimStream::window_bytes + 1, 'x'), never);
        written = true;
    });
    cluster.sim.run_for(seconds(1));
    cluster.sim.network().start_block(n2, n1, FaultFamily::clog);
    cluster.run(2, [&] {
        std::string buffer(SimStream::window_bytes, '\0');
        (void)wire.in->read_some(buffer, never);
    });
    cluster.sim.run_for(seconds(5));
    CHECK_FALSE(written);
    CHECK(cluster.count(FaultFamily::clog) == FaultCount{1, 1});
    cluster.sim.network().stop_block(n2, n1, FaultFamily::clog);
    cluster.sim.run_for(seconds(1));
    CHECK(written);
}

}  // namespace geode::sim

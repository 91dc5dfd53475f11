// SPDX-License-Identifier: Apache-2.0

// What overloads, hangs and misbehaving neighbours do to a cluster: little, and not for long.

#include "graph/limits.h"
#include "node/wire/frame.h"
#include "tests/sim/laboratory.h"

using namespace geode;
using namespace geode::sim;
using geode::sim::test::Laboratory;

namespace {

Knobs eager_clients() {
    Knobs knobs = default_knobs();
    knobs.think_time_mean = milliseconds(10);
    knobs.client_attempt_timeout = milliseconds(300);
    knobs.operation_deadline = seconds(3);
    return knobs;
}

graph::Command put_text(std::size_t bytes) {
    graph::Vertex vertex;
    vertex.id = VertexId(1);
    // Several properties: one string may have a megabyte at most.
    for (char name = 'a'; bytes > 0; ++name) {
        const std::size_t part = std::min<std::size_t>(bytes, graph::string_bytes_max);
        vertex.properties.emplace(std::string(1, name), graph::Value(std::string(part, 'x')));
        bytes -= part;
    }
    return graph::PutVertex{vertex};
}

/// Runs `body` in a fiber of the first client until it has ended or `bound` has passed.
void run_in_client(Laboratory& lab, Duration bound, UniqueFunction<void(World&)> body) {
    World& world = lab.cluster().client_world(1);
    bool done = false;
    world.spawn("test", [&] {
        body(world);
        done = true;
    });
    lab.time_until(bound, [&] { return done; });
    REQUIRE(done);
}

}  // namespace

TEST_CASE("a leader whose disk hangs hands over, and clients are answered again", "[fast]") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        INFO("seed " << seed);
        Laboratory lab(seed, 3, 2, eager_clients());
        const NodeId leader = lab.boot_and_elect();
        lab.start_clients();
        lab.run_for(seconds(2));
        lab.simulation().node(leader).disk().start_stall(seconds(10));
        lab.run_for(milliseconds(100));
        const std::uint64_t before = lab.progress(1).ok + lab.progress(2).ok;
        const Duration gap = lab.time_until(
            seconds(30), [&] { return lab.progress(1).ok + lab.progress(2).ok > before + 4; });
        CHECK(gap < seconds(5));
        CHECK(lab.cluster().leader() != leader);
        lab.run_for(seconds(12));
        lab.conclude(seconds(2));
    }
}

TEST_CASE("a write over the maximum is refused with a reason, one below it is not", "[fast]") {
    Laboratory lab(1, 3, 1, eager_clients());
    lab.boot_and_elect();
    lab.cluster().boot_clients();
    run_in_client(lab, seconds(30), [&](World& world) {
        node::Client client(world, lab.cluster().client_options(1));
        const auto refused =
            client.write(put_text(wire::write_bytes_max), world.deadline_in(seconds(9)));
        CHECK(refused.code() == ErrorCode::too_large);
        CHECK(client.write(put_text(wire::write_bytes_max - 1000), world.deadline_in(seconds(9))));
    });
}

TEST_CASE("large writes over slow links neither break connections nor cost the leader its place",
          "[fast]") {
    Knobs knobs = eager_clients();
    knobs.election_timeout_min = seconds(20);
    knobs.election_timeout_max = seconds(40);
    knobs.client_attempt_timeout = seconds(60);
    Laboratory lab(1, 3, 1, knobs);
    const NodeId leader = lab.boot_and_elect();
    lab.cluster().boot_clients();
    lab.run_for(seconds(1));
    for (std::uint32_t peer = 1; peer <= 3; ++peer) {
        if (Cluster::server_id(peer) == leader) continue;
        lab.simulation().network().set_bandwidth(leader, Cluster::server_id(peer), 200'000);
    }
    // Two megabytes take ten seconds, and a connection that has to begin again never ends.
    run_in_client(lab, seconds(40), [&](World& world) {
        node::Client client(world, lab.cluster().client_options(1));
        CHECK(client.write(put_text(wire::write_bytes_max - 1000), world.deadline_in(seconds(35))));
    });
    CHECK(lab.cluster().leader() == leader);
}

// SPDX-License-Identifier: Apache-2.0

// What overloads, hangs and misbehaving neighbours do to a cluster: little, and not for long.

#include "graph/limits.h"
#include "node/wire/raft_codec.h"
#include "tests/sim/raw_connection.h"

using namespace geode;
using namespace geode::sim;
using geode::sim::test::Laboratory;
using geode::sim::test::RawConnection;
using geode::sim::test::run_in_client;

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

namespace {

const auto ask_status = [](wire::Request::Builder request) { request.setStatus(); };

}  // namespace

TEST_CASE("server: idle and silent connections are closed, busy ones are not", "[fast]") {
    Laboratory lab(1, 3, 1, eager_clients());
    lab.boot_and_elect();
    lab.cluster().boot_clients();
    run_in_client(lab, seconds(2000), [&](World& world) {
        RawConnection silent(world, lab.cluster().client_address(1));
        CHECK_FALSE(silent.closed_within(seconds(9)));
        CHECK(silent.closed_within(seconds(2)));
        RawConnection idle(world, lab.cluster().client_address(1));
        for (int i = 0; i < 3; ++i) {
            idle.send(ask_status);
            CHECK_FALSE(idle.closed_within(seconds(200)));
        }
        CHECK(idle.closed_within(seconds(101)));
    });
}

TEST_CASE("server: a new client takes the place of the idlest one", "[fast]") {
    const auto few = [](node::NodeOptions& options) { options.clients_max = 4; };
    Laboratory lab(1, 3, 1, eager_clients(), few);
    lab.boot_and_elect();
    lab.cluster().boot_clients();
    run_in_client(lab, seconds(60), [&](World& world) {
        std::vector<std::unique_ptr<RawConnection>> crowd;
        for (int i = 0; i < 6; ++i) {
            crowd.push_back(
                std::make_unique<RawConnection>(world, lab.cluster().client_address(1)));
            crowd.back()->send(ask_status);
            CHECK_FALSE(crowd.back()->closed_within(milliseconds(100)));
        }
        CHECK(crowd[0]->closed_within(milliseconds(100)));
        CHECK(crowd[1]->closed_within(milliseconds(100)));
        CHECK_FALSE(crowd[2]->closed_within(milliseconds(100)));
        CHECK_FALSE(crowd[5]->closed_within(milliseconds(100)));
    });
}

TEST_CASE("server: a request gives its place back within a minute", "[fast]") {
    const auto one = [](node::NodeOptions& options) { options.requests_max = 1; };
    Laboratory lab(1, 3, 1, eager_clients(), one);
    const NodeId leader = lab.boot_and_elect();
    lab.cluster().boot_clients();
    lab.run_for(seconds(1));
    // A write that the leader can append, but not commit for as long as its followers are slow.
    for (std::uint32_t number = 1; number <= 3; ++number) {
        const NodeId node = Cluster::server_id(number);
        if (node != leader) lab.simulation().node(node).disk().start_stall(seconds(1000));
    }
    run_in_client(lab, seconds(200), [&](World& world) {
        const Address at = lab.cluster().client_address(leader.value());
        RawConnection patient(world, at);
        wire::Scratch scratch;
        const Bytes write = wire::encode_log_command(scratch, {{}, 0, put_text(10)});
        patient.send([&](wire::Request::Builder request) {
            request.setTimeoutNs(INT64_MAX);
            request.setWrite(wire::as_data(write));
        });
        world.sleep_for(seconds(50));
        node::Client client(world, lab.cluster().client_options(1));
        CHECK_FALSE(client.status(at, world.deadline_in(seconds(1))));
        CHECK(client.status(at, world.deadline_in(seconds(15))));
    });
}

TEST_CASE("server: one connection cannot take all the places of requests", "[fast]") {
    const auto few = [](node::NodeOptions& options) {
        options.requests_max = 32;
        options.client_requests_max = 8;
    };
    Laboratory lab(1, 3, 1, eager_clients(), few);
    const NodeId leader = lab.boot_and_elect();
    lab.cluster().boot_clients();
    lab.run_for(seconds(1));
    // Requests that wait for a quorum: the leader is alone, its clients are not.
    lab.simulation().network().start_partition(
        {{leader}, {NodeId(1 + leader.value() % 3), NodeId(1 + (leader.value() + 1) % 3)}});
    run_in_client(lab, seconds(60), [&](World& world) {
        const Address at = lab.cluster().client_address(leader.value());
        RawConnection greedy(world, at);
        for (int i = 0; i < 100; ++i) {
            greedy.send([](wire::Request::Builder request) { request.setGetVertex(1); });
        }
        world.sleep_for(milliseconds(50));
        node::Client client(world, lab.cluster().client_options(1));
        CHECK(client.status(at, world.deadline_in(milliseconds(100))));
    });
}

namespace {

const Address cluster_port_of_n1{"n1", 3142};

Bytes hello_from(std::uint32_t from) {
    Bytes bytes;
    wire::Scratch scratch;
    wire::append_hello(bytes, scratch, {"sim", NodeId(from), NodeId(1)});
    return bytes;
}

/// A message from n2 to n1 that means nothing any more.
Bytes stale_message() {
    raft::Message message;
    message.type = raft::MessageType::append_response;
    message.from = NodeId(2);
    message.to = NodeId(1);
    message.term = Term(1);
    Bytes bytes;
    wire::Scratch scratch;
    wire::append_raft_message(bytes, scratch, message);
    return bytes;
}

}  // namespace

TEST_CASE("peers: who only says Hello, or speaks for another, disturbs nobody", "[fast]") {
    std::uint64_t links_closed = 0;
    Laboratory lab(1, 3, 1, eager_clients());
    lab.boot_and_elect();
    lab.cluster().boot_clients();
    lab.run_for(seconds(1));
    const std::uint64_t elections = lab.cluster().elections();
    lab.watch([&](const TraceRecord& record) { links_closed += record.name == "link.closed"; });
    run_in_client(lab, seconds(60), [&](World& world) {
        RawConnection silent(world, cluster_port_of_n1);
        silent.write(hello_from(2));
        RawConnection stranger(world, cluster_port_of_n1);
        stranger.write(hello_from(4));
        CHECK(stranger.closed_within(seconds(1)));
        RawConnection forger(world, cluster_port_of_n1);
        forger.write(hello_from(3) + stale_message());
        CHECK(forger.closed_within(seconds(1)));
        RawConnection endless(world, cluster_port_of_n1);
        endless.write(Bytes("GEOF\0\0\0\1", 8));
        CHECK_FALSE(silent.closed_within(seconds(2)));
        CHECK(silent.closed_within(seconds(3)));
        CHECK(endless.closed_within(seconds(3)));
    });
    CHECK(links_closed == 0);
    CHECK(lab.cluster().elections() == elections);
}

TEST_CASE("peers: a newer connection of a member replaces the older", "[fast]") {
    Laboratory lab(1, 3, 1, eager_clients());
    lab.boot_and_elect();
    lab.cluster().boot_clients();
    lab.cluster().server(2).crash();
    lab.run_for(seconds(1));
    run_in_client(lab, seconds(60), [&](World& world) {
        RawConnection older(world, cluster_port_of_n1);
        older.write(hello_from(2) + stale_message());
        CHECK_FALSE(older.closed_within(seconds(20)));
        RawConnection newer(world, cluster_port_of_n1);
        newer.write(hello_from(2) + stale_message());
        CHECK(older.closed_within(seconds(1)));
        CHECK_FALSE(newer.closed_within(seconds(20)));
    });
}

TEST_CASE("peers: a crowd that says nothing does not keep a member out", "[fast]") {
    Laboratory lab(1, 3, 1, eager_clients());
    lab.boot_and_elect();
    lab.cluster().boot_clients();
    run_in_client(lab, seconds(60), [&](World& world) {
        std::vector<std::unique_ptr<RawConnection>> crowd;
        for (int i = 0; i < 200; ++i) {
            crowd.push_back(std::make_unique<RawConnection>(world, cluster_port_of_n1));
        }
        CHECK(crowd.front()->closed_within(milliseconds(100)));
        CHECK_FALSE(crowd.back()->closed_within(milliseconds(100)));
    });
}

TEST_CASE("sessions: replicas agree whatever each is configured to keep", "[fast]") {
    const auto different = [](node::NodeOptions& options) {
        options.sessions_max = 1 + options.self.value();
        options.compact_entries = 20 * options.self.value();
    };
    Laboratory lab(1, 3, 6, eager_clients(), different);
    lab.boot_and_elect();
    lab.start_clients();
    for (int round = 0; round < 4; ++round) {
        lab.run_for(seconds(2));
        const NodeId leader = lab.cluster().leader();
        lab.simulation().node(leader).crash();
        lab.run_for(seconds(2));
        lab.simulation().node(leader).boot();
    }
    lab.conclude(seconds(2));
}

namespace {

/// Answers every request with "ask there".
void point_at(World& world, const Address& here, const Address& there) {
    auto listener = world.network().listen(here).value();
    for (;;) {
        auto connection = listener->accept();
        if (!connection) return;
        wire::FrameReader frames(**connection);
        wire::Scratch scratch;
        for (;;) {
            const Result<BytesView> frame = frames.next(never);
            if (!frame) break;
            std::uint64_t id = 0;
            CHECK(wire::read_message<wire::Request>(*frame, [&](wire::Request::Reader request) {
                id = request.getId();
                return Result<void>();
            }));
            auto builder = scratch.builder();
            auto response = builder.initRoot<wire::Response>();
            response.setId(id);
            auto error = response.initError();
            error.setCode(static_cast<std::uint16_t>(ErrorCode::not_leader));
            error.setLeaderAddress(wire::as_data(there.to_string()));
            Bytes answer;
            wire::append_frame(answer, builder);
            if (!(*connection)->write_all(answer, world.deadline_in(seconds(1)))) break;
        }
    }
}

}  // namespace

TEST_CASE("client: two nodes that point at each other are not asked without pause", "[fast]") {
    Laboratory lab(1, 3, 3, eager_clients());
    lab.cluster().boot_clients();
    const Address one{"c2", 4000};
    const Address other{"c3", 4000};
    World& first = lab.cluster().client_world(2);
    World& second = lab.cluster().client_world(3);
    first.spawn("pointer", [&] { point_at(first, one, other); });
    second.spawn("pointer", [&] { point_at(second, other, one); });
    run_in_client(lab, seconds(60), [&](World& world) {
        node::ClientOptions options;
        options.endpoints = {one, other};
        node::Client client(world, options);
        const MonoTime deadline = world.deadline_in(seconds(4));
        CHECK(client.get_vertex(VertexId(1), deadline).code() == ErrorCode::unavailable);
        CHECK(client.attempts() > 10);
        CHECK(client.attempts() < 60);
    });
}

// SPDX-License-Identifier: Apache-2.0
// Same seed, same run; and where it is not, the first differing event is named.
#include "tests/sim_world/fixture.h"

namespace geode::sim {
namespace {

/// Three nodes gossip, write to disk and trace under faults; every mechanism takes part.
std::uint64_t busy_run(std::uint64_t seed, EventLog* log, FaultCounters* faults = nullptr) {
    Cluster cluster(3, {.seed = seed, .event_log = log, .chaos = true});
    for (int n = 1; n <= 3; ++n) {
        World& world = cluster.world(n);
        cluster.spawn(n, [&world, n] {
            const auto listener = world.network().listen({"n" + std::to_string(n), 5}).value();
            for (;;) {
                auto accepted = listener->accept();
                if (!accepted) return;
                std::shared_ptr<Connection> in = *std::move(accepted);
                world.spawn("serve", [&world, in] {
                    char buffer[64];
                    for (;;) {
                        const auto count = in->read_some(buffer, world.deadline_in(seconds(2)));
                        if (!count || *count == 0) return;
                        world.trace().event("test.got", {{"bytes", *count}});
                    }
                });
            }
        });
        cluster.spawn(n, [&world, n] {
            Prng random = world.random().stream("gossip");
            for (;;) {
                world.sleep_for(random.between(milliseconds(1), milliseconds(40)));
                world.offload().run([&] {
                    const auto file = world.disk().open("log", OpenMode::write).value();
                    if (file->append("entry")) (void)file->sync();
                });
                const std::string peer =
                    "n" + std::to_string(1 + (static_cast<std::uint64_t>(n) + random.below(2)) % 3);
                auto out = world.network().connect({peer, 5}, world.deadline_in(seconds(1)));
                if (!out) continue;
                (void)(*out)->write_all(std::to_string(random.next()),
                                        world.deadline_in(seconds(1)));
            }
        });
    }
    Prng faults_stream = cluster.sim.stream("faults");
    cluster.sim.run_until(at(faults_stream.between(milliseconds(200), milliseconds(900))));
    cluster.sim.network().start_partition({{Cluster::id(1)}, {Cluster::id(2), Cluster::id(3)}});
    cluster.node(2).clock().set_rate(1'300'000);
    cluster.node(3).pause();
    cluster.sim.run_for(seconds(1));
    cluster.node(1).crash();
    cluster.node(1).boot();
    cluster.sim.heal_all();
    cluster.sim.run_for(seconds(1));
    if (faults != nullptr) *faults = cluster.sim.faults();
    CHECK(cluster.sim.events() > 500);
    return cluster.sim.hash();
}

}  // namespace

TEST_CASE("sim_world: a seed gives the same run every time, another seed another", "[fast]") {
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        EventLog log;
        FaultCounters one;
        FaultCounters two;
        const std::uint64_t first = busy_run(seed, &log, &one);
        log.start_comparing();
        const std::uint64_t second = busy_run(seed, &log, &two);
        CHECK(first == second);
        CHECK(one == two);
        CHECK_FALSE(log.divergence());
        hashes.insert(first);
    }
    CHECK(hashes.size() == 10);
}

TEST_CASE("sim_world: the hash of a run is the same in every build", "[fast]") {
    // Changes whenever the simulator draws or hashes differently; then update it. It must not
    // differ between compilers, optimisation levels, sanitizers or machines.
    CHECK(busy_run(42, nullptr) == 26451928222372943ULL);
}

namespace {

/// n1 sends one message per connection, in the order of a set of heap objects.
template <class Order>
void send_in_set_order(std::uint64_t seed, EventLog& log, bool perturb) {
    struct Message {
        int number;
    };
    Cluster cluster(2, {.seed = seed, .event_log = &log});
    std::vector<std::unique_ptr<Wire>> wires;
    for (std::uint16_t i = 0; i < 8; ++i) wires.push_back(std::make_unique<Wire>(cluster, 100 + i));
    // The second run takes its objects in another order from the allocator.
    std::vector<std::unique_ptr<Message>> messages(8);
    for (int i = 0; i < 8; ++i) {
        const int number = perturb ? 7 - i : i;
        messages[static_cast<std::size_t>(number)] = std::make_unique<Message>(number);
    }
    const auto order = [](const Message* x, const Message* y) {
        return Order::by_address ? std::less<>{}(x, y) : x->number < y->number;
    };
    std::set<const Message*, decltype(order)> outbox(order);
    for (const auto& message : messages) outbox.insert(message.get());
    for (const Message* message : outbox) {
        Connection& out = *wires[static_cast<std::size_t>(message->number)]->out;
        CHECK(out.write_all("message " + std::to_string(message->number), never));
    }
    cluster.sim.run_for(seconds(1));
}
struct ByAddress {
    static constexpr bool by_address = true;
};
struct ByNumber {
    static constexpr bool by_address = false;
};

}  // namespace

TEST_CASE("sim_world: names the first send that an order of addresses decided", "[fast]") {
    SECTION("planted: ordered by address") {
        EventLog log;
        send_in_set_order<ByAddress>(5, log, false);
        log.start_comparing();
        send_in_set_order<ByAddress>(5, log, true);
        const std::optional<Divergence> divergence = log.divergence();
        REQUIRE(divergence);
        INFO(divergence->first << " / " << divergence->second);
        CHECK(divergence->first.find(" n1 send ") != std::string::npos);
        CHECK(divergence->second.find(" n1 send ") != std::string::npos);
        CHECK(divergence->first != divergence->second);
    }
    SECTION("the same, ordered by number, is the same run") {
        EventLog log;
        send_in_set_order<ByNumber>(5, log, false);
        log.start_comparing();
        send_in_set_order<ByNumber>(5, log, true);
        CHECK_FALSE(log.divergence());
    }
}

TEST_CASE("sim_world: a run that ends early differs where it ended", "[fast]") {
    const auto run = [](EventLog& log, int events) {
        Simulation sim({.seed = 1, .event_log = &log});
        for (int i = 1; i <= events; ++i) sim.call_at(at(seconds(i)), "tick", [] {});
        sim.run_until(at(seconds(100)));
    };
    EventLog shorter;
    run(shorter, 5);
    shorter.start_comparing();
    run(shorter, 3);
    CHECK(shorter.divergence()->index == 3);
    CHECK(shorter.divergence()->second == "(end of run)");
    EventLog longer;
    run(longer, 3);
    longer.start_comparing();
    run(longer, 5);
    CHECK(longer.divergence()->index == 3);
    CHECK(longer.divergence()->first == "(end of run)");
    CHECK(longer.divergence()->second == "t=4.000000000 n0 call tick a=0x4 b=0x0");
}

TEST_CASE("sim_world: a draw in one stream shifts no other", "[fast]") {
    Simulation sim({.seed = 9});
    Prng faults = sim.stream("faults");
    const std::uint64_t first = Prng(sim.stream("workload")).next();
    for (int i = 0; i < 10; ++i) faults.next();
    CHECK(Prng(sim.stream("workload")).next() == first);
}

}  // namespace geode::sim

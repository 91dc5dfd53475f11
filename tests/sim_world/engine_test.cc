// SPDX-License-Identifier: Apache-2.0
// The event queue, the trace ring and the driving of time.
#include "tests/sim_world/fixture.h"

namespace geode::sim {
namespace {

class Recorder final : public EventHandler {
public:
    void on_event(const Event& event) override { seen.push_back(event.a); }
    std::vector<std::uint64_t> seen;
};

Event numbered(std::uint64_t number) {
    return Event{EventKind::timer, NodeId(1), number, 0};
}

}  // namespace

TEST_CASE("sim_world queue: fires by time, then in the order scheduled", "[fast]") {
    Engine engine({.seed = 1});
    Recorder recorder;
    engine.schedule(at(seconds(2)), recorder, numbered(3));
    engine.schedule(at(seconds(1)), recorder, numbered(1));
    engine.schedule(at(seconds(1)), recorder, numbered(2));
    engine.run_until(at(seconds(1)));
    CHECK(recorder.seen == std::vector<std::uint64_t>{1, 2});
    CHECK(engine.now() == at(seconds(1)));
    engine.schedule(at(seconds(0)), recorder, numbered(4));
    engine.run_until(at(seconds(5)));
    CHECK(recorder.seen == std::vector<std::uint64_t>{1, 2, 4, 3});
}

TEST_CASE("sim_world queue: cancelled events stay silent, stale ids do nothing", "[fast]") {
    Engine engine({.seed = 1});
    Recorder recorder;
    const EventId first = engine.schedule(at(seconds(1)), recorder, numbered(1));
    engine.cancel(first);
    const EventId second = engine.schedule(at(seconds(1)), recorder, numbered(2));
    CHECK(first != second);
    engine.cancel(first);
    engine.move(first, at(seconds(9)));
    engine.cancel(0);
    engine.run_until(at(seconds(2)));
    CHECK(recorder.seen == std::vector<std::uint64_t>{2});
    engine.cancel(second);
    CHECK(engine.queue().size() == 0);
}

TEST_CASE("sim_world queue: a moved event keeps its id", "[fast]") {
    Engine engine({.seed = 1});
    Recorder recorder;
    const EventId late = engine.schedule(at(seconds(1)), recorder, numbered(1));
    const EventId soon = engine.schedule(at(seconds(9)), recorder, numbered(2));
    engine.move(late, at(seconds(5)));
    engine.move(soon, at(seconds(2)));
    engine.move(late, at(seconds(3)));
    engine.run_until(at(seconds(3)));
    CHECK(recorder.seen == std::vector<std::uint64_t>{2, 1});
    const EventId third = engine.schedule(at(seconds(4)), recorder, numbered(3));
    engine.move(third, at(seconds(5)));
    engine.cancel(third);
    engine.run_until(at(seconds(9)));
    CHECK(recorder.seen.size() == 2);
}

TEST_CASE("sim_world engine: calls run once, by name, and can be cancelled", "[fast]") {
    Simulation sim({.seed = 1});
    int ran = 0;
    const EventId gone = sim.call_at(at(seconds(1)), "gone", [&] { ran += 100; });
    sim.call_at(at(seconds(2)), "kept", [&] { ++ran; });
    sim.cancel(gone);
    sim.run_until(at(seconds(3)));
    CHECK(ran == 1);
    CHECK(sim.events() == 1);
}

TEST_CASE("sim_world trace: the ring keeps the last records, the sink sees all", "[fast]") {
    std::vector<std::string> lines;
    Simulation::Options options{.seed = 1, .trace_ring_entries = 3};
    options.trace_sink = [&](const TraceRecord& record) { lines.push_back(record.to_line()); };
    Cluster cluster(1, std::move(options));
    for (int i = 0; i < 5; ++i) {
        const std::string text = "v" + std::to_string(i);
        cluster.world(1).trace().event("test.record", {{"i", -i}, {"text", text}, {"u", 7U}});
        cluster.sim.run_for(milliseconds(1));
    }
    CHECK(lines.size() == 5);
    const auto tail = cluster.sim.trace_tail();
    REQUIRE(tail.size() == 3);
    CHECK(tail[0]->to_line() == "0.002000000 n1 test.record i=-2 text=v2 u=7");
    CHECK(tail[2]->to_line() == lines[4]);
    CHECK(std::get<std::string_view>(tail[1]->fields()[1].value) == "v3");
}

TEST_CASE("sim_world trace: every field reaches the hash", "[fast]") {
    const auto hash = [](std::initializer_list<TraceField> fields) {
        Cluster cluster(1);
        cluster.world(1).trace().event("test.record", fields);
        return cluster.sim.hash();
    };
    const std::set<std::uint64_t> hashes{hash({}),           hash({{"a", 1}}),
                                         hash({{"b", 1}}),   hash({{"a", 2}}),
                                         hash({{"a", "1"}}), hash({{"a", 1}, {"a", 1}})};
    CHECK(hashes.size() == 6);
    CHECK(hash({{"a", 1}}) == hash({{"a", 1}}));
}

TEST_CASE("sim_world faults: every family has a name of its own", "[fast]") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < fault_family_count; ++i) {
        names.insert(to_string(static_cast<FaultFamily>(i)));
    }
    CHECK(names.size() == fault_family_count);
    CHECK_FALSE(names.contains(""));
    CHECK(to_string(FaultFamily::clock_freeze) == "clock_freeze");
    CHECK(to_string(FaultFamily::sync_failure) == "sync_failure");
}

TEST_CASE("sim_world engine: which ready fiber runs next is drawn, and hashed", "[fast]") {
    std::set<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Cluster cluster(1, {.seed = seed});
        std::string order;
        for (const char name : {'a', 'b', 'c', 'd'})
            cluster.spawn(1, [&order, name] { order += name; });
        cluster.sim.run_for(seconds(1));
        orders.insert(order);
        const std::uint64_t before = cluster.sim.hash();
        cluster.run(1, [] {});
        CHECK(cluster.sim.hash() != before);
    }
    CHECK(orders.size() > 8);
}

}  // namespace geode::sim

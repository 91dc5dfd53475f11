// SPDX-License-Identifier: Apache-2.0
#include "jepsen/active_faults.h"

#include <catch2/catch.hpp>

using namespace geode;
using namespace geode::jepsen;
using sim::Fault;
using sim::FaultKind;

namespace {

Fault fault_on_nodes(FaultKind kind, std::vector<std::string> nodes) {
    Fault fault = sim::make_fault(kind, seconds(1), seconds(1));
    fault.nodes = std::move(nodes);
    return fault;
}

const ClusterView led_by_two{2, {1, 2, 3}};
const ClusterView leaderless{std::nullopt, {3}};

}  // namespace

TEST_CASE("active faults: leader is who leads, else the first that runs, else nobody", "[fast]") {
    const Fault fault = fault_on_nodes(FaultKind::pause, {"leader", "n2"});
    CHECK(resolve(fault, led_by_two).nodes == std::vector<std::uint32_t>{2});
    CHECK(resolve(fault, leaderless).nodes == std::vector<std::uint32_t>{3, 2});
    const Fault alone = fault_on_nodes(FaultKind::pause, {"leader"});
    CHECK_FALSE(resolve(alone, {std::nullopt, {}}).has_target());
}

TEST_CASE("active faults: in groups the leader stands where the word leader stands", "[fast]") {
    Fault fault = sim::make_fault(FaultKind::partition, seconds(1), seconds(1));
    fault.groups = {{"n1", "leader"}, {"n2", "n3"}};
    const ActiveFault active = resolve(fault, led_by_two);
    const std::vector<sim::Link> expected = {
        {"n1", "n3"}, {"n2", "n3"}, {"n3", "n1"}, {"n3", "n2"}};
    CHECK(active.links == expected);
}

TEST_CASE("active faults: links between clients and to oneself do not exist", "[fast]") {
    Fault fault = sim::make_fault(FaultKind::clog, seconds(1), seconds(1));
    fault.links = {{"c1", "c2"}, {"leader", "n2"}, {"n1", "n2"}};
    const std::vector<sim::Link> expected = {{"n1", "n2"}};
    CHECK(resolve(fault, led_by_two).links == expected);
}

TEST_CASE("active faults: faults that overlap end one by one", "[fast]") {
    const Fault one = fault_on_nodes(FaultKind::pause, {"n1"});
    const Fault other = fault_on_nodes(FaultKind::pause, {"n1", "n2"});
    ActiveFaults active;
    active[0] = resolve(one, led_by_two);
    active[1] = resolve(other, led_by_two);
    CHECK(state_of(active).paused == std::set<std::uint32_t>{1, 2});
    active.erase(1);
    CHECK(state_of(active).paused == std::set<std::uint32_t>{1});
    active.erase(0);
    CHECK(state_of(active).paused.empty());
}

TEST_CASE("active faults: a flap blocks only while it is down", "[fast]") {
    Fault fault = sim::make_fault(FaultKind::flap, seconds(1), seconds(1));
    fault.groups = {{"n1"}, {"n2"}};
    ActiveFaults active;
    active[0] = resolve(fault, led_by_two);
    CHECK(state_of(active).network.blocked[FaultKind::flap].size() == 2);
    active[0].down = false;
    CHECK(state_of(active).network.blocked[FaultKind::flap].empty());
}

TEST_CASE("active faults: the slowest bandwidth and the sum of delays hold", "[fast]") {
    Fault slow = sim::make_fault(FaultKind::slow_link, seconds(1), seconds(1));
    slow.links = {{"n1", "n2"}};
    slow.parameters["bytes_per_s"] = 5'000;
    Fault slower = slow;
    slower.parameters["bytes_per_s"] = 3'000;
    Fault delay = sim::make_fault(FaultKind::delay, seconds(1), seconds(1));
    delay.links = {{"n1", "n2"}};
    delay.parameters["extra_us"] = 700;
    ActiveFaults active;
    active[0] = resolve(slow, led_by_two);
    active[1] = resolve(slower, led_by_two);
    active[2] = resolve(delay, led_by_two);
    active[3] = resolve(delay, led_by_two);
    const LinkShape shape = state_of(active).network.shapes.at({"n1", "n2"});
    CHECK(shape.bytes_per_s == 3'000);
    CHECK(shape.delay_us == 1'400);
}

TEST_CASE("active faults: clocks and disks become settings of the node's page", "[fast]") {
    Fault drift = fault_on_nodes(FaultKind::clock_drift, {"n1"});
    drift.parameters["ppm"] = -500;
    Fault rate = fault_on_nodes(FaultKind::clock_rate, {"n1"});
    rate.parameters["percent"] = 200;
    Fault disk = fault_on_nodes(FaultKind::disk_latency, {"n1"});
    disk.parameters["factor"] = 7;
    ActiveFaults active;
    active[0] = resolve(drift, led_by_two);
    active[1] = resolve(rate, led_by_two);
    active[2] = resolve(disk, led_by_two);
    const LabState state = state_of(active);
    REQUIRE(state.controls.size() == 1);
    CHECK(state.controls.at(1).rate_millionths == 1'999'500);
    CHECK(state.controls.at(1).disk_factor == 7);
    CHECK_FALSE(state.controls.at(1).disk_stalled);
}

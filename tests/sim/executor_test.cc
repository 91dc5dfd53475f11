// SPDX-License-Identifier: Apache-2.0
#include "sim/fault_executor.h"

#include <catch2/catch.hpp>

#include "sim/runner.h"
#include "sim/sweep.h"

using namespace geode;
using namespace geode::sim;

namespace {

ClusterOptions three_nodes() {
    ClusterOptions options;
    options.seed = 1;
    options.nodes = 3;
    options.clients = 2;
    options.knobs = default_knobs();
    return options;
}

Schedule schedule_with(std::vector<Fault> faults) {
    Schedule schedule;
    schedule.nodes = 3;
    schedule.clients = 2;
    schedule.faults = std::move(faults);
    sort_faults(schedule);
    REQUIRE(validate(schedule).has_value());
    return schedule;
}

Fault crash_of(std::string node, Duration start, Duration length) {
    Fault crash = make_fault(FaultKind::crash, start, length);
    crash.nodes = {std::move(node)};
    return crash;
}

/// What a kind needs beside it to meet anybody.
FaultKinds companions_of(const FaultKindSpec& spec) {
    switch (spec.kind) {
        case FaultKind::refuse:
        case FaultKind::hang:
            return {FaultKind::reset};  // or nobody connects anew
        // Names are without their sync only for a moment: the crash must fall into it.
        case FaultKind::lost_names: return {FaultKind::crash, FaultKind::disk_death};
        default: break;
    }
    if (spec.form == TargetForm::crash_switch) return {FaultKind::crash};
    return {};
}

}  // namespace

TEST_CASE("executor: a crashed leader is down for the length of the fault", "[fast]") {
    Cluster cluster(three_nodes());
    cluster.boot_all();
    cluster.simulation().run_for(seconds(2));
    const NodeId leader = cluster.leader();
    REQUIRE_FALSE(leader.is_none());
    const Schedule schedule = schedule_with({crash_of("leader", seconds(1), seconds(3))});
    FaultExecutor executor(cluster, schedule);
    executor.arm();
    SimNode& machine = cluster.simulation().node(leader);
    cluster.simulation().run_for(milliseconds(999));
    CHECK(machine.running());
    cluster.simulation().run_for(milliseconds(2));
    CHECK_FALSE(machine.running());
    cluster.simulation().run_for(milliseconds(2998));
    CHECK_FALSE(machine.running());
    CHECK(cluster.leader() != leader);
    cluster.simulation().run_for(milliseconds(2));
    CHECK(machine.running());
    CHECK(machine.lives() == 2);
}

TEST_CASE("executor: overlapping crashes of one node end once", "[fast]") {
    Cluster cluster(three_nodes());
    cluster.boot_all();
    const Schedule schedule = schedule_with({crash_of("n2", seconds(1), seconds(4)),
                                             crash_of("n2", seconds(2), seconds(1)),
                                             crash_of("n2", seconds(4), seconds(3))});
    FaultExecutor executor(cluster, schedule);
    executor.arm();
    cluster.simulation().run_for(milliseconds(4500));
    CHECK_FALSE(cluster.server(2).running());
    cluster.simulation().run_for(seconds(10));
    CHECK(cluster.server(2).running());
    CHECK(cluster.server(2).lives() == 2);
}

TEST_CASE("executor: a crash at a disk operation comes at the end at the latest", "[fast]") {
    Cluster cluster(three_nodes());
    cluster.boot_all();
    cluster.simulation().run_for(seconds(2));
    Fault crash = crash_of("n1", seconds(1), seconds(2));
    crash.parameters["after_disk_ops"] = 1'000'000;
    const Schedule schedule = schedule_with({crash});
    FaultExecutor executor(cluster, schedule);
    executor.arm();
    cluster.simulation().run_for(milliseconds(2900));
    CHECK(cluster.server(1).lives() == 1);
    CHECK(cluster.server(1).running());
    cluster.simulation().run_for(milliseconds(200));
    CHECK(cluster.server(1).lives() == 2);
}

TEST_CASE("executor: heal_all ends what runs and forgets what was to come", "[fast]") {
    Cluster cluster(three_nodes());
    cluster.boot_all();
    cluster.simulation().run_for(seconds(1));
    Fault pause = make_fault(FaultKind::pause, seconds(1), seconds(50));
    pause.nodes = {"n3"};
    const Schedule schedule = schedule_with(
        {crash_of("n1", seconds(1), seconds(50)), pause, crash_of("n2", seconds(20), seconds(30))});
    FaultExecutor executor(cluster, schedule);
    executor.arm();
    cluster.simulation().run_for(seconds(5));
    CHECK_FALSE(cluster.server(1).running());
    CHECK(cluster.server(3).paused());
    executor.heal_all();
    CHECK(cluster.server(1).running());
    CHECK_FALSE(cluster.server(3).paused());
    cluster.simulation().run_for(seconds(60));
    CHECK(cluster.server(2).lives() == 1);
    CHECK(cluster.server(1).lives() == 2);
}

TEST_CASE("executor: a group that names the leader gets it", "[fast]") {
    Cluster cluster(three_nodes());
    cluster.boot_all();
    cluster.simulation().run_for(seconds(2));
    const NodeId old_leader = cluster.leader();
    REQUIRE_FALSE(old_leader.is_none());
    Fault cut = make_fault(FaultKind::partition, seconds(1), seconds(5));
    cut.groups = {{"leader"}, {"n1", "n2", "n3"}};
    const Schedule schedule = schedule_with({cut});
    FaultExecutor executor(cluster, schedule);
    executor.arm();
    cluster.simulation().run_for(seconds(4));
    CHECK_FALSE(cluster.leader().is_none());
    CHECK(cluster.leader() != old_leader);
}

TEST_CASE("executor: a fault that waits for an election strikes the winner", "[fast]") {
    Cluster cluster(three_nodes());
    cluster.boot_all();
    cluster.simulation().run_for(seconds(2));
    const std::uint64_t elections = cluster.elections();
    Fault late = crash_of("leader", milliseconds(1001), seconds(5));
    late.after_election = milliseconds(100);
    Fault never_met = crash_of("leader", seconds(20), seconds(5));
    never_met.after_election = milliseconds(0);
    const Schedule schedule =
        schedule_with({crash_of("leader", seconds(1), seconds(1)), late, never_met});
    FaultExecutor executor(cluster, schedule);
    executor.arm();
    while (cluster.elections() == elections) cluster.simulation().run_for(milliseconds(1));
    const NodeId winner = cluster.leader();
    REQUIRE_FALSE(winner.is_none());
    cluster.simulation().run_for(milliseconds(98));
    CHECK(cluster.simulation().node(winner).running());
    cluster.simulation().run_for(milliseconds(3));
    CHECK_FALSE(cluster.simulation().node(winner).running());
    cluster.simulation().run_for(seconds(8));
    CHECK(cluster.simulation().node(winner).running());
    CHECK(cluster.simulation().node(winner).lives() == 2);
    cluster.simulation().run_for(seconds(30));  // nobody is elected, so nobody dies
    CHECK_FALSE(cluster.leader().is_none());
    CHECK(cluster.simulation().node(cluster.leader()).lives() <= 2);
}

TEST_CASE("executor: every kind by itself has an effect and breaks nothing", "[fast]") {
    for (const FaultKindSpec& spec : fault_kinds()) {
        // Nothing in a node reads wall time or asks Chaos, and streams hide what packets do: of
        // these only starting can be tested.
        RunOptions options;
        options.nodes = 3;
        options.clients = 3;
        options.duration = seconds(20);
        options.faults = {spec.kind};
        const FaultKinds companions = companions_of(spec);
        options.faults.insert(companions.begin(), companions.end());
        std::uint64_t observed = 0;
        std::uint64_t seed = 0;
        const bool visible =
            spec.in_all || spec.kind == FaultKind::disk_full || spec.kind == FaultKind::packet_loss;
        while (observed == 0 && ++seed <= (visible ? 40U : 1U)) {
            options.seed = seed;
            const RunResult result = run(options);
            INFO(result.reproduce << ": " << result.explanation);
            CHECK(result.passed());
            const auto found = result.faults.find(std::string(effect_family(spec.kind)));
            if (found != result.faults.end()) observed = found->second.observed;
        }
        INFO(spec.name);
        CHECK((observed > 0 || !visible));
    }
}

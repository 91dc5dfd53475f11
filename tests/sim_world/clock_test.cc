// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_world/fixture.h"

namespace geode::sim {

TEST_CASE("sim_world clock: now() follows virtual time from an arbitrary origin", "[fast]") {
    Cluster cluster(2);
    const MonoTime one = cluster.world(1).now();
    const MonoTime two = cluster.world(2).now();
    CHECK(one != two);
    cluster.sim.run_for(seconds(3));
    CHECK(cluster.world(1).now() - one == seconds(3));
    CHECK(cluster.world(2).now() - two == seconds(3));
    const MonoTime before = cluster.world(1).now();
    cluster.node(1).crash();
    cluster.node(1).boot();
    CHECK(cluster.world(1).now() != before);
}

TEST_CASE("sim_world clock: a sleeper wakes exactly when its time has come", "[fast]") {
    Cluster cluster(1);
    cluster.run(1, [&] { cluster.world(1).sleep_for(milliseconds(250)); });
    CHECK(cluster.sim.now() == at(milliseconds(250)));
}

TEST_CASE("sim_world clock: rate and drift distort now() and its timers", "[fast]") {
    Cluster cluster(1);
    SimClock& clock = cluster.node(1).clock();
    World& world = cluster.world(1);
    SECTION("half speed") {
        clock.set_rate(500'000);
        cluster.run(1, [&] { world.sleep_for(seconds(1)); });
        CHECK(cluster.sim.now() == at(seconds(2)));
        CHECK(cluster.count(FaultFamily::clock_rate).injected == 1);
        CHECK(cluster.count(FaultFamily::clock_rate).observed > 0);
        CHECK(cluster.count(FaultFamily::clock_drift).observed == 0);
    }
    SECTION("a pending timer moves when the rate changes") {
        cluster.sim.call_at(at(seconds(1)), "fast", [&] { clock.set_rate(2'000'000); });
        cluster.run(1, [&] { world.sleep_for(seconds(5)); });
        CHECK(cluster.sim.now() == at(seconds(3)));
    }
    SECTION("a pending timer moves when the rate falls") {
        cluster.sim.call_at(at(seconds(1)), "slow", [&] { clock.set_rate(500'000); });
        cluster.run(1, [&] { world.sleep_for(seconds(2)); });
        CHECK(cluster.sim.now() == at(seconds(3)));
    }
    SECTION("drift") {
        clock.set_drift(200);
        const MonoTime start = world.now();
        cluster.sim.run_for(seconds(1000));
        CHECK(world.now() - start == seconds(1000) + milliseconds(200));
        CHECK(cluster.count(FaultFamily::clock_drift).observed > 0);
        CHECK(cluster.count(FaultFamily::clock_rate).observed == 0);
        clock.heal();
        CHECK(clock.wall_error() == Duration(0));
    }
    SECTION("slowest rate with most negative drift still advances") {
        clock.set_rate(100'000);
        clock.set_drift(-500'000);
        const MonoTime start = world.now();
        cluster.sim.run_for(seconds(100));
        CHECK(world.now() - start == seconds(5));
    }
}

TEST_CASE("sim_world clock: faults of wall() leave now() alone", "[fast]") {
    Cluster cluster(1);
    SimClock& clock = cluster.node(1).clock();
    World& world = cluster.world(1);
    const MonoTime mono = world.now();
    const WallTime wall = world.clock().wall();
    SECTION("offset") {
        clock.set_offset(-seconds(40));
        CHECK(world.clock().wall() == wall - seconds(40));
        CHECK(cluster.count(FaultFamily::clock_offset).observed == 1);
        clock.set_offset(Duration(0));
        CHECK(world.clock().wall() == wall);
        CHECK(cluster.count(FaultFamily::clock_offset).observed == 1);
    }
    SECTION("steps forward and back add up") {
        clock.step_wall(seconds(10));
        clock.step_wall(-seconds(30));
        CHECK(world.clock().wall() == wall - seconds(20));
        CHECK(cluster.count(FaultFamily::clock_step).observed == 1);
        CHECK(clock.wall_error() == -seconds(20));
    }
    SECTION("freeze") {
        clock.freeze_wall();
        cluster.sim.run_for(seconds(2));
        CHECK(world.clock().wall() == wall);
        CHECK(cluster.count(FaultFamily::clock_freeze).observed == 1);
        clock.unfreeze_wall();
        CHECK(world.clock().wall() == wall + seconds(2));
        CHECK(world.now() == mono + seconds(2));
        return;
    }
    CHECK(world.now() == mono);
    clock.heal();
    CHECK(world.clock().wall() == wall);
    CHECK(clock.wall_error() == Duration(0));
}

TEST_CASE("sim_world clock: errors of the wall clock outlive a reboot", "[fast]") {
    Cluster cluster(1);
    cluster.node(1).clock().step_wall(seconds(7));
    cluster.node(1).crash();
    cluster.node(1).boot();
    CHECK(cluster.node(1).clock().wall_error() == seconds(7));
}

TEST_CASE("sim_world clock: timers may fire late but never early", "[fast]") {
    Cluster cluster(1);
    cluster.node(1).clock().set_timer_lateness(milliseconds(10));
    World& world = cluster.world(1);
    cluster.run(1, [&] {
        for (int i = 0; i < 50; ++i) {
            const MonoTime due = world.now() + milliseconds(1);
            world.sleep_until(due);
            CHECK(world.now() >= due);
        }
    });
    CHECK(cluster.sim.now() > at(milliseconds(200)));
    CHECK(cluster.count(FaultFamily::timer_late).observed == 50);
    cluster.sim.heal_all();
    const SimTime healed = cluster.sim.now();
    cluster.run(1, [&] { world.sleep_for(milliseconds(1)); });
    CHECK(cluster.sim.now() == healed + milliseconds(1));
}

TEST_CASE("sim_world clock: a pause holds fibers while the clock runs on", "[fast]") {
    Cluster cluster(1);
    World& world = cluster.world(1);
    const MonoTime start = world.now();
    MonoTime woke;
    cluster.spawn(1, [&] {
        world.sleep_for(milliseconds(100));
        woke = world.now();
    });
    cluster.sim.run_for(milliseconds(50));
    cluster.node(1).pause();
    CHECK(cluster.node(1).paused());
    cluster.sim.run_for(seconds(2));
    CHECK(woke == MonoTime{});
    CHECK(world.now() - start == milliseconds(2050));
    cluster.node(1).resume();
    cluster.sim.run_for(milliseconds(1));
    CHECK(woke - start == milliseconds(2050));
    CHECK(cluster.count(FaultFamily::pause) == FaultCount{1, 1});
}

}  // namespace geode::sim

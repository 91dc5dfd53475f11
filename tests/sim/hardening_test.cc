// SPDX-License-Identifier: Apache-2.0

// What overloads, hangs and misbehaving neighbours do to a cluster: little, and not for long.

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

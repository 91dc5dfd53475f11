// SPDX-License-Identifier: Apache-2.0
// The World contract that every implementation of the seam keeps.
#include "tests/sim_world/fixture.h"
#include "tests/support/world_contract.h"

namespace geode::sim {

TEST_CASE("sim_world: keeps the World contract", "[fast]") {
    for (const test::ContractCase& each : test::world_contract()) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            INFO(each.name << ", seed " << seed);
            Cluster cluster(2, {.seed = seed});
            const test::ContractSite site{cluster.world(2), cluster.world(1), "n2"};
            cluster.run(1, [&] { each.run(site); });
        }
    }
}

}  // namespace geode::sim

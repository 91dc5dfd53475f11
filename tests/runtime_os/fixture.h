// SPDX-License-Identifier: Apache-2.0
#pragma once

// Two production Worlds on one event loop, each with a data directory of its own.
//
// run() executes a fiber of `client` and bounds it in real time; a test that hangs fails instead.
// Assertions inside fibers are CHECKs: REQUIRE throws, and no exception may leave a fiber.

#include <catch2/catch.hpp>
#include <string>

#include "runtime/os/event_loop.h"
#include "runtime/os/os_world.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/world_contract.h"

namespace geode::os::test {

using geode::test::TemporaryFolder;

inline std::unique_ptr<OsWorld> make_world(EventLoop& loop, std::uint32_t node,
                                           const std::string& data_dir) {
    auto world = OsWorld::create(
        loop, {.node = NodeId(node), .data_dir = data_dir, .random_seed = 7 + node});
    REQUIRE(world);
    return *std::move(world);
}

struct Fixture {
    TemporaryFolder server_dir;
    TemporaryFolder client_dir;
    EventLoop loop;
    std::unique_ptr<OsWorld> server = make_world(loop, 1, server_dir.path());
    std::unique_ptr<OsWorld> client = make_world(loop, 2, client_dir.path());

    geode::test::ContractSite site() { return {*server, *client, "127.0.0.1"}; }

    template <class Body>
    void run(Body body, Duration at_most = seconds(60)) {
        bool done = false;
        client->spawn("test", [&] {
            body();
            done = true;
            loop.stop();
        });
        CHECK(loop.run_for(at_most));
        REQUIRE(done);
    }
};

}  // namespace geode::os::test

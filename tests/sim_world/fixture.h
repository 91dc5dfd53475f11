// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small cluster for tests of the simulated World: n1 … nN, booted, without programs.
//
// Cases spawn fibers on a node and run virtual time forward. No exception may leave a fiber, so
// they use CHECK there, never REQUIRE.

#include <catch2/catch.hpp>

#include "sim/world/simulation.h"

namespace geode::sim {

class Cluster {
public:
    explicit Cluster(int nodes = 2, Simulation::Options options = {.seed = 1})
        : sim(std::move(options)) {
        for (int i = 1; i <= nodes; ++i) add(i).boot();
    }
    SimNode& add(int number) {
        return sim.add_node({.id = NodeId(static_cast<std::uint32_t>(number)),
                             .host = "n" + std::to_string(number)});
    }
    static NodeId id(int number) { return NodeId(static_cast<std::uint32_t>(number)); }
    SimNode& node(int number) { return sim.node(id(number)); }
    World& world(int number) { return node(number).world(); }
    Disk& disk(int number) { return world(number).disk(); }
    FaultCount count(FaultFamily family) { return sim.faults()[family]; }

    FiberHandle spawn(int number, UniqueFunction<void()> body) {
        return world(number).spawn("test", std::move(body));
    }
    /// Runs `body` in a fiber of the node until it ends; fails the test after `limit`.
    void run(int number, UniqueFunction<void()> body, Duration limit = seconds(600)) {
        const FiberHandle fiber = spawn(number, std::move(body));
        const SimTime end = sim.now() + limit;
        while (!fiber.done() && sim.step(end)) {
        }
        CHECK(fiber.done());
    }

    Simulation sim;
};

/// Both ends of a connection from n1 to n2, made with the links as they are.
struct Wire {
    explicit Wire(Cluster& cluster, std::uint16_t port = 7) {
        const FiberHandle server = cluster.spawn(2, [&] {
            listener = cluster.world(2).network().listen({"n2", port}).value();
            in = listener->accept().value();
        });
        cluster.run(1, [&] {
            World& world = cluster.world(1);
            world.sleep_for(milliseconds(1));
            out = world.network().connect({"n2", port}, world.deadline_in(seconds(5))).value();
        });
        while (!server.done() && cluster.sim.step()) {
        }
    }
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Connection> out;  ///< n1's end
    std::unique_ptr<Connection> in;   ///< n2's end
};

template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.code();
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
// Micro benchmarks, hidden: `sim_world_test [.bench]`. Build with -O2 for figures that count.
#include <cstdio>
#include <ctime>

#include "tests/sim_world/fixture.h"

namespace geode::sim {
namespace {

// CPU time, so that a busy machine does not count. `fired` are timers and deliveries; links of the
// event chain (also sends and scheduling choices) are shown beside them.
template <class Work>
void report(const char* name, Simulation& sim, Work work) {
    const std::uint64_t fired_before = sim.engine().fired();
    const std::uint64_t links_before = sim.events();
    const std::clock_t start = std::clock();
    work();
    const double spent = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    const auto fired = static_cast<double>(sim.engine().fired() - fired_before);
    const auto links = static_cast<double>(sim.events() - links_before);
    std::printf("%-28s %9.0f fired  %5.2f M/s  %4.0f ns each; %5.2f M links/s\n", name, fired,
                fired / spent / 1e6, spent / fired * 1e9, links / spent / 1e6);
}

class Ticker final : public EventHandler {
public:
    explicit Ticker(Engine& engine, std::uint64_t number) : engine_(engine), number_(number) {
        on_event({});
    }
    void on_event(const Event&) override {
        engine_.schedule_in(microseconds(static_cast<std::int64_t>(100 + number_ % 37)), *this,
                            Event{EventKind::timer, NodeId(1), number_, 0});
    }

private:
    Engine& engine_;
    std::uint64_t number_;
};

}  // namespace

TEST_CASE("sim_world bench: events a second", "[.bench]") {
    {
        Cluster cluster(1);
        std::vector<std::unique_ptr<Ticker>> tickers;
        for (std::uint64_t i = 0; i < 1000; ++i) {
            tickers.push_back(std::make_unique<Ticker>(cluster.sim.engine(), i));
        }
        report("timer events, queue of 1000", cluster.sim,
               [&] { cluster.sim.run_for(milliseconds(500)); });
    }
    {
        Cluster cluster(5);
        for (int n = 1; n <= 5; ++n) {
            for (int i = 0; i < 4; ++i) {
                World& world = cluster.world(n);
                cluster.spawn(n, [&world] {
                    for (;;) world.sleep_for(microseconds(100));
                });
            }
        }
        report("sleeping fibers", cluster.sim, [&] { cluster.sim.run_for(seconds(10)); });
    }
    {
        Cluster cluster(2);
        Wire wire(cluster);
        const std::string message(256, 'm');
        // The fibers own their ends: they outlive this scope, and a dying fiber still looks at
        // them.
        const auto pump = [&](int node, std::unique_ptr<Connection> end, bool first) {
            World& world = cluster.world(node);
            cluster.spawn(node, [&world, end = std::move(end), first, message] {
                char buffer[512];
                if (first) (void)end->write_all(message, never);
                for (;;) {
                    std::size_t got = 0;
                    while (got < message.size()) {
                        const auto count =
                            end->read_some(std::span<char>(buffer).first(message.size() - got),
                                           world.deadline_in(seconds(10)));
                        if (!count) return;
                        got += *count;
                    }
                    (void)end->write_all(message, world.deadline_in(seconds(10)));
                }
            });
        };
        pump(1, std::move(wire.out), true);
        pump(2, std::move(wire.in), false);
        report("ping-pong of 256 bytes", cluster.sim, [&] { cluster.sim.run_for(seconds(400)); });
    }
}

}  // namespace geode::sim

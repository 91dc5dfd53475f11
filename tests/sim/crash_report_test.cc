// SPDX-License-Identifier: Apache-2.0
#include "cli/crash_report.h"

#include <catch2/catch.hpp>

#include "cli/worker_pool.h"
#include "sim/runner.h"

using namespace geode;

namespace {

/// A workload whose first client breaks an assertion after a second.
class FallingDriver final : public sim::WorkloadDriver {
public:
    void run_client(World& world, node::Client&, std::uint32_t number, const workloads::Control&,
                    workloads::Progress&) override {
        world.sleep_for(seconds(1));
        GEODE_ASSERT_MSG(number != 1, "planted");
    }
    std::optional<std::string> judge(const sim::FinalGraph*) override { return std::nullopt; }
};

std::unique_ptr<sim::WorkloadDriver> make_falling(const sim::WorkloadSetup&) {
    return std::make_unique<FallingDriver>();
}

std::string crash(std::uint64_t seed) {
    cli::install_crash_report();
    sim::RunOptions options;
    options.seed = seed;
    options.nodes = 3;
    options.faults = {};
    options.knobs = sim::default_knobs();
    options.make_driver = make_falling;
    cli::CrashContext context;
    context.seed = seed;
    context.reproduce = sim::reproduce_line(options);
    cli::set_crash_context(context);
    sim::RunHooks hooks;
    hooks.current = cli::set_crash_simulation;
    return sim::to_json_line(sim::run(options, std::move(hooks)));
}

}  // namespace

TEST_CASE("crash report: an assertion names seed, virtual time, node, fiber and the way back",
          "[fast]") {
    std::vector<cli::SeedOutcome> outcomes;
    cli::WorkerPoolCallbacks callbacks;
    callbacks.job = crash;
    callbacks.on_outcome = [&](const cli::SeedOutcome& outcome) {
        outcomes.push_back(outcome);
        return true;
    };
    REQUIRE(cli::run_workers({}, {23}, callbacks).has_value());
    REQUIRE(outcomes.size() == 1);
    CHECK_FALSE(outcomes[0].answered);
    CHECK(outcomes[0].death == "status 4");
    const std::string& said = outcomes[0].said;
    INFO(said);
    CHECK(said.find("assertion failed: number != 1 - planted") != std::string::npos);
    CHECK(said.find("crash: abort: seed 23, virtual time 1.") != std::string::npos);
    CHECK(said.find("client c1, fiber \"workload\"") != std::string::npos);
    CHECK(said.find("reproduce: geode-sim run --seed 23 --nodes 3") != std::string::npos);
}

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "cli/geode_sim.h"

using namespace geode;
using namespace geode::cli;

TEST_CASE("plan: durations, seed ranges and shards read as documented", "[fast]") {
    CHECK(sim::parse_duration("60s").value() == seconds(60));
    CHECK(sim::parse_duration("500ms").value() == milliseconds(500));
    CHECK(sim::parse_duration("2m").value() == seconds(120));
    CHECK(sim::parse_duration("1h").value() == seconds(3600));
    for (const char* wrong : {"", "60", "s", "-1s", "0s", "1.5s", "1d", "99999999999h"}) {
        INFO(wrong);
        CHECK_FALSE(sim::parse_duration(wrong).has_value());
    }
    CHECK(parse_seed_range("3..9")->last == 9);
    CHECK(parse_seed_range("7")->first == 7);
    for (const char* wrong : {"", "..", "1..", "9..3", "a..b", "1...3", "1-3"}) {
        INFO(wrong);
        CHECK_FALSE(parse_seed_range(wrong).has_value());
    }
    CHECK(seeds_of({1, 10}, parse_shard("2/4").value()) == std::vector<std::uint64_t>{2, 6, 10});
    for (const char* wrong : {"", "0/4", "5/4", "1", "1/0", "a/b"}) {
        INFO(wrong);
        CHECK_FALSE(parse_shard(wrong).has_value());
    }
}

TEST_CASE("plan: shards cover a range exactly once", "[fast]") {
    std::vector<std::uint64_t> all;
    for (std::uint32_t i = 1; i <= 7; ++i) {
        for (const std::uint64_t seed : seeds_of({5, 104}, {i, 7})) all.push_back(seed);
    }
    std::sort(all.begin(), all.end());
    CHECK(all == seeds_of({5, 104}, {}));
}

TEST_CASE("plan: defaults are those of the documentation", "[fast]") {
    const RunPlan plan = plan_run({}).value();
    CHECK(plan.options.nodes == 5);
    CHECK(plan.options.duration == seconds(60));
    CHECK(plan.options.workload == "register");
    CHECK(plan.options.faults == sim::parse_fault_kinds("all").value());
}

TEST_CASE("plan: wrong words are refused in one line that lists the right ones", "[fast]") {
    RunArguments arguments;
    arguments.workload = "queue";
    CHECK(plan_run(arguments).error().message ==
          "unknown workload \"queue\"; there are: register graph append bank load");
    arguments = {};
    arguments.faults = "gremlins";
    CHECK(plan_run(arguments).error().message.find("unknown fault \"gremlins\"; there are: all") ==
          0);
    arguments = {};
    arguments.nodes = 0;
    CHECK(plan_run(arguments).error().message == "--nodes: expected 1 to 99");
    arguments = {};
    arguments.graph = "/nonexistent/place";
    CHECK(plan_run(arguments).error().message.find("no such directory") != std::string::npos);
    arguments = {};
    arguments.schedule_file = "/nonexistent.json";
    CHECK_FALSE(plan_run(arguments).has_value());
}

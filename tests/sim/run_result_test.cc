// SPDX-License-Identifier: Apache-2.0
#include "sim/data/run_result.h"

#include <catch2/catch.hpp>

#include "sim/knobs.h"
#include "sim/sweep.h"

using namespace geode;
using namespace geode::sim;

namespace {

RunResult example() {
    RunResult result;
    result.seed = 17;
    result.verdict = RunVerdict::violation;
    result.hash = 0x0123456789abcdefULL;
    result.schedule_hash = UINT64_MAX;
    result.workload = "register";
    result.nodes = 4;
    result.duration = milliseconds(1500);
    result.fault_kinds = "crash,pause";
    result.network = "lan";
    result.sim_s = 12.345;
    result.cpu_s = 0.012;
    result.events = 99;
    result.elections = 3;
    result.ops = {10, 2, 1};
    result.latency_max_ms = 80.5;
    result.faults["crash"] = {2, 3};
    result.probes["raft.somewhere"] = 5;
    result.reproduce = "geode-sim run --seed 17 --nodes 4";
    result.explanation = "process 3: read 4 cannot be placed\nmore";
    result.schedule.emplace();
    result.trace_tail = {"t=1.0 n1 a", "t=2.0 n2 b"};
    return result;
}

RunResult passing(std::uint64_t seed) {
    RunResult result = example();
    result.seed = seed;
    result.verdict = RunVerdict::pass;
    result.explanation.clear();
    return result;
}

}  // namespace

TEST_CASE("run result: one JSON line that reads back", "[fast]") {
    const RunResult result = example();
    const std::string line = to_json_line(result);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(
        line.starts_with(R"({"seed":17,"verdict":"violation","exit":1,"hash":"0123456789abcdef")"));
    const Result<RunResult> read = parse_run_result(line, "line 1");
    REQUIRE(read.has_value());
    CHECK(to_json_line(*read) == line);
    CHECK(read->schedule == result.schedule);
    CHECK(read->hash == result.hash);
    CHECK(read->faults == result.faults);
}

TEST_CASE("run result: a broken line is refused with its name", "[fast]") {
    CHECK(parse_run_result("{", "f:3").error().message ==
          "f:3: expected a JSON object on one line");
    CHECK(parse_run_result("{}", "f:3").error().message == "f:3: seed: expected an integer from 0");
    CHECK(parse_run_result(R"({"seed":1,"verdict":"fine"})", "f").error().message ==
          "f: verdict: expected the name of a verdict");
}

TEST_CASE("run result: every verdict has its exit status and a name", "[fast]") {
    for (int i = 0; i <= 6; ++i) {
        const auto verdict = static_cast<RunVerdict>(i);
        CHECK(exit_status(verdict) == i);
        CHECK(find_run_verdict(to_string(verdict)) == verdict);
    }
    CHECK_FALSE(find_run_verdict("fine").has_value());
}

TEST_CASE("sweep: the tally sums up and takes the worst verdict", "[fast]") {
    SweepTally tally({FaultKind::crash});
    tally.add(passing(1));
    CHECK(tally.exit_status() == 0);
    RunResult slow = passing(2);
    slow.verdict = RunVerdict::no_liveness;
    tally.add(slow);
    CHECK(tally.exit_status() == 3);
    tally.add(example());
    CHECK(tally.exit_status() == 1);
    CHECK(tally.runs() == 3);
    CHECK(tally.failures() == 2);
    const std::string line = tally.summary_line(2.0);
    CHECK(line.find(R"("summary":true,"runs":3,"exit":1)") != std::string::npos);
    CHECK(line.find(R"("failed_seeds":[2,17])") != std::string::npos);
    CHECK(line.find(R"("crash":{"injected":6,"observed":9})") != std::string::npos);
    const std::string table = tally.summary_table(2.0);
    CHECK(table.find("seed 17: violation: process 3: read 4 cannot be placed\n") !=
          std::string::npos);
    CHECK(table.find("geode-sim run --seed 17 --nodes 4") != std::string::npos);
}

TEST_CASE("sweep: an enabled family without effect makes a long sweep void", "[fast]") {
    SweepTally tally({FaultKind::crash, FaultKind::flap, FaultKind::bridge});
    for (std::uint64_t seed = 1; seed <= 99; ++seed) tally.add(passing(seed));
    CHECK(tally.exit_status() == 0);
    RunResult last = passing(100);
    last.faults["partition"] = {1, 1};
    tally.add(last);
    CHECK(tally.families_without_effect() == std::vector<std::string>{"flap"});
    CHECK(tally.exit_status() == 2);
    CHECK(tally.summary_table(1).find("NO EFFECT: flap") != std::string::npos);
}

TEST_CASE("knobs: draws stay in their ranges and repeat", "[fast]") {
    int wan = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const Knobs knobs = draw_knobs(Prng(seed));
        CHECK(knobs.heartbeat_interval < knobs.election_timeout_min);
        CHECK(knobs.election_timeout_min < knobs.election_timeout_max);
        CHECK(knobs.election_timeout_min > 2 * knobs.wan_one_way);
        CHECK(knobs.sessions_max >= 4);
        CHECK(knobs.think_time_mean == draw_knobs(Prng(seed)).think_time_mean);
        const std::uint32_t nodes = draw_nodes(Prng(seed));
        CHECK(nodes >= 3);
        CHECK(nodes <= 7);
        wan += knobs.network == NetworkKind::wan;
    }
    CHECK(wan > 10);
}

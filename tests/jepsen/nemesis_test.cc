// SPDX-License-Identifier: Apache-2.0
#include "jepsen/nemesis.h"

#include <catch2/catch.hpp>

#include "jepsen/chaos_run.h"

using namespace geode;
using namespace geode::jepsen;
using Action = NemesisStep::Action;
using sim::FaultKind;

TEST_CASE("nemesis: a schedule becomes steps in order of time", "[fast]") {
    sim::Schedule schedule;
    schedule.duration = seconds(10);
    sim::Fault pause = sim::make_fault(FaultKind::pause, seconds(1), seconds(2));
    pause.nodes = {"n1"};
    sim::Fault reset = sim::make_fault(FaultKind::reset, seconds(2), Duration(0));
    reset.links = {{"n1", "n2"}};
    sim::Fault flap = sim::make_fault(FaultKind::flap, seconds(3), milliseconds(2500));
    flap.groups = {{"n1"}, {"n2"}};
    schedule.faults = {pause, reset, flap};
    REQUIRE(sim::validate(schedule));
    std::vector<std::tuple<std::int64_t, std::size_t, Action>> steps;
    for (const NemesisStep& step : steps_of(schedule)) {
        steps.emplace_back(step.at / milliseconds(1), step.fault, step.action);
    }
    const std::vector<std::tuple<std::int64_t, std::size_t, Action>> expected = {
        {1000, 0, Action::begin}, {2000, 1, Action::begin}, {3000, 0, Action::end},
        {3000, 2, Action::begin}, {4000, 2, Action::flip},  {5000, 2, Action::flip},
        {5500, 2, Action::end}};
    CHECK(steps == expected);
}

TEST_CASE("chaos run: only clocks and disks need the preloaded library", "[fast]") {
    sim::Schedule schedule;
    sim::Fault crash = sim::make_fault(FaultKind::crash, seconds(1), seconds(1));
    crash.nodes = {"n1"};
    schedule.faults = {crash};
    CHECK(needs_preload(schedule));
    schedule.faults[0].parameters["loss"] = 3;  // none
    CHECK_FALSE(needs_preload(schedule));
    schedule.faults[0].parameters["after_disk_ops"] = 3;
    CHECK(needs_preload(schedule));
    schedule.faults = {sim::make_fault(FaultKind::clock_rate, seconds(1), seconds(1))};
    CHECK(needs_preload(schedule));
}

TEST_CASE("chaos run: the longest silence is between answers, or at either end", "[fast]") {
    const auto at = [](std::int64_t time_ns, EventType type, std::string error = "") {
        return Event{time_ns, 1, type, "read", "nil", std::move(error)};
    };
    const std::int64_t second = 1'000'000'000;
    std::vector<Event> events = {at(second, EventType::ok), at(2 * second, EventType::invoke),
                                 at(5 * second, EventType::fail, "condition-false"),
                                 at(6 * second, EventType::info, "unknown-outcome")};
    CHECK(longest_silence_s(events, 7 * second) == Approx(4));
    CHECK(longest_silence_s(events, 12 * second) == Approx(7));
    CHECK(longest_silence_s({}, 3 * second) == Approx(3));
}

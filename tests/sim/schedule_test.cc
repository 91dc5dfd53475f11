// SPDX-License-Identifier: Apache-2.0
#include "sim/data/schedule.h"

#include <catch2/catch.hpp>

using namespace geode;
using namespace geode::sim;

namespace {

DrawOptions everything(std::uint32_t nodes, Duration duration) {
    DrawOptions options;
    options.nodes = nodes;
    options.duration = duration;
    options.kinds = *parse_fault_kinds("all");
    return options;
}

std::string parse_error(std::string_view text) {
    const Result<Schedule> parsed = parse_schedule(text, "file.json");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.code() == ErrorCode::invalid_argument);
    return parsed.error().message;
}

std::string with_fault(std::string_view fault) {
    return R"({"format":"geode-schedule","version":1,"nodes":3,"clients":2,)"
           R"("duration_us":60000000,"faults":[)" +
           std::string(fault) + "]}";
}

}  // namespace

TEST_CASE("schedule: the table of kinds is consistent", "[fast]") {
    for (const FaultKindSpec& spec : fault_kinds()) {
        CHECK(find_fault_kind(spec.name) == spec.kind);
        CHECK_FALSE(spec.about.empty());
        for (const ParameterSpec& parameter : spec.parameters) {
            CHECK(parameter.low <= parameter.normal);
            CHECK(parameter.normal <= parameter.high);
        }
    }
    CHECK_FALSE(find_fault_kind("meteor").has_value());
}

TEST_CASE("schedule: names of kinds choose sets and read back", "[fast]") {
    CHECK(parse_fault_kinds("none")->empty());
    CHECK(parse_fault_kinds("all")->size() < fault_kinds().size());
    CHECK(parse_fault_kinds("all,chaos_site")->contains(FaultKind::chaos_site));
    CHECK(to_string(*parse_fault_kinds("all,chaos_site")) == "all,chaos_site");
    CHECK(*parse_fault_kinds("crash,pause") == FaultKinds{FaultKind::crash, FaultKind::pause});
    CHECK(to_string(*parse_fault_kinds("pause,crash")) == "crash,pause");
    CHECK(to_string(*parse_fault_kinds("all,-flap")) == "all,-flap");
    CHECK(to_string(*parse_fault_kinds("all")) == "all");
    CHECK(to_string(FaultKinds{}) == "none");
    const auto wrong = parse_fault_kinds("crash,meteor");
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().message.find("\"meteor\"") != std::string::npos);
    CHECK(wrong.error().message.find("clock_freeze") != std::string::npos);
}

TEST_CASE("schedule: drawing respects its options", "[fast]") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto nodes = static_cast<std::uint32_t>(1 + seed % 7);
        const DrawOptions options = everything(nodes, seconds(20 + static_cast<int>(seed % 50)));
        const Schedule schedule = draw_schedule(Prng(seed), options);
        REQUIRE(validate(schedule).has_value());
        REQUIRE(schedule.nodes == nodes);
        REQUIRE(schedule.duration == options.duration);
        REQUIRE(schedule == draw_schedule(Prng(seed), options));
    }
    DrawOptions only = everything(5, seconds(60));
    only.kinds = {FaultKind::pause};
    const Schedule pauses = draw_schedule(Prng(3), only);
    CHECK_FALSE(pauses.faults.empty());
    for (const Fault& fault : pauses.faults) CHECK(fault.kind == FaultKind::pause);
    only.kinds = {};
    CHECK(draw_schedule(Prng(3), only).faults.empty());
}

TEST_CASE("schedule: enabling a kind does not move the faults of another", "[fast]") {
    DrawOptions one = everything(5, seconds(60));
    one.kinds = {FaultKind::delay};
    DrawOptions two = one;
    two.kinds.insert(FaultKind::clog);
    const Schedule alone = draw_schedule(Prng(11), one);
    Schedule both = draw_schedule(Prng(11), two);
    std::erase_if(both.faults, [](const Fault& fault) { return fault.kind == FaultKind::clog; });
    CHECK(alone.faults == both.faults);
}

TEST_CASE("schedule: over many draws every kind appears, and leaves runs out", "[fast]") {
    std::map<FaultKind, int> runs;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        std::set<FaultKind> seen;
        for (const Fault& fault : draw_schedule(Prng(seed), everything(5, seconds(60))).faults) {
            seen.insert(fault.kind);
        }
        for (const FaultKind kind : seen) ++runs[kind];
    }
    for (const FaultKindSpec& spec : fault_kinds()) {
        if (spec.form == TargetForm::crash_switch || !spec.in_all) continue;
        INFO(spec.name);
        CHECK(runs[spec.kind] >= 25);
        CHECK(runs[spec.kind] <= 90);  // crashes, cuts and delays also come as storms
    }
}

TEST_CASE("schedule: crashes without their switches lose nothing", "[fast]") {
    DrawOptions options = everything(5, seconds(60));
    options.kinds = {FaultKind::crash};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        for (const Fault& fault : draw_schedule(Prng(seed), options).faults) {
            CHECK(fault.parameter("loss") == 3);
            CHECK(fault.parameter("torn") == 0);
            CHECK(fault.parameter("names") == 0);
            CHECK(fault.parameter("after_disk_ops") == 0);
        }
    }
}

TEST_CASE("schedule: the text form is stable and one fault per line", "[fast]") {
    Schedule schedule;
    schedule.nodes = 3;
    schedule.clients = 2;
    Fault crash = make_fault(FaultKind::crash, seconds(2), seconds(5));
    crash.nodes = {"leader"};
    crash.parameters["torn"] = 1;
    Fault cut = make_fault(FaultKind::one_way_partition, seconds(4), seconds(1));
    cut.links = {{"n1", "c2"}};
    schedule.faults = {crash, cut};
    CHECK(to_json_text(schedule) ==
          "{\"format\":\"geode-schedule\",\"version\":1,\"nodes\":3,\"clients\":2,"
          "\"duration_us\":60000000,\"faults\":[\n"
          "{\"kind\":\"crash\",\"start_us\":2000000,\"length_us\":5000000,\"nodes\":[\"leader\"],"
          "\"after_disk_ops\":0,\"loss\":\"all\",\"torn\":\"yes\",\"names\":\"keep\"},\n"
          "{\"kind\":\"one_way_partition\",\"start_us\":4000000,\"length_us\":1000000,"
          "\"links\":[[\"n1\",\"c2\"]]}\n"
          "]}\n");
    CHECK(parse_schedule(to_json_text(schedule), "x").value() == schedule);
}

TEST_CASE("schedule: a parser's complaint names the place and what it expected", "[fast]") {
    CHECK(parse_error("{").find("file.json: not JSON") == 0);
    CHECK(parse_error("{\"version\": 2e66808}").find("file.json: not JSON") == 0);
    CHECK(parse_error("{}") == "file.json: format: expected this key");
    CHECK(parse_error(R"({"format":"x"})").find("format: expected \"geode-schedule\"") !=
          std::string::npos);
    CHECK(parse_error(R"({"a":1,"a":2})").find("\"a\" appears twice") != std::string::npos);
    CHECK(parse_error(with_fault(R"({"kind":"meteor"})")).find("faults[0].kind: expected one of") !=
          std::string::npos);
    CHECK(parse_error(with_fault(R"({"kind":"pause","start_us":1,"length_us":1,"node":["n1"]})"))
              .find("faults[0].node: expected one of the keys kind start_us length_us "
                    "after_election_us nodes") != std::string::npos);
    CHECK(parse_error(with_fault(R"({"kind":"pause","start_us":-1,"length_us":1,"nodes":["n1"]})"))
              .find("faults[0].start_us: expected an integer 0..60000000, found -1") !=
          std::string::npos);
    CHECK(parse_error(with_fault(R"({"kind":"pause","start_us":1,"length_us":1,"nodes":["n4"]})"))
              .find("expected n1..n3 or leader, found \"n4\"") != std::string::npos);
    CHECK(
        parse_error(
            with_fault(R"({"kind":"crash","start_us":1,"length_us":1,"nodes":["n1"],"loss":"x"})"))
            .find("faults[0].loss: expected one of: all random prefix none") != std::string::npos);
    CHECK(parse_error(with_fault(R"({"kind":"torn_write","start_us":1})"))
              .find("faults[0].kind: expected one of") != std::string::npos);
    CHECK(parse_error(
              with_fault(R"({"kind":"pause","start_us":59999999,"length_us":2,"nodes":["n1"]})"))
              .find("must start and end within the duration") != std::string::npos);
    CHECK(parse_error(
              with_fault(
                  R"({"kind":"partition","start_us":1,"length_us":2,"groups":[["n1"],["n1"]]})"))
              .find("one group only") != std::string::npos);
}

TEST_CASE("schedule: the hash tells schedules apart", "[fast]") {
    const Schedule one = draw_schedule(Prng(1), everything(5, seconds(60)));
    Schedule other = one;
    CHECK(schedule_hash(one) == schedule_hash(other));
    REQUIRE_FALSE(other.faults.empty());
    other.faults[0].start += microseconds(1);
    CHECK(schedule_hash(one) != schedule_hash(other));
}

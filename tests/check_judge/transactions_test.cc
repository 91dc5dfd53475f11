// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "workloads/check/judge/judge.h"

namespace geode::check {
namespace {

constexpr std::string_view stale = R"(
{:process 0 :type :invoke :value [[:append 8 1]]}
{:process 0 :type :ok :value [[:append 8 1]]}
{:process 1 :type :invoke :value [[:r 8 nil]]}
{:process 1 :type :ok :value [[:r 8 []]]}
{:process 2 :type :invoke :value [[:r 8 nil]]}
{:process 2 :type :ok :value [[:r 8 [1]]]})";

TEST_CASE("judge: list-append, a stale read is a cycle in words", "[fast]") {
    const auto judged = judge(stale, "h", {.model = "list-append"});
    REQUIRE(judged);
    CHECK(judged->verdict == Verdict::invalid);
    REQUIRE(judged->anomalies.size() == 1);
    const Anomaly& anomaly = judged->anomalies[0];
    CHECK(anomaly.name == "G-single-item-realtime");
    REQUIRE(anomaly.steps.size() == 2);
    CHECK(anomaly.steps[0].relation == "rw");
    CHECK(anomaly.steps[0].words == "1: read 8 = [], which 0 overwrote by appending 1");
    CHECK(anomaly.steps[1].relation == "realtime");
    CHECK(anomaly.steps[1].words == "0 had completed before 1 was invoked");
    REQUIRE(judged->operations.size() == 2);
    CHECK(judged->operations[0].words == "append 8 1");
    CHECK(judged->ruled_out == std::vector<std::string>{"strong-snapshot-isolation"});
    CHECK(judge(stale, "h", {.model = "list-append", .consistency = "serializable"})->verdict ==
          Verdict::valid);
}

TEST_CASE("judge: list-append, formats, levels and budgets", "[fast]") {
    CHECK_FALSE(judge(stale, "h", {.model = "list-append", .format = "json"}));
    CHECK_FALSE(judge(stale, "h", {.model = "list-append", .consistency = "linearizable"}));
    CHECK_FALSE(judge(stale, "h", {.model = "list-append", .initial = "3"}));
    CHECK(judge("", "h", {.model = "list-append"})->verdict == Verdict::valid);
    const auto small = judge(stale, "h", {.model = "list-append", .budget = {.bytes_max = 100}});
    REQUIRE(small);
    CHECK(small->verdict == Verdict::unknown);
    CHECK(small->reason.find("MiB") != std::string::npos);
    const auto hasty = judge(stale, "h", {.model = "list-append", .budget = {.steps_max = 3}});
    REQUIRE(hasty);
    CHECK(hasty->verdict == Verdict::unknown);
    CHECK(hasty->reason == "the search for cycles ended after 3 steps");
}

TEST_CASE("judge: list-append, an element appended twice cannot be judged", "[fast]") {
    const auto judged = judge(R"({:type :ok :value [[:append 8 1]]}
{:type :ok :value [[:append 8 1]]})",
                              "h", {.model = "list-append"});
    REQUIRE(judged);
    CHECK(judged->verdict == Verdict::unknown);
    CHECK(judged->reason ==
          "0 and 1 both append 8 1: no read of it can be told to be of one of them");
}

}  // namespace
}  // namespace geode::check

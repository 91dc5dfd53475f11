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

/// "valid", the reason of unknown, or the names of the anomalies; and what is wrong with the
/// request.
std::string asked(std::string_view model, std::vector<std::string_view> anomalies,
                  std::string_view text, std::string_view consistency = {}) {
    const auto judged = judge(
        text, "h", {.model = model, .consistency = consistency, .anomalies = std::move(anomalies)});
    if (!judged) return judged.error().message;
    if (judged->verdict == Verdict::unknown) return judged->reason;
    if (judged->verdict == Verdict::valid) return "valid";
    std::string out;
    for (const Anomaly& anomaly : judged->anomalies) {
        out.append(out.empty() ? "" : " ").append(anomaly.name);
    }
    return out;
}

TEST_CASE("judge: anomalies are asked for by name", "[fast]") {
    CHECK(asked("list-append", {"G-single-item"}, stale) == "valid");
    CHECK(asked("list-append", {"G-single-realtime"}, stale) == "G-single-item-realtime");
    CHECK(asked("list-append", {"G0", "G2-item-realtime"}, stale) == "G-single-item-realtime");
    CHECK(asked("list-append", {"G2-process"}, stale) == "valid");
    CHECK(
        asked("list-append", {"G3"}, stale)
            .starts_with("unknown anomaly for the model list-append \"G3\"; there are: internal"));
    // In the lattice, but not looked for.
    CHECK(asked("list-append", {"G-cursor"}, stale).starts_with("unknown anomaly"));
    CHECK(asked("list-append", {"G0"}, stale, "serializable") ==
          "a consistency or anomalies can be asked for, not both");
    CHECK(asked("register", {"G0"}, stale)
              .starts_with(
                  "the model register has no anomalies to ask for; ask for a consistency: "));
    constexpr std::string_view fractured = R"(
{:type :ok :value [[:append :x 1] [:append :y 1]]}
{:type :ok :value [[:r :x [1]] [:r :y []]]})";
    CHECK(asked("list-append", {"fractured-read"}, fractured) == "monotonic-fractured-read");
    CHECK(asked("list-append", {"monotonic-fractured-read", "internal"}, fractured) ==
          "monotonic-fractured-read");
    CHECK(asked("list-append", {"prefix-violation"}, fractured) ==
          "monotonic-fractured-read prefix-violation");
    CHECK(asked("list-append", {"G1", "G0"}, fractured) == "valid");
    CHECK(asked("rw-register", {"G1"}, R"(
{:type :ok :value [[:w :x 1] [:r :y 1]]}
{:type :ok :value [[:w :y 1] [:r :x 1]]})") == "G1c");
}

TEST_CASE("judge: list-append, a cycle that hides behind a worse one", "[fast]") {
    // 0 and 1 go in a circle of writes; 0, 2 and 3 make a cycle whose two rw meet in 0. Together
    // they are a walk in which no two rw meet, but no cycle.
    constexpr std::string_view crossing = R"(
{:process 0 :type :ok :value [[:append :x 1] [:append :y 2] [:r :p []] [:append :q 1]]}
{:process 1 :type :ok :value [[:append :x 2] [:append :y 1]]}
{:process 2 :type :ok :value [[:append :p 1]]}
{:process 3 :type :ok :value [[:r :p [1]] [:r :q []]]}
{:process 4 :type :ok :value [[:r :x [1 2]] [:r :y [1 2]]]})";
    CHECK(asked("list-append", {"G-nonadjacent"}, crossing) ==
          "whether there is a G-nonadjacent-item was not decided, for there are cycles without rw: "
          "look for G1c too");
    CHECK(asked("list-append", {"G-nonadjacent", "G1c"}, crossing) == "G0");
    CHECK(asked("list-append", {"G2"}, crossing) == "G2-item");
    CHECK(asked("list-append", {"G-single"}, crossing) == "valid");
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

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/judge.h"

#include <array>
#include <catch2/catch.hpp>
#include <sstream>

namespace geode::check {
namespace {

constexpr std::string_view stale_read = R"(
{:process 0 :type :invoke :f :write :value 1}
{:process 0 :type :ok :f :write :value 1}
{:process 1 :type :invoke :f :read}
{:process 1 :type :ok :f :read :value nil})";

TEST_CASE("judge: a stale read is named and told", "[fast]") {
    const auto judged = judge(stale_read, "h", {.model = "register"});
    REQUIRE(judged);
    CHECK(judged->verdict == Verdict::invalid);
    REQUIRE(judged->anomalies.size() == 1);
    CHECK(judged->anomalies[0].name == "nonlinearizable");
    CHECK(judged->anomalies[0].operations == std::vector<std::uint32_t>{1});
    REQUIRE(judged->operations.size() == 2);
    CHECK(judged->operations[1].words == "read = nil");
}

TEST_CASE("judge: unknown names are refused with those there are", "[fast]") {
    const auto message = [](const JudgeRequest& request) {
        const auto checked = find_model(request);
        return checked ? std::string("accepted") : checked.error().message;
    };
    CHECK(message({.model = "register"}) == "accepted");
    CHECK(message({.model = "tape"}).starts_with("unknown model \"tape\"; there are: register"));
    CHECK(message({.model = "register", .consistency = "strong"})
              .starts_with("unknown consistency for the model register \"strong\"; there are: "));
    CHECK(message({.model = "register", .format = "xml"})
              .starts_with("unknown format for the model register \"xml\"; there are: auto "));
    CHECK_FALSE(judge(stale_read, "h", {.model = "tape"}));
}

TEST_CASE("judge: with an initial value, nil is an answer that was not recorded", "[fast]") {
    constexpr std::string_view read_nil = R"(
{:process 0 :type :invoke :f :read}
{:process 0 :type :ok :f :read :value nil})";
    constexpr std::string_view write_nil = R"(
{:process 1 :type :invoke :f :write :value nil}
{:process 1 :type :fail :f :write :value nil})";
    CHECK(judge(read_nil, "h", {.model = "register", .initial = "0"})->verdict == Verdict::valid);
    // Where nil is a value, it is one.
    const std::string both = std::string(read_nil) + std::string(write_nil);
    CHECK(judge(both, "h", {.model = "register", .initial = "0"})->verdict == Verdict::invalid);
    CHECK(judge(stale_read, "h", {.model = "register"})->verdict == Verdict::invalid);
}

TEST_CASE("judge: the initial value counts", "[fast]") {
    constexpr std::string_view read_three = R"(
{:process 0 :type :invoke :f :read}
{:process 0 :type :ok :f :read :value 3})";
    CHECK(judge(read_three, "h", {.model = "register"})->verdict == Verdict::invalid);
    CHECK(judge(read_three, "h", {.model = "register", .initial = "3"})->verdict == Verdict::valid);
    CHECK_FALSE(judge(read_three, "h", {.model = "kv", .initial = "3"}));
}

std::string_view verdict_of(std::string_view model, std::string_view text,
                            std::optional<std::string> initial = std::nullopt) {
    const auto judged = judge(text, "h", {.model = model, .initial = std::move(initial)});
    return judged ? to_string(judged->verdict) : std::string_view("error");
}

/// Operations of one process, one after another: `:f value -> answer` each as an EDN pair.
std::string serial(std::initializer_list<std::array<std::string_view, 3>> operations) {
    std::string out;
    for (const auto& [function, value, answer] : operations) {
        const auto event = [&out, &function = function](std::string_view type,
                                                        std::string_view told) {
            out.append("{:type ").append(type).append(" :f ").append(function);
            out.append(" :value ").append(told).append("}\n");
        };
        event(":invoke", value);
        event(":ok", answer);
    }
    return out;
}

TEST_CASE("judge: every model of one object accepts and refuses", "[fast]") {
    CHECK(verdict_of("mutex", serial({{":acquire", "nil", "nil"}, {":release", "nil", "nil"}})) ==
          "valid");
    CHECK(verdict_of("mutex", serial({{":acquire", "nil", "nil"}, {":acquire", "nil", "nil"}})) ==
          "invalid");
    CHECK(verdict_of("queue", serial({{":enqueue", "1", "1"},
                                      {":enqueue", "2", "2"},
                                      {":dequeue", "nil", "1"},
                                      {":drain", "nil", "[2]"},
                                      {":dequeue", "nil", "nil"}})) == "valid");
    CHECK(verdict_of(
              "queue",
              serial({{":enqueue", "1", "1"}, {":enqueue", "2", "2"}, {":dequeue", "nil", "2"}})) ==
          "invalid");
    CHECK(verdict_of("stack",
                     serial({{":push", "1", "1"}, {":push", "2", "2"}, {":pop", "nil", "2"}})) ==
          "valid");
    CHECK(verdict_of("stack",
                     serial({{":push", "1", "1"}, {":push", "2", "2"}, {":pop", "nil", "1"}})) ==
          "invalid");
    CHECK(verdict_of("priority-queue", serial({{":insert", "5", "5"},
                                               {":insert", "2", "2"},
                                               {":extract-min", "nil", "2"}})) == "valid");
    CHECK(verdict_of("priority-queue", serial({{":insert", "5", "5"},
                                               {":insert", "2", "2"},
                                               {":extract-min", "nil", "5"}})) == "invalid");
    CHECK(verdict_of("list", serial({{":append", "3", "3"}, {":read", "nil", "[3]"}})) == "valid");
    CHECK(verdict_of("list", serial({{":append", "3", "3"}, {":read", "nil", "[]"}})) == "invalid");
    CHECK(verdict_of("set", serial({{":add", "3", "true"},
                                    {":add", "4", "4"},
                                    {":read", "nil", "#{4 3}"},
                                    {":remove", "3", "true"},
                                    {":contains", "3", "false"}})) == "valid");
    CHECK(verdict_of("set", serial({{":add", "3", "3"}, {":add", "3", "true"}})) == "invalid");
    CHECK(verdict_of("set", serial({{":add", "3", "3"}, {":contains", "3", "[3 false]"}})) ==
          "invalid");
}

TEST_CASE("judge: initial values of counters and registers", "[fast]") {
    const std::string counted = serial({{":increment", "nil", "nil"}, {":read", "nil", "8"}});
    CHECK(verdict_of("counter", counted) == "invalid");
    CHECK(verdict_of("counter", counted, "7") == "valid");
    CHECK(verdict_of("counter", counted, "seven") == "error");
    const std::string moved =
        serial({{":txn", "[[:read :x nil] [:write :y 2]]", "[[:read :x 1] [:write :y 2]]"},
                {":txn", "[[:r :y nil]]", "[[:r :y 2]]"}});
    CHECK(verdict_of("multi-register", moved) == "invalid");
    CHECK(verdict_of("multi-register", moved, "{:x 1, :y 0}") == "valid");
    CHECK(verdict_of("multi-register", moved, "1") == "valid");
    CHECK(verdict_of("multi-register", moved, "{:x 2}") == "invalid");
    CHECK(verdict_of("multi-register", moved, "{:x") == "error");
    CHECK(verdict_of("multi-register", serial({{":txn", "[7]", "[7]"}})) == "error");
    CHECK(verdict_of("queue", serial({{":dequeue", "nil", "nil"}}), "3") == "error");
}

/// Which of a register's levels the history keeps.
std::string levels_kept(std::string_view text) {
    std::string out;
    for (const std::string_view level :
         {"linearizable", "bounded-staleness=5us", "sequential", "causal", "read-your-writes",
          "monotonic-reads", "monotonic-writes", "writes-follow-reads"}) {
        const auto judged = judge(text, "h", {.model = "register", .consistency = level});
        REQUIRE(judged);
        if (judged->verdict == Verdict::valid) {
            out.append(out.empty() ? "" : " ").append(level);
        } else {
            CHECK(judged->verdict == Verdict::invalid);
            CHECK_FALSE(judged->operations.empty());
            CHECK(judged->ruled_out.size() == 1);
        }
    }
    return out;
}

/// "P w KEY VALUE" and "P r KEY VALUE", one after another, a microsecond each.
std::string in_turn(std::string_view script) {
    std::istringstream words{std::string(script)};
    std::string out;
    int time = 0;
    for (std::string process, function, key, value; words >> process >> function >> key >> value;) {
        for (const std::string_view type : {":invoke", ":ok"}) {
            out.append("{:process ").append(process).append(" :time ");
            out.append(std::to_string(time += 500)).append(" :type ").append(type);
            out.append(" :f :").append(function).append(" :key ").append(key);
            out.append(" :value ").append(value).append("}\n");
        }
    }
    return out;
}

TEST_CASE("judge: each level of a register has a history that only it refuses", "[fast]") {
    const std::string all =
        "linearizable bounded-staleness=5us sequential causal read-your-writes monotonic-reads "
        "monotonic-writes writes-follow-reads";
    CHECK(levels_kept(in_turn("0 w x 1 1 r x 1")) == all);
    // Stale for longer than the bound, and only that.
    CHECK(levels_kept(in_turn("0 w x 1 1 r y nil 1 r x nil")) == all.substr(13));
    CHECK(
        levels_kept(in_turn("0 w x 1 0 r x 1 0 r x 1 0 r x 1 0 r x 1 0 r x 1 0 r x 1 1 r x nil")) ==
        all.substr(35));
    // Two readers see two writes in different orders.
    CHECK(levels_kept(in_turn("0 w x 1 1 w x 2 2 r x 1 2 r x 2 3 r x 2 3 r x 1")) ==
          "bounded-staleness=5us causal read-your-writes");
    // A write that followed a read is seen without it.
    CHECK(levels_kept(in_turn("0 w x 1 1 r x 1 1 w y 2 2 r y 2 2 r x nil")) ==
          "bounded-staleness=5us read-your-writes monotonic-reads monotonic-writes");
    CHECK(levels_kept(in_turn("0 w x 1 0 w y 2 2 r y 2 2 r x nil")) ==
          "bounded-staleness=5us read-your-writes monotonic-reads writes-follow-reads");
    CHECK(levels_kept(in_turn("0 w x 1 0 r x nil")) ==
          "bounded-staleness=5us monotonic-reads monotonic-writes writes-follow-reads");
}

TEST_CASE("judge: what a level cannot take is said", "[fast]") {
    const auto judged = [](std::string_view level, std::string_view text) {
        const auto result = judge(text, "h", {.model = "register", .consistency = level});
        return result ? std::string(to_string(result->verdict)) + ": " + result->reason
                      : result.error().message;
    };
    const std::string twice = in_turn("0 w x 1 1 w x 1");
    CHECK(judged("causal", twice).starts_with("unknown: (process 1: write"));
    CHECK(judged("monotonic-reads", twice).starts_with("unknown: (process 1: write"));
    CHECK(judged("causal", in_turn("0 w x nil")).starts_with("unknown: (process 0: write"));
    CHECK(judged("sequential", twice) == "valid: ");
    CHECK(judged("bounded-staleness=5", twice).starts_with("h: expected a bound as 100ms"));
    CHECK(judged("bounded-staleness=", twice).starts_with("unknown consistency"));
    CHECK(judged("bounded-staleness=1s", stale_read).starts_with("h: bounded staleness takes a"));
    const std::string no_end = "{:process 0 :time 5 :type :invoke :f :write :value 1}";
    CHECK(judged("bounded-staleness=1s", no_end) == "valid: ");
    CHECK(judged("bounded-staleness=1s", no_end + "{:process 0 :type :ok :f :write :value 1}")
              .starts_with("h: bounded staleness takes a"));
}

TEST_CASE("judge: causal consistency takes four bytes for each operation and process", "[fast]") {
    const auto verdict = [](std::uint64_t bytes) {
        const auto judged =
            judge(in_turn("0 w x 1 1 r x 1"), "h",
                  {.model = "register", .consistency = "causal", .budget = {.bytes_max = bytes}});
        return std::string(to_string(judged->verdict)) + ": " + judged->reason;
    };
    CHECK(verdict(16) == "valid: ");
    CHECK(verdict(15) == "unknown: the limit of 15 bytes of memory");
}

TEST_CASE("judge: a model of the user's own", "[fast]") {
    constexpr std::string_view two_holders = R"(
        model two-holders  # a comment
        initial 0
        0 acquire -> 1
        1 acquire -> 2
        1 release -> 0
        2 release -> 1
        * holders = $state -> same
        * echo * = $argument -> same
        * mode "read only" = "all right" -> same)";
    const auto judged = [](std::string_view definition, const std::string& text) {
        const auto result = judge(text, "h", {.model = "file", .definition = definition});
        return result ? std::string(to_string(result->verdict)) : result.error().message;
    };
    const std::array<std::string_view, 3> take{":acquire", "nil", "nil"};
    CHECK(judged(two_holders, serial({take, take, {":holders", "nil", "2"}})) == "valid");
    CHECK(judged(two_holders, serial({take, take, {":holders", "nil", "1"}})) == "invalid");
    CHECK(judged(two_holders, serial({take, take, take})) == "invalid");
    CHECK(judged(two_holders, serial({{":release", "nil", "nil"}})) == "invalid");
    CHECK(judged(two_holders, serial({{":echo", ":a", ":a"}, {":echo", "[1 2]", "[1 2]"}})) ==
          "valid");
    CHECK(judged(two_holders, serial({{":echo", "3", "4"}})) == "invalid");
    CHECK(judged(two_holders, serial({{":mode", "\"read only\"", "\"all right\""}})) == "valid");
    CHECK(judged(two_holders, serial({{":mode", "1", "nil"}})) == "invalid");
    CHECK(judged(two_holders, serial({{":fly", "1", "nil"}})).ends_with("no rule names it"));
    CHECK(judged(two_holders, serial({take, take}) +
                                  "{:type :invoke :f :acquire} {:type :info :f :acquire}"
                                  "{:type :invoke :f :release} {:type :ok :f :release}"
                                  "{:type :invoke :f :holders} {:type :ok :f :holders :value 2}") ==
          "valid");
    CHECK(judged("initial a\na b c d -> e", "") ==
          "h: model:2: expected 'STATE OPERATION [ARGUMENT] [= ANSWER] -> STATE'");
    CHECK(judged("a b -> c", "") == "h: model:1: expected a line 'initial STATE' somewhere");
    CHECK(judged("initial a\ninitial b", "") == "h: model:2: expected one initial state, not two");
    CHECK(judged("initial \"a", "") == "h: model:1: expected the quote to end");
    CHECK(judged("", "").starts_with("h: the model file needs its text"));
}

}  // namespace
}  // namespace geode::check

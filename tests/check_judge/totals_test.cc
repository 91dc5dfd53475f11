// SPDX-License-Identifier: Apache-2.0

// Totals: each anomaly planted and found by its name, and the recorded histories of elle-cli.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "workloads/check/judge/judge.h"

namespace geode::check {
namespace {

/// One line an operation: "P :f value -> answer", invoked and answered at once; "-> ?" of unknown
/// outcome, "-> !" failed. "P :f value" alone begins one that a later "P ->answer" ends.
std::string history_of(std::string_view script) {
    std::string out;
    std::istringstream lines{std::string(script)};
    std::map<std::string, std::string> running;
    for (std::string line; std::getline(lines, line);) {
        line.erase(0, line.find_first_not_of(' '));
        if (line.empty()) continue;
        const std::string process = line.substr(0, line.find(' '));
        std::string rest = line.substr(process.size() + 1);
        const std::size_t arrow = rest.find("->");
        const auto event = [&](const std::string& type, const std::string& value) {
            out.append("{:process ").append(process).append(" :type ").append(type);
            out.append(" :f ").append(running[process]).append(" :value ").append(value);
            out.append("}\n");
        };
        if (arrow != 0) {
            const std::size_t space = rest.find(' ');
            running[process] = rest.substr(0, space);
            event(":invoke",
                  rest.substr(space + 1,
                              arrow == std::string::npos ? std::string::npos : arrow - space - 1));
        }
        if (arrow == std::string::npos) continue;
        const std::string answer = rest.substr(arrow + 3);
        const std::string type = answer == "?" ? ":info" : answer == "!" ? ":fail" : ":ok";
        event(type, type == ":ok" ? answer : "nil");
    }
    return out;
}

/// "valid", or the names of the anomalies, or what is unknown or wrong.
std::string found(const JudgeRequest& request, std::string_view script) {
    const auto judged = judge(history_of(script), "h", request);
    if (!judged) return "error";
    if (judged->verdict == Verdict::unknown) return "unknown: " + judged->reason;
    std::string out;
    for (const Anomaly& anomaly : judged->anomalies) {
        out.append(out.empty() ? "" : " ").append(anomaly.name);
        for (const std::uint32_t operation : anomaly.operations) {
            const bool told =
                std::ranges::find(judged->operations, operation, &WitnessOperation::index) !=
                judged->operations.end();
            CHECK(told);
        }
    }
    return judged->verdict == Verdict::valid ? "valid" : out;
}

TEST_CASE("totals: a bank keeps its total and no balance below zero", "[fast]") {
    const std::string_view moves = R"(
        0 :read nil -> {0 10 1 10}
        1 :transfer {:from 0 :to 1 :amount 15} -> nil
        0 :read nil -> {0 -5 1 25})";
    CHECK(found({.model = "bank"}, moves) == "negative-balance");
    CHECK(found({.model = "bank", .consistency = "total"}, moves) == "valid");
    CHECK(found({.model = "bank", .consistency = "total", .initial = "21"}, moves) ==
          "wrong-total wrong-total");
    const std::string_view lost = R"(
        0 :read nil -> {0 10 1 10}
        0 :read nil -> {0 5 1 10}
        0 :read nil -> {0 nil 1 20}
        0 :read nil -> ?)";
    CHECK(found({.model = "bank"}, lost) == "wrong-total nil-balance");
    CHECK(found({.model = "bank", .initial = "{0 20}"}, "0 :read nil -> {0 10 1 10}") ==
          "unexpected-account");
    CHECK(found({.model = "bank", .initial = "{0 15, 1 5}"}, "0 :read nil -> {0 10 1 10}") ==
          "valid");
    CHECK(found({.model = "bank", .initial = "{0 x}"}, "0 :read nil -> {0 10}") == "error");
    CHECK(found({.model = "bank"}, "0 :read nil -> 7") == "error");
    CHECK(found({.model = "bank"}, "0 :read nil -> {0 9223372036854775807 1 1}") == "error");
}

TEST_CASE("totals: the last read of a set has what was acknowledged", "[fast]") {
    const JudgeRequest request{.model = "set", .consistency = "final-read"};
    CHECK(found(request, "0 :add 1 -> 1\n0 :add 2 -> ?\n0 :read nil -> [1]") == "valid");
    CHECK(found(request, "0 :add 1 -> 1\n0 :add 2 -> ?\n0 :read nil -> #{1 2}") == "valid");
    CHECK(found(request, "0 :add 1 -> 1\n0 :add 2 -> 2\n0 :read nil -> [1]") == "lost");
    CHECK(found(request, "0 :add 1 -> 1\n0 :read nil -> [1 3]") == "unexpected");
    CHECK(found(request, "0 :add 1 -> !\n0 :read nil -> [1]") == "unexpected");
    CHECK(found(request, "0 :add 1 -> 1\n0 :read nil -> [1 1]") == "duplicate");
    CHECK(found(request, "0 :add 1 -> 1\n0 :read nil -> []\n0 :read nil -> [1]") == "valid");
    CHECK(found(request, "0 :add 1 -> 1\n0 :read nil -> ?") == "unknown: the set was never read");
    CHECK(found(request, "0 :add 1 -> 1\n0 :read nil -> nil") ==
          "unknown: the last read answered no set");
    CHECK(found(request, "0 :remove 1 -> 1") == "error");
    // Shown before anyone had begun to add it.
    CHECK(found(request, "0 :read nil -> [1]\n0 :add 1 -> 1") == "unexpected");
    CHECK(found(request, "1 :add 1\n0 :read nil -> [1]\n1 -> 1") == "valid");
}

TEST_CASE("totals: every element of a set from when it is known", "[fast]") {
    const JudgeRequest eventual{.model = "set-full"};
    const JudgeRequest fresh{.model = "set-full", .consistency = "fresh"};
    const std::string_view stale = "0 :add 1 -> 1\n0 :read nil -> []\n0 :read nil -> [1]";
    CHECK(found(eventual, stale) == "valid");
    CHECK(found(fresh, stale) == "stale");
    CHECK(found(eventual,
                "0 :add 1 -> 1\n0 :add 2 -> 2\n0 :read nil -> [1 2]\n"
                "0 :read nil -> [2]") == "lost");
    // Known by a read, though its addition was never acknowledged.
    CHECK(found(eventual,
                "0 :add 1 -> ?\n0 :add 2 -> 2\n0 :read nil -> [1 2]\n"
                "0 :read nil -> [2]") == "lost");
    CHECK(found(eventual, "0 :add 1 -> ?\n0 :add 2 -> 2\n0 :read nil -> [2]") == "valid");
    // The read began before the addition was acknowledged.
    CHECK(found(fresh, "0 :add 2 -> 2\n1 :add 1\n0 :read nil\n1 -> 1\n0 -> [2]") == "valid");
    CHECK(found(eventual, "0 :add 1 -> 1\n0 :read nil -> [1 5]") == "unexpected");
    CHECK(found(eventual, "0 :add 1 -> 1\n0 :read nil -> [1 1]") == "duplicate");
    CHECK(found(eventual, "0 :add 1 -> ?\n0 :read nil -> []").starts_with("unknown: no element"));
    // The read that began first saw it rightly, the one inside it too early.
    CHECK(found(eventual,
                "0 :read nil\n1 :read nil -> [1]\n1 :add 1 -> 1\n0 -> [1]\n"
                "1 :read nil -> [1]") == "unexpected");
}

TEST_CASE("totals: a counter stays within what was added", "[fast]") {
    const JudgeRequest request{.model = "counter", .consistency = "bounds"};
    CHECK(found(request, "0 :add 2 -> 2\n0 :read nil -> 2") == "valid");
    CHECK(found(request, "0 :add 2 -> 2\n0 :read nil -> 1") == "out-of-bounds");
    CHECK(found(request, "0 :add 2 -> 2\n0 :read nil -> 3") == "out-of-bounds");
    CHECK(found(request, "0 :add 2 -> !\n0 :read nil -> 2") == "out-of-bounds");
    CHECK(found(request, "0 :add 2 -> ?\n0 :read nil -> 1\n0 :read nil -> 0") == "valid");
    CHECK(found(request, "0 :add 2 -> ?\n0 :read nil -> -1") == "out-of-bounds");
    CHECK(found(request, "1 :read nil\n0 :inc nil -> nil\n1 -> 0") == "valid");
    CHECK(found(request, "0 :dec 3\n1 :read nil -> -2\n0 -> nil\n1 :read nil -> -3") == "valid");
    CHECK(found(request, "0 :dec 3 -> nil\n1 :read nil -> -2") == "out-of-bounds");
    CHECK(found({.model = "counter", .consistency = "bounds", .initial = "5"},
                "0 :read nil -> 5") == "valid");
    CHECK(found(request, "0 :add 9223372036854775807 -> nil\n0 :add 1 -> nil") == "error");
    CHECK(found(request, "0 :add -9223372036854775808 -> nil") == "error");
    CHECK(found(request, "0 :subtract -9223372036854775808 -> nil") == "error");
}

TEST_CASE("totals: reads of several keys do not fork", "[fast]") {
    const JudgeRequest request{.model = "long-fork"};
    CHECK(found(request,
                "0 :write [[:w 1 1]] -> nil\n1 :write [[:w 2 1]] -> nil\n"
                "2 :read nil -> [[:r 1 1] [:r 2 nil]]\n"
                "3 :read nil -> [[:r 2 1] [:r 1 nil]]") == "long-fork");
    CHECK(found(request,
                "2 :read nil -> [[:r 1 1] [:r 2 nil]]\n"
                "3 :read nil -> [[:r 2 1] [:r 1 1]]\n"
                "3 :read nil -> [[:r 2 nil] [:r 1 nil]]\n"
                "3 :read nil -> [[:r 5 nil] [:r 2 1]]") == "valid");
    CHECK(found(request, "0 :write [[:w 1 1]] -> nil\n1 :write [[:w 1 2]] -> nil")
              .starts_with("unknown: key 1 is written twice"));
    CHECK(found(request, "0 :read nil -> 3") == "error");
    CHECK(found(request, "0 :read nil -> [[:r 1 1] [:r 1 nil]]") == "error");
    // Where writes were recorded, a read shows what they wrote.
    CHECK(found(request, "0 :write [[:w 1 1]] -> nil\n2 :read nil -> [[:r 1 2]]") == "unexpected");
    CHECK(found(request, "0 :write [[:w 1 1]] -> !\n2 :read nil -> [[:r 1 1]]") == "unexpected");
    CHECK(found(request, "0 :write [[:w 1 1]] -> ?\n2 :read nil -> [[:r 1 1]]") == "valid");
    CHECK(found(request, "2 :read nil -> [[:r 1 1]]\n0 :write [[:w 1 1]] -> nil") == "unexpected");
}

TEST_CASE("totals: comments show what was written before what they show", "[fast]") {
    const JudgeRequest request{.model = "comments"};
    CHECK(found(request,
                "2 :read nil\n0 :write 1 -> nil\n1 :write 2 -> nil\n"
                "2 -> #{2}") == "causal-reverse");
    // They overlap, or the one missed was never acknowledged.
    CHECK(found(request, "0 :write 1\n1 :write 2 -> nil\n0 -> nil\n2 :read nil -> #{2}") ==
          "valid");
    CHECK(found(request, "0 :write 1 -> ?\n1 :write 2 -> nil\n2 :read nil -> (2)") == "valid");
    CHECK(found(request, "0 :write 1 -> !\n1 :write 2 -> nil\n2 :read nil -> [2]") == "valid");
    // What was seen of a write of unknown outcome came after its invocation.
    CHECK(found(request, "0 :write 1 -> nil\n1 :write 2 -> ?\n2 :read nil -> #{2}") ==
          "causal-reverse");
    CHECK(found(request, "0 :write 1 -> !\n2 :read nil -> #{1}") == "unexpected");
    CHECK(found(request, "2 :read nil -> #{5}\n2 :read nil -> #{5}") == "unexpected");
    CHECK(found(request, "2 :read nil -> #{1}\n0 :write 1 -> nil") == "unexpected");
    CHECK(found(request, "0 :write 1 -> nil\n2 :read nil -> [1 1]") == "duplicate");
    CHECK(found(request, "0 :write 1 -> nil\n2 :read nil -> []\n2 :read nil -> nil") == "valid");
    // Each key by itself.
    CHECK(found(request,
                "0 :write [7 1] -> [7 1]\n1 :write [8 2] -> [8 2]\n"
                "2 :read [8 nil] -> [8 #{2}]") == "valid");
    CHECK(found(request,
                "0 :write [7 1] -> [7 1]\n1 :write [7 2] -> [7 2]\n"
                "2 :read [7 nil] -> [7 #{2}]") == "causal-reverse");
    CHECK(found(request, "0 :read nil -> 7") == "error");
    CHECK(found(request, "0 :add 7 -> 7") == "error");
    const auto judged = judge(
        history_of("0 :write 1 -> nil\n1 :write 2 -> nil\n2 :read nil -> #{2}"), "h", request);
    REQUIRE(judged->anomalies.size() == 1);
    CHECK(judged->anomalies[0].words ==
          "(process 2: read = [2] [operation 2]) shows 2 but misses 1, though (process 0: write 1 "
          "[operation 0]) had been acknowledged before (process 1: write 2 [operation 1]) was "
          "invoked");
    REQUIRE(judged->anomalies[0].steps.size() == 3);
    for (std::size_t step = 0; step < 3; ++step) {
        CHECK(judged->anomalies[0].steps[step].to ==
              judged->anomalies[0].steps[(step + 1) % 3].from);
    }
    CHECK(judged->ruled_out == std::vector<std::string>{"strict-serializable"});
}

TEST_CASE("totals: ids, monotonic reads and sequences", "[fast]") {
    CHECK(found({.model = "unique-ids"}, "0 :generate nil -> 1\n1 :generate nil -> 2") == "valid");
    CHECK(found({.model = "unique-ids"},
                "0 :generate nil -> 1\n1 :generate nil -> 1\n"
                "2 :generate nil -> ?\n2 :generate nil -> ?") == "duplicate-id");
    const std::string_view across = "0 :read nil -> 5\n1 :read nil -> 4";
    CHECK(found({.model = "monotonic"}, across) == "valid");
    CHECK(found({.model = "monotonic", .consistency = "realtime"}, across) == "nonmonotonic");
    CHECK(found({.model = "monotonic"}, "0 :read nil -> 5\n1 :read nil -> 4\n0 :read nil -> 4") ==
          "nonmonotonic");
    CHECK(found({.model = "monotonic", .consistency = "realtime"},
                "0 :read nil\n1 :read nil -> 4\n0 -> 5\n1 :read nil -> 6") == "valid");
    CHECK(found({.model = "sequence"}, "0 :read nil -> [nil nil 2 1]") == "valid");
    CHECK(found({.model = "sequence"}, "0 :read nil -> [nil 3 nil 1]") == "gap");
    CHECK(found({.model = "sequence"}, "0 :add [0 1] -> [0 1]\n1 :read [0 nil] -> [0 [nil 1]]") ==
          "valid");
    CHECK(found({.model = "sequence"}, "1 :read [0 nil] -> [0 [2 nil]]") == "gap");
    CHECK(found({.model = "sequence"}, "1 :read nil -> [2 nil]") == "gap");
}

TEST_CASE("totals: elle-cli's histories have their verdicts", "[fast][recorded]") {
    const char* const root = std::getenv("GEODE_DATA");
    const std::filesystem::path folder =
        std::filesystem::path(root != nullptr ? root : "../shared/data") / "histories" /
        "elle-cli" / "histories";
    if (!std::filesystem::exists(folder)) {
        WARN("skipped: elle-cli");
        return;
    }
    const auto expect = [&folder](const std::string& file, const JudgeRequest& request,
                                  Verdict verdict) {
        CAPTURE(file, request.model, request.consistency);
        if (!std::filesystem::exists(folder / file)) {
            WARN("skipped: elle-cli " << file);
            return;
        }
        std::stringstream text;
        text << std::ifstream(folder / file, std::ios::binary).rdbuf();
        const auto judged = judge(text.str(), file, request);
        if (!judged) FAIL(judged.error().message);
        CHECK(judged->verdict == verdict);
    };
    expect("jepsen/counter.edn", {.model = "counter", .consistency = "bounds"}, Verdict::valid);
    expect("jepsen/counter.json", {.model = "counter", .consistency = "bounds"}, Verdict::valid);
    expect("jepsen/counter.edn", {.model = "counter"}, Verdict::valid);
    expect("jepsen/set.edn", {.model = "set", .consistency = "final-read"}, Verdict::valid);
    expect("jepsen/set.edn", {.model = "set"}, Verdict::valid);
    expect("jepsen/set_full.edn", {.model = "set-full"}, Verdict::invalid);
    expect("jepsen/set_full.json", {.model = "set-full", .format = "elle-json"}, Verdict::invalid);
    expect("jepsen/bank.edn", {.model = "bank"}, Verdict::valid);
    expect("jepsen/bank.json", {.model = "bank", .initial = "100"}, Verdict::valid);
    expect("jepsen/bank-tidb.edn", {.model = "bank"}, Verdict::invalid);
    expect("jepsen/bank-neg.edn", {.model = "bank"}, Verdict::valid);
    expect("jepsen/bank-negative-balances.json", {.model = "bank"}, Verdict::invalid);
    expect("jepsen/bank-negative-balances.json", {.model = "bank", .consistency = "total"},
           Verdict::valid);
    expect("jepsen/long-fork.edn", {.model = "long-fork"}, Verdict::invalid);
    expect("custom/comments.edn", {.model = "comments"}, Verdict::invalid);
}

}  // namespace
}  // namespace geode::check

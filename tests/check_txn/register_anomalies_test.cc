// SPDX-License-Identifier: Apache-2.0

// Single anomalies of registers: by example, and cycles against every order of the writes.

#include "workloads/check/txn/register_anomalies.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "tests/check_txn/register_cycle_oracle.h"
#include "tests/check_txn/register_oracle.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/isolation.h"

namespace geode::check::txn {
namespace {

/// "valid", "unknown" or the names of the anomalies; one line a transaction of a process:
/// "0 :ok [[:w :x 1]]".
std::string found(std::vector<std::string_view> anomalies, std::string_view script,
                  const Budget& budget = {}, std::optional<std::int64_t> initial = std::nullopt) {
    std::istringstream lines{std::string(script)};
    std::string text;
    for (std::string process, type, value;
         lines >> process >> type && std::getline(lines, value);) {
        const std::string head = "{:process " + process + " :type ";
        text.append(head).append(":invoke :value ").append(value).append("}\n");
        text.append(head).append(type).append(" :value ").append(value).append("}\n");
    }
    auto history = parse_txn_history(text, "h", TxnObjects::registers);
    if (!history) FAIL(history.error().message);
    RegisterAnomaliesCheck check{.anomalies = anomalies, .budget = budget};
    if (initial) check.initial = history->values.integer(*initial);
    const Judgement judgement = check_register_anomalies(*history, check);
    if (judgement.verdict != Verdict::invalid) return std::string(to_string(judgement.verdict));
    std::string out;
    for (const Anomaly& anomaly : judgement.anomalies) {
        out.append(out.empty() ? "" : " ").append(anomaly.name);
        CHECK_FALSE(anomaly.words.empty());
        for (const std::uint32_t operation : anomaly.operations) {
            CHECK(std::ranges::count(judgement.operations, operation, &WitnessOperation::index) ==
                  1);
        }
    }
    CHECK_FALSE(judgement.ruled_out.empty());
    return out;
}

TEST_CASE("register anomalies: what reads show by themselves", "[fast]") {
    const std::string_view aborted = "0 :fail [[:w :x 1]]\n1 :ok [[:r :x 1]]";
    CHECK(found({"G1a"}, aborted) == "G1a");
    CHECK(found({"G1"}, aborted) == "G1a");
    CHECK(found({"G1b", "G0", "internal"}, aborted) == "valid");
    const std::string_view middle = "0 :ok [[:w :x 1] [:w :x 2]]\n1 :ok [[:r :x 1]]";
    CHECK(found({"G1"}, middle) == "G1b");
    CHECK(found({"G0"}, middle) == "valid");
    CHECK(found({"internal"}, "0 :ok [[:r :x 1] [:r :x 2]]") == "internal");
    CHECK(found({"internal"}, "0 :ok [[:w :x 1] [:r :x 2]]") == "internal");
    CHECK(found({"internal"}, "0 :ok [[:r :x 1] [:w :x 2] [:r :x 2]]") == "valid");
    CHECK(found({"internal"}, "0 :ok [[:r :x nil] [:r :x 0]]") == "internal");
    CHECK(found({"internal"}, "0 :ok [[:r :x nil] [:r :x 0]]", {}, 0) == "valid");
    CHECK(found({"internal"}, "0 :info [[:r :x 1] [:r :x 2]]") == "valid");
    CHECK(found({"garbage-read"}, "0 :ok [[:r :x 1]]") == "garbage-read");
    CHECK(found({"G0"}, "0 :ok [[:r :x 1]]") == "garbage-read");
    CHECK(found({"lost-update"},
                "0 :ok [[:r :x nil] [:w :x 1]]\n1 :ok [[:r :x nil] [:r :x nil] [:w :x 2]]\n"
                "2 :ok [[:r :x 1] [:w :x 3]]") == "lost-update");
    CHECK(found({"lost-update"}, "0 :ok [[:r :x nil] [:w :x 1]]\n1 :ok [[:w :x 2]]") == "valid");
}

TEST_CASE("register anomalies: cycles that any order of the writes has", "[fast]") {
    const std::string_view circle = "0 :ok [[:w :x 1] [:r :y 1]]\n1 :ok [[:w :y 1] [:r :x 1]]";
    CHECK(found({"G1c"}, circle) == "G1c");
    CHECK(found({"G1"}, circle) == "G1c");
    CHECK(found({"G0"}, circle) == "valid");
    // No register is written twice, so this is all there is.
    CHECK(found({"G2"}, circle) == "valid");
    const std::string_view skew = "0 :ok [[:r :x nil] [:w :y 1]]\n1 :ok [[:r :y nil] [:w :x 1]]";
    CHECK(found({"G2"}, skew) == "G2-item");
    CHECK(found({"G2-item"}, skew) == "G2-item");
    CHECK(found({"G-single", "G1"}, skew) == "valid");
    CHECK(found({"G-single-realtime"}, skew) == "G-single-item-realtime");
    const std::string_view stale = "0 :ok [[:w :x 1]]\n0 :ok [[:r :x nil]]";
    CHECK(found({"G-single"}, stale) == "valid");
    CHECK(found({"G-single-process"}, stale) == "G-single-item-process");
    CHECK(found({"G1-realtime"}, "0 :ok [[:r :x 1]]\n1 :ok [[:w :x 1]]") == "G1c-realtime");
}

TEST_CASE("register anomalies: what depends on the order of writes is said to", "[fast]") {
    // T2 saw x of T0 and y of T1: with T0's x last and T1's y last nothing is missed, but then the
    // writes go in a circle.
    const std::string_view either =
        "0 :ok [[:w :x 1] [:w :y 1]]\n1 :ok [[:w :x 2] [:w :y 2]]\n2 :ok [[:r :x 1] [:r :y 2]]";
    CHECK(found({"G-single"}, either) == "unknown");
    CHECK(found({"G2"}, either) == "unknown");
    CHECK(found({"G0"}, either) == "valid");
    CHECK(found({"G1"}, either) == "valid");
    const std::string_view fine =
        "0 :ok [[:w :x 1] [:w :y 1]]\n1 :ok [[:w :x 2] [:w :y 2]]\n2 :ok [[:r :x 2] [:r :y 2]]";
    CHECK(found({"G2-realtime"}, fine) == "valid");
    // T3 may have missed T2's x right away, or only that of T1, which itself missed T0's y.
    const std::string_view between =
        "1 :ok [[:w :y 3]]\n0 :ok [[:w :x 6]]\n2 :ok [[:r :y nil] [:r :x 6] [:w :x 4]]\n"
        "1 :ok [[:r :x nil] [:w :y 8]]";
    CHECK(found({"G-nonadjacent-process"}, between) == "unknown");
    CHECK(found({"G2-process"}, between) == "G2-item G-nonadjacent-item-process");
    // A value written twice: T2 may have seen either.
    const std::string_view twice =
        "0 :ok [[:w :x 1]]\n1 :ok [[:r :y 1] [:w :x 1]]\n2 :ok [[:r :x 1] [:w :y 1]]";
    CHECK(found({"G1c"}, twice) == "valid");
    CHECK(found({"G2"}, fine, {.bytes_max = 10}) == "unknown");
    CHECK(found({"G2"}, fine, {.steps_max = 3}) == "unknown");
}

constexpr std::string_view cycle_names[] = {"G0",
                                            "G0-process",
                                            "G0-realtime",
                                            "G1c",
                                            "G1c-process",
                                            "G1c-realtime",
                                            "G-single",
                                            "G-single-process",
                                            "G-single-realtime",
                                            "G-nonadjacent",
                                            "G-nonadjacent-process",
                                            "G-nonadjacent-realtime",
                                            "G2",
                                            "G2-process",
                                            "G2-realtime"};

using oracle::RegisterCycleOracle;

/// Whether every world has a cycle of one of these names, or of one that implies it.
bool always_there(const TxnHistory& history, const std::vector<std::string_view>& names,
                  RegisterCycleOracle::Doubles doubles) {
    Relations extra = 0;
    for (const std::string_view name : names) {
        if (name.ends_with("-process")) extra |= process;
        if (name.ends_with("-realtime")) extra |= realtime;
    }
    bool always = true;
    RegisterCycleOracle(history).for_worlds(extra, doubles, [&](const auto& cycles) {
        always = always && std::ranges::any_of(cycles, [&](const std::string& special) {
                     return std::ranges::any_of(names, [&](std::string_view name) {
                         return anomaly_implies(special, name);
                     });
                 });
    });
    return always;
}

struct Tally {
    std::uint64_t invalid = 0;
    std::uint64_t valid = 0;
    std::uint64_t unknown = 0;
};

void judge_cycles(const TxnHistory& history, const std::vector<std::string_view>& asked,
                  Tally& tally) {
    const Judgement judgement = check_register_anomalies(history, {.anomalies = asked});
    bool right = true;
    switch (judgement.verdict) {
        case Verdict::unknown:
            ++tally.unknown;
            right =
                asked.size() > 1 || (!asked[0].starts_with("G0") && !asked[0].starts_with("G1c"));
            break;
        case Verdict::invalid:
            // Two who overwrote what both had read may be ordered in a circle of writes, too.
            if (judgement.anomalies.front().name == "lost-update") break;
            ++tally.invalid;
            right = always_there(history, asked, RegisterCycleOracle::Doubles::all);
            break;
        case Verdict::valid:
            ++tally.valid;
            right = !always_there(history, asked, RegisterCycleOracle::Doubles::one);
    }
    if (right) return;
    RC_LOG(to_json_lines(history).value());
    for (const std::string_view name : asked) RC_LOG("asked for " + std::string(name));
    RC_FAIL(std::string(to_string(judgement.verdict)));
}

TEST_CASE("register anomalies: cycles agree with every order of the writes", "[fast][prop]") {
    Tally tally;
    CHECK(rc::check([&] {
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        Prng random(seed);
        for (std::uint64_t number = 0; number < 6; ++number) {
            const TxnHistory history = oracle::random_history(
                {.transactions = 4, .keys = 2, .mops = 3, .unknown_percent = 15}, seed + number);
            const bool wrong_reads = !index_registers(history, {}).problems.empty();
            if (wrong_reads) continue;
            for (const std::string_view name : cycle_names) {
                judge_cycles(history, {name}, tally);
                if (random.below(4) != 0) continue;
                const std::size_t other = random.below(std::size(cycle_names));
                judge_cycles(history, {name, cycle_names[other]}, tally);
            }
        }
    }));
    CAPTURE(tally.invalid, tally.valid, tally.unknown);
    CHECK(tally.invalid > 500);
    CHECK(tally.valid > 500);
    CHECK(tally.unknown > 10);
}

}  // namespace
}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0

// Planted violations, each found under its name and blamed on the right level; and what becomes of
// budgets, unknown outcomes and repeated values.

#include <algorithm>
#include <catch2/catch.hpp>

#include "tools/bench/rw_histories.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/register.h"
#include "workloads/check/txn/session_formats.h"

namespace geode::check::txn {
namespace {

Judgement judge_sessions(std::string_view text, std::string_view level,
                         KeptOrder least = KeptOrder::none) {
    auto parsed = parse_session_history(text, "test", SessionFormat::dbcop);
    if (!parsed) FAIL(parsed.error().message);
    return check_registers(parsed->history,
                           {.level = level, .initial = parsed->initial, .least = least});
}

Judgement judge_events(std::string_view text, std::string_view level) {
    const auto parsed = parse_txn_history(text, "test", TxnObjects::registers);
    if (!parsed) FAIL(parsed.error().message);
    return check_registers(*parsed, {.level = level});
}

bool has(const Judgement& judgement, std::string_view name) {
    return std::ranges::count(judgement.anomalies, name, &Anomaly::name) > 0;
}

/// An anomaly, the weakest level of ours that excludes it, and one that does not.
struct Planted {
    const char* name;
    const char* text;
    const char* broken;
    const char* kept;
};

constexpr Planted planted[] = {
    {"internal", "[x:=1 x==2]\n---\n[x:=2]", "read-committed", "read-uncommitted"},
    {"internal", "[x:=1]\n---\n[x:=2]\n---\n[x==1 x==2]", "item-cut-isolation", "read-committed"},
    {"future-read", "[x==1 x:=1]", "read-committed", "read-uncommitted"},
    {"garbage-read", "[x==7]", "read-uncommitted", nullptr},
    {"G1a", "[x:=1]!\n---\n[x==1]", "read-committed", "read-uncommitted"},
    {"G1b", "[x:=1 x:=2]\n---\n[x==1]", "read-committed", "read-uncommitted"},
    {"G1c", "[x:=1 y==1]\n---\n[y:=1 x==1]", "read-committed", "read-uncommitted"},
    {"monotonic-fractured-read", "[x:=1 y:=1]\n---\n[y==1 x==0]", "read-committed",
     "read-uncommitted"},
    {"fractured-read", "[x:=1 y:=1]\n---\n[x==0 y==1]", "read-atomic", "item-cut-isolation"},
    {"causality-violation", "[x:=1]\n---\n[x==1 y:=1]\n---\n[y==1 x==0]", "causal", "read-atomic"},
    {"long-fork", "[x:=1]\n---\n[y:=1]\n---\n[x==1 y==0]\n---\n[y==1 x==0]", "prefix",
     "parallel-snapshot-isolation"},
    {"lost-update", "[x==0 x:=1]\n---\n[x==0 x:=2]", "parallel-snapshot-isolation", "prefix"},
    {"write-skew", "[x==0 y==0 x:=1]\n---\n[x==0 y==0 y:=1]", "serializable", "snapshot-isolation"},
    {"G2-item", "[x==0 y:=1]\n---\n[y==0 z:=1]\n---\n[z==0 x:=1]", "serializable",
     "snapshot-isolation"},
};

TEST_CASE("registers: every planted anomaly is found by name", "[fast]") {
    for (const Planted& one : planted) {
        CAPTURE(one.text, one.broken);
        const Judgement broken = judge_sessions(one.text, one.broken);
        REQUIRE(broken.verdict == Verdict::invalid);
        CAPTURE(broken.anomalies.front().name, broken.anomalies.front().words);
        CHECK(has(broken, one.name));
        CHECK(has(judge_sessions(one.text, "strict-serializable"), one.name));
        if (one.kept == nullptr) continue;
        CHECK(judge_sessions(one.text, one.kept).verdict == Verdict::valid);
    }
}

TEST_CASE("registers: sessions count where the level or the caller keeps them", "[fast]") {
    // A session does not see its own write.
    constexpr std::string_view own = "[x:=1] [x==0]";
    CHECK(judge_sessions(own, "serializable").verdict == Verdict::valid);
    CHECK(judge_sessions(own, "serializable", KeptOrder::session).verdict == Verdict::invalid);
    const Judgement judgement = judge_sessions(own, "strong-session-serializable");
    REQUIRE(judgement.verdict == Verdict::invalid);
    CHECK(has(judgement, "fractured-read-process"));
    CHECK(judgement.anomalies.front().words ==
          "T0 came before T1 in the session of process 0; "
          "T1 read \"x\" = 0, which T0 overwrote with 1");
    CHECK(judge_sessions(own, "causal").verdict == Verdict::invalid);
}

constexpr std::string_view stale = R"(
{:type :invoke, :process 0, :value [[:w :x 1]]}
{:type :ok, :process 0, :value [[:w :x 1]]}
{:type :invoke, :process 1, :value [[:r :x nil]]}
{:type :ok, :process 1, :value [[:r :x nil]]}
)";

TEST_CASE("registers: real time counts where the level keeps it", "[fast]") {
    CHECK(judge_events(stale, "strong-session-serializable").verdict == Verdict::valid);
    const Judgement judgement = judge_events(stale, "strict-serializable");
    REQUIRE(judgement.verdict == Verdict::invalid);
    REQUIRE(judgement.anomalies.size() == 1);
    CHECK(judgement.anomalies.front().name == "G-single-item-realtime");
    CHECK(judgement.anomalies.front().steps.size() == 2);
    CHECK(judge_events(stale, "strong-snapshot-isolation").verdict == Verdict::invalid);
    CHECK(judgement.ruled_out == std::vector<std::string>{"strong-snapshot-isolation"});
}

TEST_CASE("registers: an unknown transaction happened if somebody read from it", "[fast]") {
    constexpr std::string_view begin =
        "{:type :invoke, :process 0, :value [[:w :x 1] [:w :y 1]]}\n"
        "{:type :info, :process 0, :value nil}\n";
    const std::string seen = std::string(begin) +
                             "{:type :invoke, :process 1, :value [[:r :y nil] [:r :x nil]]}\n"
                             "{:type :ok, :process 1, :value [[:r :y nil] [:r :x 1]]}\n";
    CHECK(has(judge_events(seen, "read-atomic"), "fractured-read"));
    const std::string unseen = std::string(begin) +
                               "{:type :invoke, :process 1, :value [[:r :x nil]]}\n"
                               "{:type :ok, :process 1, :value [[:r :x nil]]}\n";
    CHECK(judge_events(unseen, "strict-serializable").verdict == Verdict::valid);
}

TEST_CASE("registers: a repeated value is decided where it does not matter", "[fast]") {
    // Whichever write of 1 was read, the other order explains it.
    CHECK(judge_sessions("[x:=1]\n---\n[x:=1]\n---\n[x==1]", "serializable").verdict ==
          Verdict::valid);
    // The write skew on y and z stands without the read in doubt.
    CHECK(judge_sessions("[x:=1]\n---\n[x:=1]\n---\n[x==1]\n---\n[y==0 z:=1]\n---\n[z==0 y:=1]",
                         "serializable")
              .verdict == Verdict::invalid);
    const Judgement judgement = judge_sessions(
        "[x:=1]\n---\n[x:=1 y:=1]\n---\n[x==1 y==0 x:=2]\n---\n[x==1 x:=3]", "serializable");
    CHECK(judgement.verdict == Verdict::unknown);
    CHECK(judgement.reason.find("more than once") != std::string::npos);
}

TEST_CASE("registers: a spent budget is unknown, with a reason", "[fast]") {
    const TxnHistory history = bench::make_rw_history({.keys = 60, .timed = false}, 5);
    const auto limited = [&](const Budget& budget) {
        return check_registers(history, {.level = "strong-session-serializable", .budget = budget});
    };
    for (const Budget& budget : {Budget{.steps_max = 1'000}, Budget{.bytes_max = 10'000}}) {
        const Judgement judgement = limited(budget);
        CHECK(judgement.verdict == Verdict::unknown);
        CHECK(judgement.reason.find("budget") != std::string::npos);
    }
    CHECK(limited({}).verdict == Verdict::valid);
}

TEST_CASE("registers: a database is found to keep what it promises", "[fast]") {
    for (const bool timed : {true, false}) {
        bench::RwShape shape{.keys = 60, .unknown_permille = 20, .timed = timed};
        const std::string_view strict =
            timed ? "strict-serializable" : "strong-session-serializable";
        CHECK(check_registers(bench::make_rw_history(shape, 1), {.level = strict}).verdict ==
              Verdict::valid);
        shape.promise = bench::Promise::snapshot_isolation;
        const TxnHistory history = bench::make_rw_history(shape, 2);
        const std::string_view snapshot =
            timed ? "strong-snapshot-isolation" : "strong-session-snapshot-isolation";
        CHECK(check_registers(history, {.level = snapshot}).verdict == Verdict::valid);
        CHECK(check_registers(history, {.level = "serializable"}).verdict == Verdict::invalid);
    }
}

TEST_CASE("registers: stale snapshots of a database are found out", "[fast]") {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const bench::RwShape shape{.keys = 60, .stale_permille = 10};
        const TxnHistory history = bench::make_rw_history(shape, seed);
        const Judgement judgement = check_registers(history, {.level = "strict-serializable"});
        CHECK(judgement.verdict == Verdict::invalid);
        CHECK(judgement.steps > 0);
        CHECK(judgement.bytes > 0);
    }
}

TEST_CASE("registers: what a weak level forbids is found without a search", "[fast]") {
    RegisterCheck check{.level = "", .budget = {.steps_max = 0}};
    const auto judge = [&check](std::string_view text) {
        auto parsed = parse_session_history(text, "test", SessionFormat::dbcop);
        if (!parsed) FAIL(parsed.error().message);
        check.initial = parsed->initial;
        return check_registers(parsed->history, check);
    };
    for (const char* const level : {"strong-session-serializable", "serializable", "prefix"}) {
        check.level = level;
        CHECK(has(judge("[x:=1 y:=1]\n---\n[x==0 y==1]"), "fractured-read"));
        CHECK(judge("[x:=1]\n---\n[x==1]").verdict == Verdict::unknown);
    }
}

TEST_CASE("registers: sessions may be many", "[fast]") {
    // More than there are clocks for at once; and sessions that end, with others after them.
    for (const std::uint32_t unknown : {0U, 100U}) {
        bench::RwShape shape{.transactions = 4'000,
                             .sessions = unknown == 0 ? 700U : 20U,
                             .keys = 300,
                             .unknown_permille = unknown,
                             .timed = false};
        CAPTURE(unknown);
        const TxnHistory serial = bench::make_rw_history(shape, 3);
        CHECK(check_registers(serial, {.level = "strong-session-serializable"}).verdict ==
              Verdict::valid);
        CHECK(check_registers(serial, {.level = "causal"}).verdict == Verdict::valid);
        shape.promise = bench::Promise::snapshot_isolation;
        const TxnHistory skewed = bench::make_rw_history(shape, 4);
        CHECK(check_registers(skewed, {.level = "strong-session-serializable"}).verdict ==
              Verdict::invalid);
        CHECK(check_registers(skewed, {.level = "strong-session-snapshot-isolation"}).verdict ==
              Verdict::valid);
        for (const char* const level : {"prefix", "parallel-snapshot-isolation"}) {
            const RegisterCheck check{.level = level, .least = KeptOrder::session};
            CHECK(check_registers(skewed, check).verdict == Verdict::valid);
        }
    }
}

TEST_CASE("registers: causality is seen between any two of many sessions", "[fast]") {
    for (const std::uint32_t before : {0U, 30U, 63U, 64U, 100U, 200U}) {
        const auto history = [before](std::string_view last) {
            std::string text;
            for (std::uint32_t session = 0; session < before; ++session) text += "[z==0]\n---\n";
            text += "[x:=1]\n---\n[x==1 y:=1]\n---\n";
            for (std::uint32_t session = 0; session < before; ++session) text += "[z==0]\n---\n";
            return text.append(last);
        };
        CAPTURE(before);
        CHECK(has(judge_sessions(history("[y==1 x==0]"), "causal"), "causality-violation"));
        CHECK(judge_sessions(history("[y==1 x==1]"), "causal").verdict == Verdict::valid);
        // The same of a version that is not the initial one: its reader knew of a later one.
        CHECK(has(judge_sessions(history("[x==1 x:=2 w:=1]\n---\n[w==1 v:=1]\n---\n[v==1 x==1]"),
                                 "causal"),
                  "causality-violation"));
    }
}

TEST_CASE("registers: a large history's skew is told in few steps", "[fast]") {
    for (const std::uint64_t seed : {4U, 9U, 16U, 29U}) {
        for (const bool timed : {true, false}) {
            const TxnHistory history =
                bench::make_rw_history({.promise = bench::Promise::snapshot_isolation,
                                        .transactions = 5'000,
                                        .keys = 500,
                                        .timed = timed},
                                       seed);
            const Judgement judgement =
                check_registers(history, {.level = "serializable", .least = KeptOrder::session});
            CAPTURE(seed, timed);
            REQUIRE(judgement.verdict == Verdict::invalid);
            CAPTURE(judgement.anomalies.front().words);
            CHECK(judgement.anomalies.front().steps.size() <= 3);
        }
    }
}

TEST_CASE("registers: of the reasons for a step the one that takes least is told", "[fast]") {
    // T1 and T2 are one after the other in a session, T2 read from T1, and both wrote q.
    const Judgement judgement =
        judge_sessions("[x:=9 y:=9] [y:=1 a:=1 q:=1] [a==1 x==9 q:=2]\n---\n[y==9 x:=1]",
                       "strong-session-serializable");
    REQUIRE(judgement.verdict == Verdict::invalid);
    REQUIRE(judgement.anomalies.front().steps.size() == 3);
    std::vector<std::string> words;
    for (const WitnessStep& step : judgement.anomalies.front().steps) words.push_back(step.words);
    std::ranges::sort(words);
    CHECK(words == std::vector<std::string>{"read \"x\" = 9, which T3 overwrote with 1 "
                                            "(the other way round closes a cycle too)",
                                            "read \"y\" = 9, which T1 overwrote with 1 "
                                            "(the other way round closes a cycle too)",
                                            "wrote \"a\" = 1, which T2 read"});
}

TEST_CASE("registers: work grows with the history, not faster", "[fast]") {
    struct Row {
        std::string_view level;
        bench::Promise promise;
        std::uint64_t steps_max;  // for each transaction
    };
    constexpr Row rows[] = {
        {"causal", bench::Promise::strict_serializable, 40},
        {"strong-session-serializable", bench::Promise::strict_serializable, 190},
        {"strong-session-snapshot-isolation", bench::Promise::snapshot_isolation, 250},
    };
    constexpr std::uint32_t transactions = 20'000;
    for (const Row& row : rows) {
        const TxnHistory history = bench::make_rw_history({.promise = row.promise,
                                                           .transactions = transactions,
                                                           .sessions = 20,
                                                           .keys = transactions / 10,
                                                           .operations = 8,
                                                           .timed = false},
                                                          1);
        const Judgement judgement = check_registers(history, {.level = row.level});
        CAPTURE(row.level, judgement.steps / transactions);
        CHECK(judgement.verdict == Verdict::valid);
        CHECK(judgement.steps < row.steps_max * transactions);
    }
}

TEST_CASE("registers: levels are models of the lattice", "[fast]") {
    for (const std::string_view level : register_levels) {
        if (level == "item-cut-isolation") continue;  // Bailis et al. 2014; Elle has no such model
        CAPTURE(level);
        CHECK(canonical_model(level) == level);
    }
}

}  // namespace
}  // namespace geode::check::txn

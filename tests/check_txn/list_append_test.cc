// SPDX-License-Identifier: Apache-2.0

// One planted violation per anomaly: each is found by its name, with the transactions that show it.

#include "workloads/check/txn/list_append.h"

#include <catch2/catch.hpp>
#include <set>

#include "tools/bench/list_histories.h"
#include "workloads/check/txn/formats.h"

namespace geode::check::txn {
namespace {

TxnHistory history_of(std::string_view text) {
    auto parsed = parse_txn_history(text, "planted", TxnObjects::lists);
    REQUIRE(parsed);
    return std::move(*parsed);
}

Judgement judge(std::string_view text, std::string_view model) {
    ListAppendOptions options;
    options.models = {model};
    return check_list_append(history_of(text), options);
}

using Names = std::set<std::string>;

Names found(std::string_view text, std::string_view model = "strong-session-serializable") {
    const Judgement judgement = judge(text, model);
    Names names;
    for (const Anomaly& anomaly : judgement.anomalies) names.insert(anomaly.name);
    CHECK((judgement.verdict == Verdict::invalid) == !names.empty());
    return names;
}

TEST_CASE("list-append: reads that are wrong by themselves", "[fast]") {
    CHECK(found("{:type :ok :value [[:append 1 1] [:r 1 []]]}") == Names{"internal"});
    CHECK(found("{:type :ok :value [[:r 1 [5]] [:r 1 []]]} {:type :ok :process 1 :value "
                "[[:append 1 5]]}")
              .contains("internal"));
    CHECK(found("{:type :ok :value [[:r 1 [1]] [:append 1 1]]}") == Names{"future-read"});
    CHECK(found("{:type :ok :value [[:r 1 [7]]]}") == Names{"garbage-read"});
    CHECK(found("{:type :fail :value [[:append 1 7]]} {:type :ok :value [[:r 1 [7]]]}") ==
          Names{"G1a"});
    CHECK(found("{:type :ok :value [[:append 1 7] [:append 1 8]]} {:type :ok :process 1 :value "
                "[[:r 1 [7]]]}")
              .contains("G1b"));
    CHECK(found("{:type :ok :value [[:append 1 7]]} {:type :ok :value [[:r 1 [7 7]]]}") ==
          Names{"duplicate-elements"});
    CHECK(found("{:type :fail :value [[:append 1 1]]} {:type :ok :value [[:append 1 2]]}"
                "{:type :ok :value [[:r 1 [1 2]]]}",
                "read-committed") == Names{"G1a", "dirty-update"});
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1]]}"
                "{:type :ok :process 1 :value [[:append 1 2]]}"
                "{:type :ok :process 2 :value [[:r 1 [1]]]}"
                "{:type :ok :process 3 :value [[:r 1 [2]]]}")
              .contains("incompatible-order"));
    CHECK(found("{:type :ok :process 0 :value [[:r 1 []] [:append 1 1]]}"
                "{:type :ok :process 1 :value [[:r 1 []] [:append 1 2]]}") ==
          Names{"G2-item", "lost-update"});
}

TEST_CASE("list-append: cycles by data", "[fast]") {
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1] [:append 2 1]]}"
                "{:type :ok :process 1 :value [[:append 1 2] [:append 2 2]]}"
                "{:type :ok :process 2 :value [[:r 1 [1 2]] [:r 2 [2 1]]]}") == Names{"G0"});
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1] [:r 2 [1]]]}"
                "{:type :ok :process 1 :value [[:append 2 1] [:r 1 [1]]]}") == Names{"G1c"});
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1] [:append 2 1]]}"
                "{:type :ok :process 1 :value [[:r 1 [1]] [:r 2 []]]}") == Names{"G-single-item"});
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1] [:r 2 []]]}"
                "{:type :ok :process 1 :value [[:append 2 1] [:r 1 []]]}") == Names{"G2-item"});
    const std::string_view fork =
        "{:type :ok :process 0 :value [[:append 1 1]]}"
        "{:type :ok :process 1 :value [[:append 2 1]]}"
        "{:type :ok :process 2 :value [[:r 1 [1]] [:r 2 []]]}"
        "{:type :ok :process 3 :value [[:r 1 []] [:r 2 [1]]]}";
    CHECK(found(fork) == Names{"G-nonadjacent-item"});
    CHECK(judge(fork, "serializable").anomalies[0].words.starts_with("long fork: "));
    CHECK(found(fork, "prefix") == Names{"long-fork"});
    CHECK(found(fork, "parallel-snapshot-isolation").empty());
}

TEST_CASE("list-append: fractured reads", "[fast]") {
    const std::string_view later =
        "{:type :ok :process 0 :value [[:append 1 1] [:append 2 1]]}"
        "{:type :ok :process 1 :value [[:r 1 [1]] [:r 2 []]]}";
    CHECK(found(later, "read-atomic") == Names{"monotonic-fractured-read"});
    CHECK(found(later, "monotonic-atomic-view") == Names{"monotonic-fractured-read"});
    CHECK(found(later, "read-committed").empty());
    const std::string_view earlier =
        "{:type :ok :process 0 :value [[:append 1 1] [:append 2 1]]}"
        "{:type :ok :process 1 :value [[:r 2 []] [:r 1 [1]]]}";
    CHECK(found(earlier, "read-atomic") == Names{"fractured-read"});
    CHECK(found(earlier, "monotonic-atomic-view").empty());
    // The version it missed is not the next one.
    const std::string_view distant =
        "{:type :ok :process 0 :value [[:append 2 1]]}"
        "{:type :ok :process 1 :value [[:append 1 1] [:append 2 2]]}"
        "{:type :ok :process 2 :value [[:r 2 []] [:r 1 [1]]]}"
        "{:type :ok :process 3 :value [[:r 2 [1 2]]]}";
    CHECK(found(distant, "update-atomic") == Names{"fractured-read"});
    CHECK(judge(distant, "read-atomic").anomalies[0].operations ==
          std::vector<std::uint32_t>{2, 1});
}

TEST_CASE("list-append: cycles with the order of processes", "[fast]") {
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1]]}"
                "{:type :ok :process 0 :value [[:append 1 2]]}"
                "{:type :ok :process 1 :value [[:r 1 [2 1]]]}") == Names{"G0-process"});
    CHECK(found("{:type :ok :process 0 :value [[:r 1 [1]]]}"
                "{:type :ok :process 0 :value [[:append 1 1]]}") == Names{"G1c-process"});
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1]]}"
                "{:type :ok :process 0 :value [[:r 1 []]]}") == Names{"G-single-item-process"});
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1]]}"
                "{:type :ok :process 0 :value [[:r 2 []]]}"
                "{:type :ok :process 1 :value [[:append 2 1]]}"
                "{:type :ok :process 1 :value [[:r 1 []]]}") ==
          Names{"G-nonadjacent-item-process"});
    CHECK(found("{:type :ok :process 0 :value [[:append 1 1]]}"
                "{:type :ok :process 0 :value [[:r 2 []]]}"
                "{:type :ok :process 1 :value [[:append 2 1] [:r 1 []]]}") ==
          Names{"G2-item-process"});
}

/// The second transaction of each begins after the first has ended.
TEST_CASE("list-append: cycles with real time", "[fast]") {
    const auto one_after_another = [](std::initializer_list<std::string_view> values) {
        std::string text;
        int process = 0;
        for (const std::string_view value : values) {
            const std::string who = std::to_string(process++);
            text += "{:type :invoke :process " + who + " :value []}\n{:type :ok :process " + who +
                    " :value " + std::string(value) + "}\n";
        }
        return text;
    };
    const auto strict = [&](std::initializer_list<std::string_view> values) {
        return found(one_after_another(values), "strict-serializable");
    };
    CHECK(strict({"[[:append 1 1]]", "[[:append 1 2]]", "[[:r 1 [2 1]]]"}) == Names{"G0-realtime"});
    CHECK(strict({"[[:r 1 [1]]]", "[[:append 1 1]]"}) == Names{"G1c-realtime"});
    CHECK(strict({"[[:append 1 1]]", "[[:r 1 []]]"}) == Names{"G-single-item-realtime"});
    CHECK(strict({"[[:append 1 1]]", "[[:append 2 1]]", "[[:r 1 [1]] [:r 2 [1]]]"}).empty());
    // One of unknown outcome may take effect at any later time, but only once.
    const auto behind_unknown = [&](std::initializer_list<std::string_view> values) {
        return found(
            "{:type :invoke :process 9 :value [[:append 1 1]]}\n{:type :info :process 9}\n" +
                one_after_another(values),
            "strict-serializable");
    };
    CHECK(behind_unknown({"[[:r 1 []]]", "[[:r 1 [1]]]"}).empty());
    CHECK(behind_unknown({"[[:r 1 [1]]]", "[[:r 1 []]]"}) == Names{"G-single-item-realtime"});
}

TEST_CASE("list-append: what nobody saw may not have happened", "[fast]") {
    CHECK(found("{:type :info :process 0 :value [[:append 1 1] [:append 2 1]]}"
                "{:type :ok :process 1 :value [[:r 1 []] [:r 2 []]]}")
              .empty());
    CHECK(found("{:type :info :process 0 :value [[:append 1 1] [:append 2 1]]}"
                "{:type :ok :process 1 :value [[:r 1 [1]] [:r 2 []]]}") == Names{"G-single-item"});
    CHECK(found("{:type :fail :process 0 :value [[:append 1 1]]}"
                "{:type :ok :process 1 :value [[:append 1 1]]}"
                "{:type :ok :process 2 :value [[:r 1 [1]]]}")
              .empty());
}

TEST_CASE("list-append: without invocations processes keep their order", "[fast]") {
    constexpr std::string_view stale =
        "{:type :ok :process 0 :value [[:append 1 1]]} {:type :ok :process 0 :value [[:r 1 []]]}";
    CHECK(found(stale, "serializable").empty());
    for (const std::string_view model :
         {"strong-session-serializable", "strict-serializable", "strong-session-snapshot-isolation",
          "strong-snapshot-isolation"}) {
        CHECK(found(stale, model) == Names{"G-single-item-process"});
    }
    CHECK(found("{:type :ok :process 0 :value [[:r 1 [1]]]}"
                "{:type :ok :process 0 :value [[:append 1 1]]}",
                "strong-read-committed") == Names{"G1c-process"});
}

/// Two that appended to one key must not overlap, in whichever order nobody saw them.
TEST_CASE("list-append: appends that no read saw need an order", "[fast]") {
    // Each missed the other's append to another key.
    constexpr std::string_view skew =
        "{:type :ok :process 0 :value [[:r 2 []] [:append 1 1] [:append 3 1]]}"
        "{:type :ok :process 1 :value [[:r 3 []] [:append 1 2] [:append 2 1]]}";
    CHECK(found(skew, "consistent-view") == Names{"G-single-item"});
    CHECK(found(skew, "parallel-snapshot-isolation") == Names{"G-single-item"});
    CHECK(found(skew, "strong-snapshot-isolation") == Names{"G-single-item"});
    CHECK(found(skew, "prefix").empty());
    // A long fork is allowed, but not of two that appended to one key.
    const auto fork = [](std::string_view first, std::string_view second) {
        return "{:type :ok :process 0 :value [[:append 1 1] " + std::string(first) +
               "]} {:type :ok :process 1 :value [[:append 2 1] " + std::string(second) +
               "]} {:type :ok :process 2 :value [[:r 1 [1]] [:r 2 []]]}"
               "{:type :ok :process 3 :value [[:r 2 [1]] [:r 1 []]]}";
    };
    CHECK(found(fork("[:append 3 1]", "[:append 4 1]"), "parallel-snapshot-isolation").empty());
    CHECK(found(fork("[:append 3 1]", "[:append 3 2]"), "parallel-snapshot-isolation") ==
          Names{"G-single-item"});
    // One order will do, and one that did not commit is in nobody's way.
    CHECK(found("{:type :ok :process 0 :value [[:r 2 []] [:append 1 1]]}"
                "{:type :ok :process 1 :value [[:append 1 2] [:append 2 1]]}",
                "strong-session-snapshot-isolation")
              .empty());
    CHECK(found("{:type :info :process 0 :value [[:r 2 []] [:append 1 1] [:append 3 1]]}"
                "{:type :ok :process 1 :value [[:r 3 []] [:append 1 2] [:append 2 1]]}",
                "snapshot-isolation")
              .empty());
    ListAppendOptions options;
    options.models = {"snapshot-isolation"};
    options.budget.steps_max = 40;
    CHECK(check_list_append(history_of(skew), options).verdict == Verdict::unknown);
}

TEST_CASE("list-append: databases of every strength", "[fast]") {
    using bench::Strength;
    const auto verdict = [](Strength strength, std::string_view model) {
        const TxnHistory history = bench::make_list_history(
            {.strength = strength, .transactions = 2000, .unknown_one_in = 50, .seed = 5});
        ListAppendOptions options;
        options.models = {model};
        return check_list_append(history, options).verdict;
    };
    CHECK(verdict(Strength::serial, "strict-serializable") == Verdict::valid);
    CHECK(verdict(Strength::snapshot, "strong-snapshot-isolation") == Verdict::valid);
    CHECK(verdict(Strength::snapshot, "serializable") == Verdict::invalid);
    CHECK(verdict(Strength::snapshot, "causal") == Verdict::valid);
    CHECK(verdict(Strength::prefix, "read-atomic") == Verdict::invalid);
    CHECK(verdict(Strength::prefix, "snapshot-isolation") == Verdict::invalid);
    CHECK(verdict(Strength::none, "read-committed") == Verdict::invalid);
}

/// Many appends that nobody saw, and many readers before them: no pairs of theirs are spelled out.
TEST_CASE("list-append: unseen appends and their readers stay linear", "[fast]") {
    constexpr int count = 20'000;
    const auto judged = [&](bool stale) {
        TxnHistoryBuilder builder;
        const ValueId key = builder.values().integer(7);
        const ValueId other = builder.values().integer(8);
        for (int index = 0; index < count; ++index) {
            builder.read_list(key, {});
            REQUIRE(builder.add(index, Completion::ok, 0));
        }
        for (int index = 0; index < count; ++index) {
            builder.append(key, builder.values().integer(index));
            if (stale && index == 77) builder.append(other, key);
            REQUIRE(builder.add(count + index, Completion::ok, 0));
        }
        if (stale) {
            builder.read_list(other, std::vector{key});
            builder.read_list(key, {});
            REQUIRE(builder.add(2 * count, Completion::ok, 0));
        }
        return check_list_append(std::move(builder).finish(), {});
    };
    CHECK(judged(false).verdict == Verdict::valid);
    const Judgement stale = judged(true);
    REQUIRE(stale.anomalies.size() == 1);
    CHECK(stale.anomalies[0].name == "G-single-item");
    CHECK(stale.anomalies[0].steps.size() == 2);
    CHECK(stale.steps < 2'000'000);
}

}  // namespace
}  // namespace geode::check::txn

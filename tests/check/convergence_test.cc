// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/convergence.h"

#include <catch2/catch.hpp>

#include "base/prng.h"
#include "workloads/check/formats.h"
#include "workloads/check/linearizability.h"

namespace geode::check {
namespace {

History history_of(std::string_view text) {
    const auto history = parse_history(text, "h");
    if (!history) FAIL(history.error().message);
    return *history;
}

std::string names_of(const Result<Judgement>& judged) {
    if (!judged) return "error";
    std::string out;
    for (const Anomaly& anomaly : judged->anomalies) {
        out.append(out.empty() ? "" : " ").append(anomaly.name);
    }
    return out;
}

ValueId integer(const History& history, std::int64_t value) {
    return *history.values.find({.kind = ValueKind::integer, .integer = value});
}

TEST_CASE("convergence: sets keep what was promised and are equal", "[fast]") {
    const History history = history_of(R"(
        {:process 0 :type :invoke :f :add :value 1} {:process 0 :type :ok :f :add :value 1}
        {:process 0 :type :invoke :f :add :value 2} {:process 0 :type :ok :f :add :value 2}
        {:process 0 :type :invoke :f :remove :value 2} {:process 0 :type :ok :f :remove :value 2}
        {:process 0 :type :invoke :f :add :value 3} {:process 0 :type :info :f :add}
        {:process 0 :type :invoke :f :add :value 4} {:process 0 :type :fail :f :add}
        {:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read :value 9})");
    const auto judged = [&](std::vector<std::vector<std::int64_t>> contents) {
        std::vector<SetReplica> replicas;
        for (const auto& content : contents) {
            SetReplica replica{.name = "n" + std::to_string(replicas.size() + 1), .elements = {}};
            for (const std::int64_t value : content) {
                replica.elements.push_back(integer(history, value));
            }
            replicas.push_back(std::move(replica));
        }
        return names_of(check_set_convergence(history, replicas));
    };
    CHECK(judged({{1}, {1}}).empty());
    CHECK(judged({{1, 3}, {3, 1}}).empty());
    CHECK(judged({{1, 3}, {1}}) == "diverged");
    CHECK(judged({{}}) == "lost");
    CHECK(judged({{1, 2}}) == "resurrected");
    CHECK(judged({{1, 4}}) == "unexpected");
    CHECK(judged({{1, 9}}) == "unexpected");
    const History other = history_of("{:process 0 :type :invoke :f :push :value 1}");
    CHECK(names_of(check_set_convergence(other, {})) == "error");
}

TEST_CASE("convergence: counters hold what was added", "[fast]") {
    const History history = history_of(R"(
        {:process 0 :type :invoke :f :inc} {:process 0 :type :ok :f :inc}
        {:process 0 :type :invoke :f :add :value 5} {:process 0 :type :info :f :add}
        {:process 0 :type :invoke :f :dec :value 2} {:process 0 :type :ok :f :dec}
        {:process 0 :type :invoke :f :add :value 9} {:process 0 :type :fail :f :add})");
    const auto judged = [&](std::int64_t first, std::int64_t second) {
        const std::vector<CounterReplica> replicas{{"n1", first}, {"n2", second}};
        return names_of(check_counter_convergence(history, replicas, 10));
    };
    CHECK(judged(9, 9).empty());
    CHECK(judged(14, 14).empty());
    CHECK(judged(9, 14) == "diverged");
    CHECK(judged(8, 8) == "miscounted miscounted");
    CHECK(judged(15, 9) == "miscounted diverged");
}

/// An element of a set that is read once at the end, by the linearizability checker.
TEST_CASE("convergence: agrees with the linearizability of a last look", "[fast]") {
    std::uint64_t present_accepted = 0;
    std::uint64_t absent_accepted = 0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        Prng random(seed);
        HistoryBuilder builder;
        const ValueId one = builder.values().integer(1);
        std::vector<std::int64_t> running;
        std::int64_t process = 0;
        for (int event = 0; event < 8; ++event) {
            if (running.empty() || random.below(2) == 0) {
                const bool add = random.below(2) == 0;
                REQUIRE(builder.invoke({.process = process,
                                        .function = add ? Function::add : Function::remove,
                                        .argument = one}));
                running.push_back(process++);
                continue;
            }
            const std::size_t which = random.below(running.size());
            const std::int64_t ended = running[which];
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
            const std::uint64_t kind = random.below(5);
            REQUIRE((kind == 0   ? builder.info(ended)
                     : kind == 1 ? builder.fail(ended)
                                 : builder.ok(ended)));
        }
        const ValueId told[] = {builder.values().text("false"), builder.values().text("true")};
        const History history = std::move(builder).finish();
        for (const bool present : {false, true}) {
            SetReplica replica{.name = "n1", .elements = {}};
            if (present) replica.elements.push_back(one);
            History looked = history;
            looked.operations.push_back(Operation{.process = process,
                                                  .function = Function::contains,
                                                  .completion = Completion::ok,
                                                  .argument = one,
                                                  .result = told[present ? 1 : 0],
                                                  .invoked = 1000,
                                                  .completed = 1001});
            const bool accepted =
                names_of(check_set_convergence(history, std::vector{replica})).empty();
            const auto expected = check_linearizability(looked, *make_set_model());
            REQUIRE(accepted == (expected->verdict == Verdict::valid));
            (present ? present_accepted : absent_accepted) += accepted ? 1 : 0;
        }
    }
    CHECK(present_accepted > 500);
    CHECK(present_accepted < 3700);
    CHECK(absent_accepted > 500);
    CHECK(absent_accepted < 3900);
}

}  // namespace
}  // namespace geode::check

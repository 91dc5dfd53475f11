// SPDX-License-Identifier: Apache-2.0

// Planted violations of each model, what the explanations say, and the limits of the search.

#include "workloads/check/linearizability.h"

#include <catch2/catch.hpp>

#include "tests/check/oracle.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

History history_of(std::string_view edn) {
    auto history = parse_history(edn, "test", Format::edn);
    if (!history) FAIL(history.error().message);
    return std::move(*history);
}

/// The verdict both ways, which must agree in everything they promise.
LinearizabilityResult judge(const History& history, const Model& model) {
    auto fast = check_linearizability(history, model);
    const auto searched = check_linearizability(history, model, {.fast_paths = FastPaths::avoid});
    REQUIRE(fast.has_value());
    REQUIRE(fast->verdict == searched->verdict);
    REQUIRE(fast->blocked.has_value() == searched->blocked.has_value());
    if (fast->blocked) {
        REQUIRE(fast->blocked->operation == searched->blocked->operation);
        REQUIRE(fast->blocked->concurrent == searched->blocked->concurrent);
    }
    return *fast;
}

LinearizabilityResult judge_register(std::string_view edn) {
    return judge(history_of(edn), *make_register_model());
}

bool says(const LinearizabilityResult& result, std::string_view words) {
    return result.explanation.find(words) != std::string::npos;
}

TEST_CASE("check: a stale read", "[fast]") {
    const auto result = judge_register(R"(
        {:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write :value 1}
        {:process 0 :type :invoke :f :write :value 2} {:process 0 :type :ok :f :write :value 2}
        {:process 1 :type :invoke :f :read}
        {:process 2 :type :invoke :f :write :value 3}
        {:process 1 :type :ok :f :read :value 1})");
    REQUIRE(result.verdict == Verdict::invalid);
    REQUIRE(result.blocked->operation == 2);
    REQUIRE(result.blocked->prefix == std::vector<std::uint32_t>{0, 1});
    REQUIRE(result.blocked->concurrent == std::vector<std::uint32_t>{3});
    REQUIRE(says(result, "process 1: read = 1 [operation 2] cannot be placed"));
    REQUIRE(says(result, "leaving 2 after (process 0: write 2 [operation 1])"));
    REQUIRE(says(result, "at the same time: (process 2: write 3, outcome unknown"));
}

TEST_CASE("check: reads of values nobody wrote, or not yet", "[fast]") {
    const auto garbage = judge_register(R"(
        {:process 0 :type :invoke :f :write :value 1} {:process 0 :type :fail :f :write}
        {:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value 1})");
    REQUIRE(garbage.verdict == Verdict::invalid);
    REQUIRE(says(garbage, "nobody writes that value"));
    const auto future = judge_register(R"(
        {:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value 1}
        {:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write})");
    REQUIRE(future.verdict == Verdict::invalid);
    REQUIRE(says(future, "written only after it completed"));
}

TEST_CASE("check: of many wrong reads the one that completed first", "[fast]") {
    std::string edn;
    const auto read = [&](int process, const std::string& rest) {
        edn += "{:process " + std::to_string(process) + " :f :read :type " + rest + "}\n";
    };
    constexpr int count = 9;
    for (int process = 0; process < count; ++process) read(process, ":invoke");
    for (int process = count - 1; process >= 0; --process) read(process, ":ok :value 1");
    REQUIRE(judge_register(edn).blocked->operation == count - 1);
}

TEST_CASE("check: two cas that both won", "[fast]") {
    const std::string both_won = R"(
        {:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write}
        {:process 1 :type :invoke :f :cas :value [1 2]}
        {:process 2 :type :invoke :f :cas :value [1 3]}
        {:process 1 :type :ok :f :cas} {:process 2 :type :ok :f :cas})";
    REQUIRE(judge_register(both_won).verdict == Verdict::invalid);
    const std::string one_lost = both_won.substr(0, both_won.rfind(":ok")) + ":refused :f :cas}";
    REQUIRE(judge_register(one_lost).verdict == Verdict::valid);
}

TEST_CASE("check: a cas refused for no reason", "[fast]") {
    const std::string refused = R"(
        {:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write}
        {:process 1 :type :invoke :f :cas :value [1 2]} {:process 1 :type :refused :f :cas})";
    REQUIRE(judge_register(refused).verdict == Verdict::invalid);
    REQUIRE(
        judge_register(refused.substr(0, refused.rfind(":refused")) + ":fail :f :cas}").verdict ==
        Verdict::valid);
}

TEST_CASE("check: an unknown write may take effect late, but only once", "[fast]") {
    const std::string late = R"(
        {:process 0 :type :invoke :f :write :value 1} {:process 0 :type :info :f :write}
        {:process 1 :type :invoke :f :write :value 2} {:process 1 :type :ok :f :write}
        {:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value 2}
        {:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value 1})";
    REQUIRE(judge_register(late).verdict == Verdict::valid);
    REQUIRE(judge_register(late + R"(
        {:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value 2})")
                .verdict == Verdict::invalid);
}

TEST_CASE("check: keys are judged apart", "[fast]") {
    const auto result = judge_register(R"(
        {:process 0 :type :invoke :f :write :value [:x 1]}
        {:process 0 :type :ok :f :write :value [:x 1]}
        {:process 0 :type :invoke :f :read :value [:y nil]}
        {:process 0 :type :ok :f :read :value [:y nil]}
        {:process 0 :type :invoke :f :read :value [:x nil]}
        {:process 0 :type :ok :f :read :value [:x 1]})");
    REQUIRE(result.verdict == Verdict::valid);
    REQUIRE(result.witness.size() == 2);
    const auto mixed = judge_register(R"(
        {:process 0 :type :invoke :f :write :value [:x 1]}
        {:process 0 :type :ok :f :write :value [:x 1]}
        {:process 0 :type :invoke :f :read :value [:y nil]}
        {:process 0 :type :ok :f :read :value [:y 1]})");
    REQUIRE(mixed.verdict == Verdict::invalid);
    REQUIRE(says(mixed, "for key \":y\""));
}

TEST_CASE("check: a lost append, and appends in two orders", "[fast]") {
    const auto judge_kv = [](std::string_view edn) {
        return judge(history_of(edn), *make_kv_model()).verdict;
    };
    REQUIRE(judge_kv(R"(
        {:process 0 :type :invoke :f :append :key 1 :value "a"}
        {:process 0 :type :ok :f :append :key 1}
        {:process 0 :type :invoke :f :append :key 1 :value "b"}
        {:process 0 :type :ok :f :append :key 1}
        {:process 0 :type :invoke :f :get :key 1}
        {:process 0 :type :ok :f :get :key 1 :value "b"})") == Verdict::invalid);
    const std::string concurrent = R"(
        {:process 0 :type :invoke :f :append :key 1 :value "a"}
        {:process 1 :type :invoke :f :append :key 1 :value "b"}
        {:process 0 :type :ok :f :append :key 1} {:process 1 :type :ok :f :append :key 1}
        {:process 0 :type :invoke :f :get :key 1}
        {:process 0 :type :ok :f :get :key 1 :value "ba"})";
    REQUIRE(judge_kv(concurrent) == Verdict::valid);
    REQUIRE(judge_kv(concurrent + R"(
        {:process 0 :type :invoke :f :get :key 1}
        {:process 0 :type :ok :f :get :key 1 :value "ab"})") == Verdict::invalid);
}

TEST_CASE("check: a model without such an operation is the wrong model", "[fast]") {
    const History cas = history_of("{:process 0 :type :invoke :f :cas :value [1 2]}");
    REQUIRE(check_linearizability(cas, *make_kv_model()).code() == ErrorCode::invalid_argument);
}

TEST_CASE("check: an empty history is linearizable", "[fast]") {
    REQUIRE(check_linearizability(History{}, *make_register_model())->verdict == Verdict::valid);
}

/// Many writes of few values and a read of none of them: nothing but search, and much of it.
History hard_history() {
    return oracle::RandomHistory({.operations = 2000,
                                  .processes = 40,
                                  .values = 4,
                                  .unknown_percent = 2,
                                  .lie_percent = 1},
                                 5)
        .run();
}

TEST_CASE("check: undecided within the limits, saying which", "[fast]") {
    const History history = hard_history();
    const auto steps = check_linearizability(history, *make_register_model(), {.steps_max = 100});
    REQUIRE(steps->verdict == Verdict::unknown);
    REQUIRE(steps->steps <= 100);
    REQUIRE(says(*steps, "the limit of 100 steps"));
    const auto bytes =
        check_linearizability(history, *make_register_model(), {.bytes_max = 20'000});
    REQUIRE(bytes->verdict == Verdict::unknown);
    REQUIRE(bytes->bytes <= 20'000);
    REQUIRE(says(*bytes, "the limit of 20000 bytes"));
}

TEST_CASE("check: more operations open at once than a word has bits", "[fast]") {
    HistoryBuilder builder;
    constexpr std::int64_t writers = 150;
    for (std::int64_t process = 0; process < writers; ++process) {
        const ValueId value = builder.values().integer(process % 50);
        REQUIRE(
            builder.invoke({.process = process, .function = Function::write, .argument = value}));
    }
    REQUIRE(builder.invoke({.process = writers, .function = Function::read}));
    REQUIRE(builder.ok(writers, builder.values().integer(17)));
    for (std::int64_t process = 0; process < writers; ++process) REQUIRE(builder.ok(process));
    const History history = std::move(builder).finish();
    const auto result = check_linearizability(history, *make_register_model());
    REQUIRE(result->verdict == Verdict::valid);
    REQUIRE(oracle::explains(history, result->witness.front(), "n", nil_value));
}

TEST_CASE("check: a lost write may hide an append though it changes nothing", "[fast]") {
    // The append of a took effect before the lost write of b, which found b there already.
    const std::string_view events = R"(
        {:process 3 :type :invoke :f :write :value "b"}
        {:process 3 :type :ok :f :write}
        {:process 3 :type :invoke :f :write :value "b"}
        {:process 2 :type :invoke :f :append :value "a"}
        {:process 0 :type :invoke :f :append :value "b"}
        {:process 0 :type :ok :f :append}
        {:process 3 :type :info :f :write}
        {:process 2 :type :ok :f :append}
        {:process 2 :type :invoke :f :read}
        {:process 2 :type :ok :f :read :value "bb"})";
    const auto result = check_linearizability(history_of(events), *make_kv_model());
    REQUIRE(result->verdict == Verdict::valid);
}

}  // namespace
}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0

// What is written in a notation is read back from it: the same operations, ended the same way, in
// the same order in real time.

#include <catch2/catch.hpp>

#include "tests/check/oracle.h"
#include "workloads/check/event_text.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

struct Way {
    Spelling spelling;
    Pairs pairs;
    bool edn;
};
constexpr Way ways[] = {
    {Spelling::json, Pairs::plain, false},          {Spelling::edn, Pairs::plain, true},
    {Spelling::edn_registers, Pairs::keyed, true},  {Spelling::edn_texts, Pairs::keyed, true},
    {Spelling::json_balances, Pairs::plain, false}, {Spelling::edn_balances, Pairs::plain, true}};

/// Jepsen's processes end with an operation of unknown outcome.
void check_processes(const History& history) {
    for (const Operation& operation : history.operations) {
        for (const Operation& later : history.operations) {
            const bool crashed = operation.completed == never_completed;
            if (!crashed || later.invoked <= operation.invoked) continue;
            REQUIRE(later.process != operation.process);
        }
    }
}

void check_same(const History& before, const History& after) {
    REQUIRE(after.operations.size() == before.operations.size());
    for (std::size_t index = 0; index < before.operations.size(); ++index) {
        const Operation& was = before.operations[index];
        const Operation& is = after.operations[index];
        REQUIRE(describe_action(is, after.values) == describe_action(was, before.values));
        REQUIRE(is.completion == was.completion);
        for (std::size_t other = 0; other < before.operations.size(); ++other) {
            REQUIRE((was.completed < before.operations[other].invoked) ==
                    (is.completed < after.operations[other].invoked));
        }
    }
}

void check_comes_back(const History& history) {
    for (const Way& way : ways) {
        const auto text = write_events(history, way.spelling);
        REQUIRE(text);
        CAPTURE(*text);
        for (const std::string& form : {*text, as_collection(*text, way.spelling)}) {
            const auto again = parse_history(form, "f", {.pairs = way.pairs});
            if (!again) FAIL(again.error().message);
            check_same(history, *again);
            if (way.edn) check_processes(*again);
        }
    }
}

TEST_CASE("writers: random histories come back in every notation", "[fast]") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        for (const std::uint64_t keys : {1, 2}) {
            const oracle::Shape shape{.operations = 15, .keys = keys, .append = seed % 3 == 0};
            const History history = oracle::RandomHistory(shape, seed).run();
            check_comes_back(history);
            if (keys > 1 || shape.append) continue;
            const auto log = to_jepsen_log(history);
            REQUIRE(log);
            History told = history;
            std::erase_if(told.operations, [](const Operation& operation) {
                return operation.completion == Completion::fail;
            });
            check_same(told, *parse_history(*log, "f"));
        }
    }
}

/// A history of the events, as EDN in which a key is a member.
History read(std::string_view edn, Names names = Names::known) {
    auto history = parse_history(edn, "f", {.pairs = Pairs::plain, .names = names});
    if (!history) FAIL(history.error().message);
    return *std::move(history);
}

TEST_CASE("writers: values of every kind come back", "[fast]") {
    check_comes_back(read(R"(
        {:process 0 :type :invoke :f :write :key nil :value [1 2]}
        {:process 0 :type :ok :f :write}
        {:process 0 :type :invoke :f :write :key [1 2] :value [[1 2] [3 4]]}
        {:process 0 :type :info :f :write}
        {:process 0 :type :invoke :f :read :key "a key"}
        {:process 0 :type :ok :f :read :value "\" \\ \n \t \r \b \f \u00e4 \ud83d\ude00 \u0001"}
        {:process 0 :type :invoke :f :read :key :k/w}
        {:process 0 :type :ok :f :read :value [nil true "nil" "true" "" ":" ":a b" :a-b? 1.5 \x]}
        {:process 0 :type :invoke :f :cas :key 7 :value [[1 2] [nil nil]]}
        {:process 0 :type :fail :f :cas :error :condition-false}
        {:process 0 :type :invoke :f :read}
        {:process 0 :type :ok :f :read :value {:a {"7" 8, 9 nil}, :b []}}
        {:process 0 :type :invoke :f :read}
        {:process 0 :type :ok :f :read :value [[1 2] [1 3]]})"));
}

TEST_CASE("writers: answers that may be left out come back as they were", "[fast]") {
    check_comes_back(read(R"(
        {:process 0 :type :invoke :f :add :value 5}
        {:process 0 :type :ok :f :add}
        {:process 0 :type :invoke :f :add :value 6}
        {:process 0 :type :ok :f :add :value true}
        {:process 0 :type :invoke :f :add :value true}
        {:process 0 :type :ok :f :add}
        {:process 0 :type :invoke :f :remove :value false}
        {:process 0 :type :ok :f :remove}
        {:process 0 :type :invoke :f :contains :value 5}
        {:process 0 :type :ok :f :contains :value [5 false]}
        {:process 0 :type :invoke :f :increment}
        {:process 0 :type :ok :f :increment}
        {:process 0 :type :invoke :f :dequeue}
        {:process 0 :type :ok :f :dequeue :value :empty}
        {:process 0 :type :invoke :f :drain}
        {:process 0 :type :ok :f :drain :value [1 2]}
        {:process 0 :type :invoke :f :txn :value [[:r :x nil]]}
        {:process 0 :type :ok :f :txn :value [[:r :x 3]]}
        {:process 0 :type :invoke :f :transfer :value {:from 1, :to 2}}
        {:process 0 :type :fail :f :transfer})"));
}

TEST_CASE("writers: Jepsen's EDN, to the letter", "[fast]") {
    const History history = read(R"(
        {:process 0 :type :invoke :f :write :key 3 :value 1 :time 10}
        {:process 1 :type :invoke :f :cas :value [nil 2] :time 11}
        {:process 0 :type :info :f :write :time 12}
        {:process 0 :type :invoke :f :read :key 3}
        {:process 1 :type :fail :f :cas :error :condition-false}
        {:process 0 :type :ok :f :read :value 1})");
    CHECK(write_events(history, Spelling::edn_registers).value() ==
          R"({:index 0, :time 10, :process 0, :type :invoke, :f :write, :value [3 1]}
{:index 1, :time 11, :process 1, :type :invoke, :f :cas, :value [nil 2]}
{:index 2, :time 12, :process 0, :type :info, :f :write, :value [3 1]}
{:index 3, :process 2, :type :invoke, :f :read, :value [3 nil]}
{:index 4, :process 1, :type :fail, :f :cas, :value [nil 2], :error :condition-false}
{:index 5, :process 2, :type :ok, :f :read, :value [3 1]}
)");
    const History told = read(
        "{:type :invoke :f :contains :value 5}"
        "{:type :ok :f :contains :value true}");
    CHECK(write_events(told, Spelling::edn).value().ends_with(":f :contains, :value true}\n"));
    CHECK(as_collection("{1}\n{2}\n", Spelling::edn) == "[{1}\n {2}]\n");
    CHECK(as_collection("{1}\n{2}\n", Spelling::json) == "[{1},\n{2}]\n");
    CHECK(as_collection("", Spelling::json) == "[]\n");
}

TEST_CASE("writers: what was given up stands where its time belongs", "[fast]") {
    const History history = read(R"(
        {:process 0 :type :invoke :f :write :value 1 :time 10}
        {:process 1 :type :invoke :f :write :value 2 :time 11}
        {:process 1 :type :info   :f :write :time 30}
        {:process 0 :type :info   :f :write :time 20}
        {:process 2 :type :invoke :f :read  :time 25}
        {:process 2 :type :ok     :f :read  :value nil :time 40}
        {:process 0 :type :invoke :f :read  :time 41}
        {:process 0 :type :info   :f :read})");
    CHECK(write_events(history, Spelling::edn).value() ==
          R"({:index 0, :time 10, :process 0, :type :invoke, :f :write, :value 1}
{:index 1, :time 11, :process 1, :type :invoke, :f :write, :value 2}
{:index 2, :time 20, :process 0, :type :info, :f :write, :value 1}
{:index 3, :time 25, :process 2, :type :invoke, :f :read, :value nil}
{:index 4, :time 30, :process 1, :type :info, :f :write, :value 2}
{:index 5, :time 40, :process 2, :type :ok, :f :read, :value nil}
{:index 6, :time 41, :process 3, :type :invoke, :f :read, :value nil}
{:index 7, :process 3, :type :info, :f :read, :value nil}
)");
}

TEST_CASE("writers: Jepsen knows no negative processes", "[fast]") {
    const History history = read(R"(
        {:process -1 :type :invoke :f :write :value 1}
        {:process 0  :type :invoke :f :write :value 2}
        {:process -1 :type :info   :f :write}
        {:process -1 :type :invoke :f :read}
        {:process -1 :type :ok     :f :read :value 2})");
    const History again = parse_history(write_events(history, Spelling::edn).value(), "f").value();
    std::string processes;
    for (const Operation& operation : again.operations) {
        processes += std::to_string(operation.process) + " ";
    }
    CHECK(processes == "1 0 2 ");
    CHECK(write_events(history, Spelling::json).value().find("\"process\":-1,") !=
          std::string::npos);
}

TEST_CASE("writers: balances are maps, and key-value logs are Porcupine's", "[fast]") {
    const History bank = read(R"(
        {:process 0 :type :invoke :f :transfer :value {:from 0, :to 1, :amount 5}}
        {:process 0 :type :ok :f :transfer}
        {:process 0 :type :invoke :f :read}
        {:process 0 :type :ok :f :read :value {0 95, 1 5}})");
    const std::string edn = write_events(bank, Spelling::edn_balances).value();
    CHECK(edn.find(":f :transfer, :value {:from 0, :to 1, :amount 5}}") != std::string::npos);
    CHECK(edn.ends_with(":type :ok, :f :read, :value {0 95, 1 5}}\n"));
    CHECK(write_events(bank, Spelling::json_balances)
              .value()
              .ends_with("\"type\":\"ok\",\"f\":\"read\",\"value\":{\"0\":95,\"1\":5}}\n"));
    const History kv = read(R"(
        {:process 0 :type :invoke :f :put :key "k" :value "v" :time 5}
        {:process 0 :type :ok :f :put}
        {:process 0 :type :invoke :f :get :key "k"}
        {:process 0 :type :ok :f :get :value "v"})");
    CHECK(write_events(kv, Spelling::edn_texts).value() ==
          R"({:process 0, :type :invoke, :f :put, :key "k", :value "v"}
{:process 0, :type :ok, :f :put, :key "k", :value "v"}
{:process 0, :type :invoke, :f :get, :key "k", :value nil}
{:process 0, :type :ok, :f :get, :key "k", :value "v"}
)");
}

TEST_CASE("writers: operations of the user's own", "[fast]") {
    const History history = read(R"(
        {:process 0 :type :invoke :f :fly-to? :value "far"}
        {:process 0 :type :ok :f :fly-to? :value :there})",
                                 Names::any);
    for (const Spelling spelling : {Spelling::json, Spelling::edn}) {
        const auto again =
            parse_history(write_events(history, spelling).value(), "f", {.names = Names::any});
        check_same(history, *again);
    }
    const History odd = parse_history(R"({"process":0,"type":"invoke","f":"a \"b\" c","value":1})",
                                      "f", {.names = Names::any})
                            .value();
    check_same(odd,
               parse_history(write_events(odd, Spelling::json).value(), "f", {.names = Names::any})
                   .value());
    CHECK(write_events(odd, Spelling::edn).error().message ==
          "expected operations with names that EDN can spell as keywords, not \"a \"b\" c\"");
}

TEST_CASE("writers: what a notation cannot say is refused", "[fast]") {
    const auto refused = [](std::string_view edn) {
        const auto log = to_jepsen_log(read(edn));
        return log ? "written: " + *log : log.error().message;
    };
    CHECK(refused("{:type :invoke :f :write :key 1 :value 2}") ==
          "a Jepsen log cannot say a key, as in (process 0: write key 1 2, outcome unknown)");
    CHECK(refused("{:type :invoke :f :add :value 2}")
              .starts_with("a Jepsen log cannot say any function but read, write and cas"));
    for (const char* const value : {"[1 2]", "\"text\"", ":timed-out", ":a\\b"}) {
        CHECK(refused("{:type :invoke :f :write :value " + std::string(value) + "}")
                  .starts_with("a Jepsen log cannot say such a value"));
    }
    CHECK(refused("{:type :invoke :f :cas :value [:a -3]} {:type :ok :f :cas}") ==
          "written: INFO  jepsen.util - 0\t:invoke\t:cas\t[:a -3]\n"
          "INFO  jepsen.util - 0\t:ok\t:cas\t[:a -3]\n");
    HistoryBuilder builder;
    const ValueId bytes = builder.values().text("\xff");
    REQUIRE(builder.invoke({.function = Function::write, .argument = bytes}));
    const History history = std::move(builder).finish();
    for (const Way& way : ways) {
        CHECK(write_events(history, way.spelling).code() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("writers: EDN's escapes, and halves of pairs", "[fast]") {
    const auto message = [](std::string_view text) {
        const auto history =
            parse_history("{:type :invoke :f :write :value \"" + std::string(text) + "\"}", "f");
        return history ? std::string("read") : history.error().message;
    };
    CHECK(message(R"(\u0041)") == "read");
    for (const char* const bad : {R"(\x)", R"(\u12)", R"(\u12g4)", R"(\ud83d)", R"(\ud83d\u0041)",
                                  R"(\ude00)", R"(\u-123)"}) {
        CAPTURE(bad);
        CHECK(message(bad).starts_with("f:1: expected one of the escapes"));
    }
    CHECK(is_keyword(":a"));
    CHECK(is_keyword(":a/b"));
    for (const char* const text : {":", "a", ":a b", ":/", ":a/", ":\"", "::a", ""}) {
        CHECK_FALSE(is_keyword(text));
    }
}

}  // namespace
}  // namespace geode::check

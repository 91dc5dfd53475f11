// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/formats.h"

#include <catch2/catch.hpp>

namespace geode::check::txn {
namespace {

constexpr std::string_view edn = R"(
; a comment
{:index 0, :time 5, :type :invoke, :process 0, :f :txn, :value ([:append :x 1] [:r 8 nil])}
{:index 1 :type :info :process :nemesis :value "cut"}
#jepsen.history.Op{:index 2, :type :invoke, :process 1, :value [[:append :x 2]]}
{:index 3, :time 9, :type :ok, :process 0, :value [[:append :x 1] [:r 8 [4 "a"]]]}
{:index 4, :type :info, :process 1, :value nil, :error :timeout}
{:index 5, :type :invoke, :process 2, :value [[:r :x nil]]}
{:index 6, :type :fail, :process 2, :value [[:r :x nil]]}
{:index 7, :type :invoke, :process 3, :value [[:r :x]]}
{:index 8, :type :ok, :process 3, :value [[:r :x]]})";

std::string message_of(std::string_view text, TxnObjects objects = TxnObjects::lists) {
    const auto parsed = parse_txn_history(text, "h", objects);
    return parsed ? "accepted" : parsed.error().message;
}

TEST_CASE("txn formats: EDN of Jepsen", "[fast]") {
    const auto history = parse_txn_history(edn, "h", TxnObjects::lists);
    REQUIRE(history);
    const auto& transactions = history->transactions;
    REQUIRE(transactions.size() == 4);
    CHECK(history->timed);
    CHECK(describe(*history, transactions[0]) == "append \":x\" 1, read 8 = [4 \"a\"]");
    CHECK(transactions[0].completion == Completion::ok);
    CHECK(transactions[0].source == 3);
    CHECK(transactions[0].invoked_ns == 5);
    CHECK(transactions[0].completed_ns == 9);
    CHECK(describe(*history, transactions[1]) == "append \":x\" 2");
    CHECK(transactions[1].completed == never_completed);
    CHECK(transactions[2].completion == Completion::fail);
    CHECK(describe(*history, transactions[2]) == "read \":x\"");
    CHECK(describe(*history, transactions[3]) == "read \":x\" = []");
}

TEST_CASE("txn formats: a top-level vector, and no index, process or time", "[fast]") {
    const auto history =
        parse_txn_history("[{:type :invoke :value [[:w 1 2]]} {:type :ok :value [[:w 1 2]]}]", "h",
                          TxnObjects::registers);
    REQUIRE(history);
    REQUIRE(history->transactions.size() == 1);
    CHECK(history->transactions[0].process == 0);
    CHECK(history->transactions[0].source == 1);
    CHECK(history->transactions[0].invoked_ns == no_time);
    CHECK(parse_txn_history("", "h", TxnObjects::lists)->transactions.empty());
    CHECK(parse_txn_history(" [ ] ", "h", TxnObjects::lists)->transactions.empty());
}

TEST_CASE("txn formats: nil is an empty list, and a register's initial value", "[fast]") {
    constexpr std::string_view text = "{:type :ok :process 4 :value [[:r 1 nil] [:r 2 5]]}";
    const auto registers = parse_txn_history(text, "h", TxnObjects::registers);
    REQUIRE(registers);
    CHECK_FALSE(registers->timed);
    CHECK(describe(*registers, registers->transactions[0]) == "read 1 = nil, read 2 = 5");
    CHECK(message_of(text) == "h:1: expected a read to have seen a list of elements");
}

TEST_CASE("txn formats: JSON of elle-cli, as an array and as lines", "[fast]") {
    constexpr std::string_view array = R"([
{"index":0,"process":1,"type":"invoke","value":[["append",253,1],["r",2,null]]},
{"index":1,"process":1,"type":"ok","value":[["append",253,1],["r",2,[1,"b\u00e4",-3]]]}
])";
    const auto history = parse_txn_history(array, "h", TxnObjects::lists);
    REQUIRE(history);
    REQUIRE(history->transactions.size() == 1);
    CHECK(describe(*history, history->transactions[0]) ==
          "append 253 1, read 2 = [1 \"b\u00e4\" -3]");
    CHECK(history->transactions[0].source == 1);
    const auto lines = parse_txn_history(
        "\n{ \"type\":\"ok\",\"process\":null,\"value\":[[\"w\",\"x\",1]]}\r\n\n"
        "{\"type\":\"info\",\"process\":\"nemesis\",\"value\":{\"a\":[1]}}",
        "h", TxnObjects::registers);
    REQUIRE(lines);
    REQUIRE(lines->transactions.size() == 1);
    CHECK(describe(*lines, lines->transactions[0]) == "write \"x\" 1");
}

TEST_CASE("txn formats: what is written is read back", "[fast]") {
    const auto history = parse_txn_history(edn, "h", TxnObjects::lists);
    REQUIRE(history);
    const auto text = to_json_lines(*history);
    REQUIRE(text);
    const auto again = parse_txn_history(*text, "h", TxnObjects::lists);
    REQUIRE(again);
    CHECK(to_json_lines(*again).value() == *text);
    REQUIRE(again->transactions.size() == history->transactions.size());
    for (std::size_t index = 0; index < again->transactions.size(); ++index) {
        const Transaction& was = history->transactions[index];
        const Transaction& is = again->transactions[index];
        CHECK(describe(*again, is) == describe(*history, was));
        CHECK(is.completion == was.completion);
        CHECK(is.process == was.process);
        CHECK((is.completed == never_completed) == (was.completed == never_completed));
    }
    CHECK(again->transactions[0].completed < again->transactions[2].invoked);
}

TEST_CASE("txn formats: EDN as Elle reads it, to the letter", "[fast]") {
    const auto history = parse_txn_history(
        R"({"process":3,"type":"invoke","time":5,"value":[["append","x",1]]}
           {"index":1,"process":3,"type":"info","value":null}
           {"process":3,"type":"invoke","value":[["r","x",null]]}
           {"index":9,"process":3,"type":"ok","value":[["r","x",[1]]]})",
        "h", TxnObjects::lists);
    REQUIRE(history);
    const std::string text = write_events(*history, Notation::edn).value();
    CHECK(text ==
          R"({:index 0, :time 5, :process 3, :type :invoke, :f :txn, :value [[:append "x" 1]]}
{:index 1, :process 3, :type :info, :f :txn, :value [[:append "x" 1]]}
{:index 2, :process 0, :type :invoke, :f :txn, :value [[:r "x" nil]]}
{:index 3, :process 0, :type :ok, :f :txn, :value [[:r "x" [1]]]}
)");
    const auto again = parse_txn_history(text, "h", TxnObjects::lists);
    REQUIRE(again);
    CHECK(again->timed);
    REQUIRE(again->transactions.size() == 2);
    CHECK(again->transactions[0].completed == never_completed);
    CHECK(describe(*again, again->transactions[1]) == "read \"x\" = [1]");
}

TEST_CASE("txn formats: ends without beginnings are written as such", "[fast]") {
    const auto history = parse_txn_history(
        "{:type :ok :value [[:append 1 1]]} {:type :ok :process 2 :value [[:r 1 [1]]]}", "h",
        TxnObjects::lists);
    REQUIRE(history);
    const auto again = parse_txn_history(to_json_lines(*history).value(), "h", TxnObjects::lists);
    REQUIRE(again);
    CHECK_FALSE(again->timed);
    CHECK(again->transactions.size() == 2);
    CHECK(write_events(*history, Notation::edn).value() ==
          "{:index 0, :process 0, :type :ok, :f :txn, :value [[:append 1 1]]}\n"
          "{:index 1, :process 2, :type :ok, :f :txn, :value [[:r 1 [1]]]}\n");
}

TEST_CASE("txn formats: bad input is refused with its place", "[fast]") {
    CHECK(message_of("\n\n{:type :invoke :value [[:append 1 1]") ==
          "h:3: expected the form that starts here to end");
    CHECK(message_of("{:type :ok :value 7}") ==
          "h:1: expected the value to be a list of micro-operations");
    CHECK(message_of("{:type :ok :value [[:append 1]]}") == "h:1: expected a value to write");
    CHECK(message_of("{:type :ok :value [[:append]]}") ==
          "h:1: expected a micro-operation [f key value]");
    CHECK(message_of("{:type :ok :value [[:append 1 2 3]]}") ==
          "h:1: expected a micro-operation [f key value]");
    CHECK(message_of("{:type :ok :value [[:w 1 2]]}") ==
          "h:1: expected a micro-operation append or r, not :w");
    CHECK(message_of("{:type :ok :value [[:append 1 2]]}", TxnObjects::registers) ==
          "h:1: expected a micro-operation w or r, not :append");
    CHECK(message_of("{:type :ok :value [[:r [1] []]]}") ==
          "h:1: expected keys and values to be nil, integers or words");
    CHECK(message_of("{:type :done}") == "h:1: expected a type: invoke, ok, fail or info");
    CHECK(message_of("\n7") == "h:2: expected a map per event");
    CHECK(message_of("{:type :invoke :value []}\n{:type :invoke :value []}") ==
          "h:2: expected a matching event: process 0 begins a transaction while its previous one "
          "is still running");
}

TEST_CASE("txn formats: bad JSON is refused with its place", "[fast]") {
    CHECK(message_of("{\"type\":\"ok\",\n") == "h:1: expected JSON");
    CHECK(message_of("{\"type\":\"ok\"}\n{\"type\":\"ok\"} 7") == "h:2: expected JSON");
    CHECK(message_of("[{\"type\":\"ok\",\"value\":[]},\n{\"type\":\"ok\"},\n7]") ==
          "h:3: expected an object");
    CHECK(message_of("[{\"type\":\"ok\"},\n\n{\"type\":\"ok\",\"value\":3}]") ==
          "h:3: expected the value to be a list of micro-operations");
    CHECK(message_of("{\"type\":\"ok\",\"index\":99999999999999999999}") == "accepted");
    CHECK(message_of("{\"type\":\"ok\",\"value\":[[\"append\",1,18446744073709551615]]}") ==
          "h:1: expected integers of 64 bits");
    std::string deep = "{\"type\":";
    for (int level = 0; level < 70; ++level) deep += "[";
    CHECK(message_of(deep) == "h:1: expected at most 64 levels of nesting");
}

}  // namespace
}  // namespace geode::check::txn

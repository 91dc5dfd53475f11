// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/formats.h"

#include <catch2/catch.hpp>

namespace geode::check {
namespace {

std::string described(std::string_view text, Format format = Format::detect) {
    const auto history = parse_history(text, "f", format);
    if (!history) return history.error().message;
    std::string out;
    for (const Operation& operation : history->operations) {
        out.append(describe(operation, history->values)).append("\n");
    }
    return out;
}

TEST_CASE("formats: are told apart by their content", "[fast]") {
    REQUIRE(detect_format("INFO  jepsen.util - 0\t:invoke\t:read\tnil\n") == Format::jepsen_log);
    REQUIRE(detect_format("; a comment\n [{:process 0}]") == Format::edn);
    REQUIRE(detect_format("{:process 0}") == Format::edn);
    REQUIRE(detect_format("\n { \"process\": 0}") == Format::json_lines);
    REQUIRE(detect_format("\xef\xbb\xbf{\"process\":0}") == Format::json_lines);
    REQUIRE(parse_history("", "f")->operations.empty());
}

TEST_CASE("formats: reads a Jepsen log", "[fast]") {
    REQUIRE(described("INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\n"
                      "INFO  jepsen.core - Starting something\n"
                      "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
                      "INFO  jepsen.util - 1\t:invoke\t:write\t3\n"
                      "INFO  jepsen.util - 2\t:invoke\t:read\tnil\r\n"
                      "INFO  jepsen.util - 0\t:fail\t:cas\t[1 2]\n"
                      "INFO  jepsen.util - 1\t:info\t:write\t:timed-out\n"
                      "INFO  jepsen.util - 2\t:fail\t:read\t:timed-out\n") ==
            "process 0: cas 1 to 2, refused\n"
            "process 1: write 3, outcome unknown\n"
            "process 2: read, outcome unknown\n");
}

TEST_CASE("formats: names file, line and what was expected", "[fast]") {
    REQUIRE(described("INFO  jepsen.util - 0\t:invoke\t:cas\t[1]\n") ==
            "f:1: expected a cas of [old new]");
    REQUIRE(
        described("INFO  jepsen.util - 0\t:invoke\t:fly\t1\n").starts_with("f:1: expected an "));
    REQUIRE(described("[{:process 0 :type :invoke :f :read}\n\n {:process 0 :type}]") ==
            "f:3: expected a value for the last key of the map");
    REQUIRE(described("{:process 0 :type :invoke :f :read}\n{:process 0 :type :ok :f :write}") ==
            "f:2: expected a matching event: process 0 completes a write, but runs a read");
    REQUIRE(
        described("{:process 0 :type :invoke :f :fly :value []}").ends_with("generate, not :fly"));
    REQUIRE(described("[{:process 0 :type :invoke :f :read}").starts_with("f:1: expected ']'"));
    REQUIRE(described("{\"process\":0,\n") == "f:1: expected one JSON object per line");
    REQUIRE(described("{\"process\":0,\"type\":\"info\",\"f\":\"write\"}") ==
            "f:1: expected an invocation before it, or a value that tells what was asked for");
    REQUIRE(described("INFO  jepsen.util - 0\t:ok\t:read\t3\n") ==
            "f:1: process 0 completes an operation, but none of it is running");
}

TEST_CASE("formats: reads EDN as Clojure programs write it", "[fast]") {
    const std::string expected =
        "process 0: write 1\nprocess 1: read = \"a\\b\"\nprocess 2: cas 1 to nil, failed\n";
    const std::string events = R"(
        {:index 0, :time 5, :process 0, :type :invoke, :f :write, :value 1,} ; a comment
        {:process :nemesis, :type :info, :f :start, :value #{:n1 "n2" [3]}}
        #_ {:process 0 :type :ok} #_ #_ 1 2
        #jepsen.history.Op{:process 0 :type :ok :f :write :value +1 :error [:a {:b \[}]}
        {:process 1 :type :invoke :f :read :value nil}
        {:process 1 :type :ok :f :read :value "a\\b" :at #inst "2020-01-01"}
        {:process 2 :type :invoke :f :cas :value (1 nil)}
        {:process 2 :type :fail :f :cas :value (1 nil)} )";
    REQUIRE(described(events, Format::edn) == expected);
    REQUIRE(described("[" + events + "]") == expected);
    REQUIRE(described("(" + events + ") ; the end") == expected);
    REQUIRE(parse_history(events, "f")->operations[0].invoked_ns == 5);
}

TEST_CASE("formats: reads keys in both of EDN's ways", "[fast]") {
    REQUIRE(described(R"(
        {:process 0 :type :invoke :f :put :key "k" :value "v"}
        {:process 0 :type :ok :f :put :key "k" :value "v"}
        {:process 0 :type :invoke :f :cas :value [7 [1 2]]}
        {:process 0 :type :info :f :cas :value :lost}
        {:process 1 :type :invoke :f :r :value [7 nil]}
        {:process 1 :type :ok :f :r :value [7 2N]})") ==
            "process 0: write key \"k\" \"v\"\n"
            "process 0: cas key 7 1 to 2, outcome unknown\n"
            "process 1: read key 7 = 2\n");
}

TEST_CASE("formats: reads the operations of collections", "[fast]") {
    const std::string edn = R"(
        {:process 0 :type :invoke :f :enqueue :value 1}
        {:process 0 :type :ok :f :enqueue :value 1}
        {:process 0 :type :invoke :f :dequeue}
        {:process 0 :type :ok :f :dequeue :value :empty}
        {:process 0 :type :invoke :f :drain}
        {:process 0 :type :ok :f :drain :value [1 (2 "a")]}
        {:process 0 :type :invoke :f :add :value 5}
        {:process 0 :type :ok :f :add :value 5}
        {:process 0 :type :invoke :f :remove :value 5}
        {:process 0 :type :ok :f :remove :value false}
        {:process 0 :type :invoke :f :contains :value 5}
        {:process 0 :type :ok :f :contains :value [5 true]}
        {:process 0 :type :invoke :f :increment}
        {:process 0 :type :info :f :increment}
        {:process 0 :type :invoke :f :lock}
        {:process 0 :type :ok :f :acquire}
        {:process 0 :type :invoke :f :txn :value [[:read :x nil]]}
        {:process 0 :type :ok :f :txn :value [[:read :x 3]]}
        {:process 0 :type :invoke :f :transfer :value {:from 1, :to 2}})";
    const std::string expected = R"(process 0: enqueue 1
process 0: dequeue = nil
process 0: drain = [1 [2 "a"]]
process 0: add 5
process 0: remove 5 = "false"
process 0: contains 5 = "true"
process 0: add, outcome unknown
process 0: acquire
process 0: txn [[":read" ":x" 3]]
process 0: transfer [[":from" 1] [":to" 2]], outcome unknown
)";
    REQUIRE(described(edn) == expected);
    // What was read comes back from our own notation.
    const std::string json = to_json_lines(*parse_history(edn, "f")).value();
    REQUIRE(described(json) == expected);
}

TEST_CASE("formats: reads an array of JSON objects", "[fast]") {
    const std::string events =
        R"([{"process":0,"type":"invoke","f":"read","index":0},
            {"process":0,"type":"ok","f":"read","value":{"0":10,"b":[true,null]}}])";
    REQUIRE(described(events) == "process 0: read = [[0 10] [\"b\" [\"true\" nil]]]\n");
    REQUIRE(described(R"([{"process":0,"type":"invoke","f":"read"},7])") ==
            "f: event 2: expected one JSON object per line");
    REQUIRE(described(R"([{"process":0,)") == "f:1: expected one JSON array of objects");
}

TEST_CASE("formats: events without a process are matched by what they ask for", "[fast]") {
    const std::string edn = R"(
        {:type :invoke :f :read :value nil}
        {:type :invoke :f :write :value 1}
        {:type :invoke :f :write :value 2}
        {:type :ok :f :write :value 2}
        {:type :info :f :write :value :timed-out}
        {:type :ok :f :read :value 1}
        {:type :invoke :f :read :value nil}
        {:type :fail :f :read :value nil})";
    const std::string expected =
        "process 0: read = 1\n"
        "process 1: write 1, outcome unknown\n"
        "process 2: write 2\n"
        "process 0: read, failed\n";
    REQUIRE(described(edn) == expected);
    REQUIRE(described(R"(
        {"type":"invoke","f":"read","value":null}
        {"type":"invoke","f":"write","value":1,"process":null}
        {"type":"invoke","f":"write","value":2}
        {"type":"ok","f":"write","value":2}
        {"type":"info","f":"write"}
        {"type":"ok","f":"read","value":1}
        {"type":"invoke","f":"read"}
        {"type":"fail","f":"read"})") == expected);
    const auto custom =
        parse_history("{:type :invoke :f :fly} {:type :invoke :f :swim} {:type :ok :f :swim}", "f",
                      {.names = Names::any});
    REQUIRE(custom->operations[0].completion == Completion::unknown);
    REQUIRE(custom->operations[1].completion == Completion::ok);
}

TEST_CASE("formats: an end without a beginning began as early as it may have", "[fast]") {
    const std::string edn = R"(
        {:process 1 :type :invoke :f :write :value 1}
        {:process 1 :type :ok :f :write :value 1}
        {:process 1 :type :ok :f :read :value 2}
        {:process 2 :type :fail :f :cas :value [2 3]}
        {:process 2 :type :ok :f :contains :value [5 true]}
        {:process 1 :type :info :f :write :key 7 :value 4}
        {:process 1 :type :ok :f :append :value [8 9]})";
    const auto history = parse_history(edn, "f");
    REQUIRE(described(edn) ==
            "process 2: cas 2 to 3, failed\n"
            "process 1: write 1\n"
            "process 1: read = 2\n"
            "process 1: write key 7 4, outcome unknown\n"
            "process 2: contains 5 = \"true\"\n"
            "process 1: append key 8 9\n");
    std::vector<std::uint64_t> positions;
    for (const Operation& operation : history->operations) {
        positions.push_back(operation.invoked);
        CHECK(operation.invoked < operation.completed);
        if (operation.completed != never_completed) positions.push_back(operation.completed);
    }
    CHECK(std::ranges::is_sorted(history->operations, {}, &Operation::invoked));
    std::ranges::sort(positions);
    for (std::size_t index = 0; index < positions.size(); ++index) CHECK(positions[index] == index);
    // The read began behind the write, the second operation of process 2 behind its first.
    CHECK(history->operations[2].invoked == history->operations[1].completed + 1);
    CHECK(history->operations[4].invoked == history->operations[0].completed + 1);
    CHECK(history->operations[4].invoked < history->operations[3].completed);
    CHECK(described(R"([{"process":1,"type":"ok","f":"cas","value":[1,2]},
                        {"process":1,"type":"ok","f":"contains","value":[5,false]},
                        {"process":1,"type":"refused","f":"cas","value":[1,2]}])") ==
          "process 1: cas 1 to 2\nprocess 1: contains 5 = \"false\"\n"
          "process 1: cas 1 to 2, refused\n");
    CHECK(described(R"({"process":1,"type":"refused","f":"write","value":1})") ==
          "f:1: process 1: only a cas can be refused");
    CHECK(described("{:process 1 :type :ok :f :cas :value 3}")
              .starts_with("f:1: expected a matching event: expected an invocation before it"));
}

TEST_CASE("formats: a pair is a key and a value, or a list of two", "[fast]") {
    const std::string edn = "{:type :invoke :f :read} {:type :ok :f :read :value [1 2]}";
    REQUIRE(parse_history(edn, "f")->operations[0].result ==
            parse_history(edn, "f")->values.find({.kind = ValueKind::integer, .integer = 2}));
    const auto plain = parse_history(edn, "f", {.pairs = Pairs::plain});
    REQUIRE(describe(plain->operations[0], plain->values) == "process 0: read = [1 2]");
}

TEST_CASE("formats: any name is an operation where the model is the user's", "[fast]") {
    const auto history =
        parse_history("{:type :invoke :f :fly :value 3} {:type :ok :f :fly :value :far}", "f",
                      {.names = Names::any});
    REQUIRE(describe(history->operations[0], history->values) == "process 0: fly 3 = \":far\"");
}

TEST_CASE("formats: survives every truncation and every changed byte", "[fast]") {
    const std::string edn =
        "[{:process 0, :type :invoke, :f :cas, :value [1 \"\\n\"]} #_ #{2} ; c\n"
        "{:process 0 :type :ok :f :cas}]";
    const std::string json =
        "{\"process\":0,\"type\":\"invoke\",\"f\":\"cas\",\"value\":[1,2],\"key\":\"k\"}\n";
    const std::string log = "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\n";
    for (const std::string& whole : {edn, json, log}) {
        for (std::size_t at = 0; at <= whole.size(); ++at) {
            described(whole.substr(0, at));
            for (const char byte : std::string("[](){}\"\\#:;_ \n0-\xff")) {
                if (at == whole.size()) break;
                std::string changed = whole;
                changed[at] = byte;
                described(changed);
            }
        }
    }
    REQUIRE(described(std::string(100, '[')).ends_with("at most 64 levels of nesting"));
}

}  // namespace
}  // namespace geode::check

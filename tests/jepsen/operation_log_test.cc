// SPDX-License-Identifier: Apache-2.0
#include "jepsen/operation_log.h"

#include <catch2/catch.hpp>

#include "jepsen/workload.h"
#include "workloads/check/formats.h"

using namespace geode;
using namespace geode::jepsen;
using workloads::Ending;

namespace {

/// Every reading is a millisecond later than the one before.
class TickingClock final : public Clock {
public:
    MonoTime now() const override { return MonoTime(++ticks_ * milliseconds(1)); }
    WallTime wall() const override { return {}; }
    TimerId wake_at(MonoTime, WakeToken) override { return 0; }
    void cancel(TimerId) override {}

private:
    mutable std::int64_t ticks_ = 0;
};

std::string recorded_registers() {
    TickingClock clock;
    OperationLog log(clock);
    log.invoke(0, "write", "[1 7]");
    log.nemesis("start-crash", edn_text("crash leader -> n1"));
    log.invoke(1, "read", "[1 nil]");
    log.complete(0, Ending::ok);
    log.complete(1, Ending::ok, "[1 7]");
    log.invoke(0, "cas", "[1 [3 8]]");
    log.complete(0, Ending::refused);
    log.invoke(1, "cas", "[1 [nil 9]]");
    log.complete(1, Ending::unknown);
    log.invoke(2, "read", "[2 nil]");
    log.complete(2, Ending::ok);
    log.invoke(0, "write", "[2 10]");
    log.complete(0, Ending::fail);
    return to_edn(log.events());
}

}  // namespace

TEST_CASE("operation log: one map per line, as Jepsen reads it", "[fast]") {
    const std::string text = recorded_registers();
    CHECK(text.substr(0, text.find('\n')) ==
          "{:index 0, :time 1000000, :type :invoke, :process 0, :f :write, :value [1 7]}");
    CHECK(text.find("{:index 1, :time 2000000, :type :info, :process :nemesis, :f :start-crash, "
                    ":value \"crash leader -> n1\"}\n") != std::string::npos);
    CHECK(text.find(":type :fail, :process 0, :f :cas, :value [1 [3 8]], "
                    ":error :condition-false}") != std::string::npos);
    CHECK(text.find(":type :info, :process 1, :f :cas, :value [1 [nil 9]], "
                    ":error :unknown-outcome}") != std::string::npos);
}

TEST_CASE("operation log: our own reader gets the same history back", "[fast]") {
    const auto history =
        check::parse_history(recorded_registers(), "history.edn", check::Format::edn);
    REQUIRE(history);
    REQUIRE(history->operations.size() == 6);
    const auto& values = history->values;
    CHECK(check::describe(history->operations[0], values).find("write") != std::string::npos);
    CHECK(history->operations[0].completion == check::Completion::ok);
    CHECK(values.integer_of(history->operations[1].result) == 7);
    CHECK(history->operations[2].completion == check::Completion::refused);
    CHECK(values.integer_of(history->operations[2].expected) == 3);
    CHECK(history->operations[3].completion == check::Completion::unknown);
    CHECK(history->operations[3].expected == check::nil_value);
    CHECK(history->operations[4].result == check::nil_value);
    CHECK(history->operations[5].completion == check::Completion::fail);
}

TEST_CASE("judging a stored register history: right, stale, and not a history", "[fast]") {
    const auto judge = [](const std::string& text) {
        return judge_history("register", text, "history.edn");
    };
    const auto good = judge(recorded_registers());
    REQUIRE(good);
    CHECK(good->verdict == check::Verdict::valid);
    const auto stale = judge(
        "{:type :invoke, :process 0, :f :write, :value [1 7]}\n"
        "{:type :ok, :process 0, :f :write, :value [1 7]}\n"
        "{:type :invoke, :process 1, :f :read, :value [1 nil]}\n"
        "{:type :ok, :process 1, :f :read, :value [1 nil]}\n");
    REQUIRE(stale);
    CHECK(stale->verdict == check::Verdict::invalid);
    CHECK(stale->explanation.starts_with("not linearizable"));
    // A refused cas is judged: the value was the expected one all the time.
    const auto refused = judge(
        "{:type :invoke, :process 0, :f :write, :value [1 7]}\n"
        "{:type :ok, :process 0, :f :write, :value [1 7]}\n"
        "{:type :invoke, :process 1, :f :cas, :value [1 [7 8]]}\n"
        "{:type :fail, :process 1, :f :cas, :value [1 [7 8]], :error :condition-false}\n");
    REQUIRE(refused);
    CHECK(refused->verdict == check::Verdict::invalid);
    CHECK_FALSE(judge("{:type :ok, :process 1"));
    CHECK_FALSE(judge_history("queue", "", "history.edn"));
}

TEST_CASE("operation log: a refusal is an answer, an error is none", "[fast]") {
    TickingClock clock;
    OperationLog log(clock);
    log.nemesis("start-crash", "nil");
    log.invoke(0, "txn", "[[:append 1 1]]");
    log.complete(0, Ending::refused, {}, aborted);
    log.invoke(0, "cas", "[1 [2 3]]");
    log.complete(0, Ending::refused);
    log.invoke(0, "txn", "[[:r 1 nil]]");
    log.complete(0, Ending::ok, "[[:r 1 [2]]]", aborted);
    log.invoke(0, "txn", "[[:append 1 2]]");
    log.complete(0, Ending::fail, {}, aborted);
    log.invoke(0, "txn", "[[:append 1 3]]");
    log.complete(0, Ending::unknown, {}, aborted);
    std::vector<std::string> answers;
    for (const Event& event : log.events()) {
        if (event.is_answer()) answers.push_back(event.value + " " + event.error);
    }
    CHECK(answers == std::vector<std::string>{"[[:append 1 1]] aborted",
                                              "[1 [2 3]] condition-false", "[[:r 1 [2]]] "});
}

TEST_CASE("operation log: texts are quoted so that every reader takes them", "[fast]") {
    CHECK(edn_text("a \"b\" \\ c\nd\te") == R"("a \"b\" \\ c\nd\te")");
}

// SPDX-License-Identifier: Apache-2.0

// The workloads append and bank as histories in EDN: written as Jepsen's tests write them, and
// judged alike when they are read again.

#include <catch2/catch.hpp>

#include "jepsen/transaction_edn.h"
#include "jepsen/workload.h"

using namespace geode;
using namespace geode::jepsen;
using workloads::MicroFunction;
using workloads::MicroOperation;

namespace {

Judgement judged(std::string_view workload, const std::string& text) {
    const Result<Judgement> judgement = judge_history(workload, text, "history.edn");
    if (!judgement) FAIL(judgement.error().message);
    return *judgement;
}

/// An operation that is answered at once.
std::string operation(int process, std::string_view function, std::string_view asked,
                      std::string_view type, std::string_view answered) {
    std::string text;
    for (const auto& [kind, value] :
         {std::pair(std::string_view("invoke"), asked), std::pair(type, answered)}) {
        text += "{:type :" + std::string(kind) + ", :process " + std::to_string(process) +
                ", :f :" + std::string(function) + ", :value " + std::string(value);
        text += kind == "fail" ? ", :error :aborted}\n" : "}\n";
    }
    return text;
}

}  // namespace

TEST_CASE("transactions: as EDN, asked and answered", "[fast]") {
    const MicroOperation operations[] = {{MicroFunction::append, VertexId(8), 1, {}},
                                         {MicroFunction::read, VertexId(9), 0, {}},
                                         {MicroFunction::read, VertexId(8), 0, {4, 1}}};
    CHECK(edn_asked(operations) == "[[:append 8 1] [:r 9 nil] [:r 8 nil]]");
    CHECK(edn_answered(operations) == "[[:append 8 1] [:r 9 []] [:r 8 [4 1]]]");
    CHECK(edn_of(workloads::Transfer{0, 1, 3}) == "{:from 0, :to 1, :amount 3}");
    CHECK(edn_of(std::vector<std::int64_t>{10, 7}) == "{0 10, 1 7}");
}

TEST_CASE("judging a stored append history: right, wrong with its anomaly, and no history",
          "[fast]") {
    const std::string append = operation(0, "txn", "[[:append 8 1]]", "ok", "[[:append 8 1]]");
    const std::string aborted =
        operation(1, "txn", "[[:append 8 2] [:r 9 nil]]", "fail", "[[:append 8 2] [:r 9 nil]]");
    const Judgement good = judged(
        "append", append + aborted + operation(2, "txn", "[[:r 8 nil]]", "ok", "[[:r 8 [1]]]"));
    CHECK(good.verdict == check::Verdict::valid);
    CHECK(good.checked == "3 transactions on 2 lists");
    CHECK(good.anomalies.empty());
    CHECK(good.explanation.empty());

    const Judgement stale =
        judged("append", append + operation(2, "txn", "[[:r 8 nil]]", "ok", "[[:r 8 []]]"));
    CHECK(stale.verdict == check::Verdict::invalid);
    CHECK(stale.anomalies == std::vector<std::string>{"G-single-item-realtime"});
    CHECK(stale.explanation.starts_with("G-single-item-realtime: "));

    const Judgement twice = judged("append", append + append);
    CHECK(twice.verdict == check::Verdict::unknown);
    CHECK(twice.explanation.starts_with("undecided: "));
    CHECK_FALSE(judge_history("append", "{:type :ok, :process 1", "history.edn"));
    CHECK_FALSE(judge_history("append", "{:type :ok, :process 1, :value [[:w 1 2]]}", "h"));
}

TEST_CASE("judging a stored bank history: right, wrong with its anomaly, and no history",
          "[fast]") {
    const std::string transfer = "{:from 0, :to 1, :amount 3}";
    const std::string transfers = operation(0, "transfer", transfer, "ok", transfer) +
                                  operation(1, "transfer", transfer, "fail", transfer) +
                                  operation(2, "transfer", transfer, "info", transfer);
    const std::string balances = "{0 7, 1 13, 2 10, 3 10, 4 10, 5 10, 6 10, 7 10}";
    const Judgement good = judged("bank", transfers + operation(1, "read", "nil", "ok", balances));
    CHECK(good.verdict == check::Verdict::valid);
    CHECK(good.checked == "1 reads among 4 transactions on 8 accounts");

    const Judgement half =
        judged("bank", transfers + operation(1, "read", "nil", "ok",
                                             "{0 7, 1 10, 2 10, 3 10, 4 10, 5 10, 6 10, 7 10}"));
    CHECK(half.verdict == check::Verdict::invalid);
    CHECK(half.anomalies == std::vector<std::string>{"wrong-total"});
    CHECK(half.explanation.starts_with("wrong-total: "));
    CHECK_FALSE(judge_history("bank", "{:type :invoke, :process 1, :f :dance}", "history.edn"));
}

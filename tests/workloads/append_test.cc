// SPDX-License-Identifier: Apache-2.0
#include "workloads/append.h"

#include <catch2/catch.hpp>

#include "tests/workloads/graph_store.h"
#include "workloads/record/append_history.h"

using namespace geode;
using namespace geode::workloads;

namespace {

MicroOperation append(std::uint64_t key, std::int64_t element) {
    return {MicroFunction::append, VertexId(key), element, {}};
}
MicroOperation read(std::uint64_t key) {
    return {MicroFunction::read, VertexId(key), 0, {}};
}

/// Performs and records a transaction.
Ending run(GraphStore& store, AppendHistory& history, std::int64_t process,
           std::vector<MicroOperation> operations) {
    history.invoked(process, operations);
    const Ending ending = ending_of(perform(store, operations));
    history.completed(process, ending, operations);
    return ending;
}

/// Many transactions, each with another one in the middle of it.
check::Judgement judge_interleaved(bool atomic) {
    GraphStore store;
    store.atomic = atomic;
    AppendHistory history;
    AppendKeys keys(3, 5);
    Prng prng(7);
    const auto draw = [&] {
        const auto slot = static_cast<std::uint32_t>(prng.below(keys.hot()));
        return prng.chance(1, 2) ? keys.next_append(slot) : read(keys.key(slot).value());
    };
    bool nested = false;
    store.after_read = [&] {
        if (nested || !prng.chance(1, 3)) return;
        nested = true;
        run(store, history, 1, {draw(), draw()});
        nested = false;
    };
    for (int i = 0; i < 300; ++i) run(store, history, 0, {draw(), draw(), draw()});
    store.after_read = nullptr;
    CHECK(read_all_lists(store, keys.used(), 2, history));
    return judge_append_history(history.finish());
}

}  // namespace

TEST_CASE("append: a transaction sees its own appends, and all of them happen or none", "[fast]") {
    GraphStore store;
    std::vector<MicroOperation> operations = {read(1),      append(1, 7), read(1),
                                              append(1, 8), append(2, 1), read(1)};
    CHECK(perform(store, operations)->is_ok());
    CHECK(operations[0].seen.empty());
    CHECK(operations[2].seen == std::vector<std::int64_t>{7});
    CHECK(operations[5].seen == std::vector<std::int64_t>{7, 8});
    store.before_apply = [&] {
        store.before_apply = nullptr;
        std::vector<MicroOperation> other = {append(2, 2)};
        CHECK(perform(store, other)->is_ok());
    };
    operations = {append(1, 9), read(2)};
    CHECK(perform(store, operations)->code == graph::OutcomeCode::conflict);
    operations = {read(1), read(2)};
    CHECK(perform(store, operations)->is_ok());
    CHECK(operations[0].seen == std::vector<std::int64_t>{7, 8});
    CHECK(operations[1].seen == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("append: what is no list of integers is an error", "[fast]") {
    GraphStore store;
    for (const graph::Value& value :
         {graph::Value(7), graph::Value(graph::List{graph::Value("x")})}) {
        OptimisticTransaction writer(store, "list");
        REQUIRE(writer.read(VertexId(1)));
        writer.write(VertexId(1), value);
        REQUIRE(writer.commit()->is_ok());
        std::vector<MicroOperation> operations = {read(1)};
        CHECK(perform(store, operations).code() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("append: a list retires after its last append, and elements are never repeated",
          "[fast]") {
    AppendKeys keys(2, 3);
    CHECK(keys.hot() == 2);
    CHECK(keys.used() == 2);
    const VertexId first = keys.key(0);
    for (std::int64_t element = 1; element <= 3; ++element) {
        const MicroOperation next = keys.next_append(0);
        CHECK(next.key == first);
        CHECK(next.element == element);
    }
    CHECK(keys.key(0) == VertexId(3));
    CHECK(keys.key(1) == VertexId(2));
    CHECK(keys.used() == 3);
    CHECK(keys.next_append(0).element == 1);
}

TEST_CASE("append: transactions within each other are strictly serializable", "[fast]") {
    const check::Judgement judged = judge_interleaved(true);
    CHECK(check::summary(judged) == "");
    CHECK(judged.verdict == check::Verdict::valid);
}

TEST_CASE("append: batches that happen in part are found, and told as a story", "[fast]") {
    const check::Judgement judged = judge_interleaved(false);
    REQUIRE(judged.verdict == check::Verdict::invalid);
    const auto names = check::anomaly_names(judged);
    CHECK(std::ranges::find(names, "G1a") != names.end());
    const std::string story = check::story_of(judged);
    CHECK(story.starts_with(judged.anomalies.front().name));
    CHECK(story.find("\n") != std::string::npos);
    CHECK(story.find(": process ") != std::string::npos);
}

TEST_CASE("append: a stale read that was not compared is found", "[fast]") {
    AppendHistory history;
    const std::vector<MicroOperation> write = {append(1, 1)};
    history.invoked(0, write);
    history.completed(0, Ending::ok, write);
    const std::vector<MicroOperation> stale = {read(1)};
    history.invoked(1, stale);
    history.completed(1, Ending::ok, stale);
    const check::Judgement judged = judge_append_history(history.finish());
    CHECK(check::anomaly_names(judged) == std::vector<std::string>{"G-single-item-realtime"});
}

TEST_CASE("append: what is refused, failed or unknown is recorded as such", "[fast]") {
    AppendHistory history;
    const std::vector<MicroOperation> operations = {append(1, 1), read(2)};
    for (const Ending ending : {Ending::refused, Ending::fail, Ending::unknown}) {
        history.invoked(0, operations);
        history.completed(0, ending, operations);
    }
    history.invoked(1, operations);
    const check::txn::TxnHistory recorded = history.finish();
    REQUIRE(recorded.transactions.size() == 4);
    CHECK(recorded.transactions[0].completion == check::Completion::fail);
    CHECK(recorded.transactions[1].completion == check::Completion::fail);
    CHECK(recorded.transactions[2].completion == check::Completion::unknown);
    CHECK(recorded.transactions[2].completed == check::never_completed);
    CHECK(recorded.transactions[3].completion == check::Completion::unknown);
    for (const check::txn::Transaction& transaction : recorded.transactions) {
        CHECK(check::txn::describe(recorded, transaction) == "append 1 1, read 2");
    }
}

TEST_CASE("append: the last reads try again behind a late write, and give up without an answer",
          "[fast]") {
    GraphStore store;
    AppendHistory history;
    run(store, history, 0, {append(2, 1)});
    int late = 2;
    store.before_apply = [&] {
        if (late-- <= 0) return;
        std::vector<MicroOperation> other = {append(2, 10 + late)};
        const auto kept = std::exchange(store.before_apply, nullptr);
        CHECK(run(store, history, 1, other) == Ending::ok);
        store.before_apply = kept;
    };
    CHECK(read_all_lists(store, 20, 9, history));
    store.failing_reads = 1;
    CHECK_FALSE(read_all_lists(store, 20, 9, history));
    const check::txn::TxnHistory recorded = history.finish();
    // 20 lists are three transactions; two more were aborted, and the last one failed.
    CHECK(std::ranges::count(recorded.transactions, 9, &check::txn::Transaction::process) == 6);
    CHECK(judge_append_history(recorded).verdict == check::Verdict::valid);
}

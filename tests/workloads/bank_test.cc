// SPDX-License-Identifier: Apache-2.0
#include "workloads/bank.h"

#include <catch2/catch.hpp>

#include "tests/workloads/graph_store.h"
#include "workloads/record/bank_history.h"

using namespace geode;
using namespace geode::workloads;

namespace {

constexpr std::uint32_t accounts = 3;
using Balances = std::vector<std::int64_t>;

Balances balances_of(GraphStore& store) {
    Balances balances;
    REQUIRE(read_balances(store, accounts, balances)->is_ok());
    return balances;
}

/// Many transfers, each with another one in the middle of it, and reads.
check::Judgement judge_interleaved(bool atomic) {
    GraphStore store;
    store.atomic = atomic;
    BankHistory history;
    Prng prng(3);
    const auto transfer = [&](std::int64_t process) {
        Transfer drawn;
        drawn.from = static_cast<std::uint32_t>(prng.below(3));
        drawn.to = (drawn.from + 1) % 3;
        drawn.amount = prng.between(std::int64_t{1}, std::int64_t{4});
        history.invoked_transfer(process, drawn);
        history.completed(process, ending_of(perform(store, drawn)), {});
    };
    bool nested = false;
    store.after_read = [&] {
        if (nested || !prng.chance(1, 3)) return;
        nested = true;
        transfer(1);
        nested = false;
    };
    for (int i = 0; i < 200; ++i) transfer(0);
    store.after_read = nullptr;
    CHECK(read_last_balances(store, accounts, 2, history));
    return judge_bank_history(history.finish(), accounts);
}

}  // namespace

TEST_CASE("bank: an account that is absent holds the first balance", "[fast]") {
    GraphStore store;
    CHECK(balances_of(store) == Balances{10, 10, 10});
    CHECK(perform(store, {0, 2, 4})->is_ok());
    CHECK(balances_of(store) == Balances{6, 10, 14});
    CHECK(perform(store, {2, 1, 14})->is_ok());
    CHECK(balances_of(store) == Balances{6, 24, 0});
}

TEST_CASE("bank: no account goes below zero, and a transfer happens whole or not", "[fast]") {
    GraphStore store;
    CHECK(perform(store, {0, 1, 11})->code == graph::OutcomeCode::conflict);
    store.before_apply = [&] {
        store.before_apply = nullptr;
        CHECK(perform(store, {2, 1, 1})->is_ok());
    };
    CHECK(perform(store, {0, 1, 5})->code == graph::OutcomeCode::conflict);
    CHECK(balances_of(store) == Balances{10, 11, 9});
}

TEST_CASE("bank: what is no balance is an error", "[fast]") {
    GraphStore store;
    OptimisticTransaction writer(store, "balance");
    REQUIRE(writer.read(VertexId(1)));
    writer.write(VertexId(1), "much");
    REQUIRE(writer.commit()->is_ok());
    Balances balances;
    CHECK(read_balances(store, accounts, balances).code() == ErrorCode::invalid_argument);
}

TEST_CASE("bank: transfers within each other keep the total", "[fast]") {
    const check::Judgement judged = judge_interleaved(true);
    CHECK(check::summary(judged) == "");
    CHECK(judged.verdict == check::Verdict::valid);
}

TEST_CASE("bank: batches that happen in part are found", "[fast]") {
    const check::Judgement judged = judge_interleaved(false);
    CHECK(check::anomaly_names(judged) == std::vector<std::string>{"wrong-total"});
}

TEST_CASE("bank: only reads that are ok are judged", "[fast]") {
    BankHistory history;
    const Balances wrong = {1, 2, 3};
    history.invoked_read(0);
    history.completed(0, Ending::refused, {});
    history.invoked_read(0);
    history.completed(0, Ending::unknown, {});
    CHECK(judge_bank_history(history.finish(), accounts).verdict == check::Verdict::valid);
    BankHistory lying;
    lying.invoked_read(0);
    lying.completed(0, Ending::ok, wrong);
    CHECK(check::summary(judge_bank_history(lying.finish(), accounts))
              .find("a total of 6 instead of 30") != std::string::npos);
}

TEST_CASE("bank: the last read gives up without an answer", "[fast]") {
    GraphStore store;
    BankHistory history;
    store.lost_answers = 1;
    CHECK_FALSE(read_last_balances(store, accounts, 0, history));
    CHECK(read_last_balances(store, accounts, 1, history));
}

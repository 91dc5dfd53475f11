// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/history.h"

#include <catch2/catch.hpp>

namespace geode::check::txn {
namespace {

TEST_CASE("txn history: what was answered replaces what was asked", "[fast]") {
    TxnHistoryBuilder builder;
    const ValueId key = builder.values().integer(9);
    const ValueId one = builder.values().integer(1);
    builder.append(key, one);
    builder.read_unknown(key, MopKind::read_list);
    REQUIRE(builder.begin(3));
    builder.append(key, one);
    builder.read_list(key, std::vector{one});
    REQUIRE(builder.end(3, Completion::ok, 7));
    const TxnHistory history = std::move(builder).finish();
    REQUIRE(history.transactions.size() == 1);
    CHECK(history.transactions[0].source == 7);
    CHECK(history.transactions[0].completed == 1);
    CHECK(describe(history, history.transactions[0]) == "append 9 1, read 9 = [1]");
}

TEST_CASE("txn history: reads of what did not commit are unknown", "[fast]") {
    TxnHistoryBuilder builder;
    const ValueId key = builder.values().integer(9);
    builder.read(key, builder.values().integer(4));
    builder.write(key, builder.values().integer(5));
    REQUIRE(builder.add(0, Completion::unknown, 0));
    const TxnHistory history = std::move(builder).finish();
    CHECK(history.transactions[0].completed == never_completed);
    CHECK(describe(history, history.transactions[0]) == "read 9, write 9 5");
}

TEST_CASE("txn history: an error leaves the builder as it was", "[fast]") {
    TxnHistoryBuilder builder;
    const ValueId key = builder.values().integer(9);
    builder.read_unknown(key, MopKind::read);
    REQUIRE(builder.begin(0));
    builder.write(key, key);
    CHECK_FALSE(builder.begin(0));                   // still running
    CHECK_FALSE(builder.end(0, Completion::ok, 0));  // a read without an answer
    CHECK_FALSE(builder.end(1, Completion::ok, 0));  // not running
    builder.read_unknown(key, MopKind::read);
    CHECK_FALSE(builder.add(1, Completion::ok, 0));  // a read without an answer
    CHECK_FALSE(builder.running(1));
    REQUIRE(builder.end(0, Completion::fail, 0));
    const TxnHistory history = std::move(builder).finish();
    REQUIRE(history.transactions.size() == 1);
    CHECK(history.mops.size() == 1);
    CHECK(history.transactions[0].completed == 1);
}

TEST_CASE("txn history: long lists are cut in the middle", "[fast]") {
    TxnHistoryBuilder builder;
    const ValueId key = builder.values().text("k");
    std::vector<ValueId> elements;
    for (int value = 0; value < 20; ++value) elements.push_back(builder.values().integer(value));
    builder.read_list(key, elements);
    REQUIRE(builder.add(0, Completion::ok, 0));
    const TxnHistory history = std::move(builder).finish();
    CHECK(describe(history, history.transactions[0]) ==
          "read \"k\" = [0 1 2 3 4 5 ... 14 15 16 17 18 19]");
}

}  // namespace
}  // namespace geode::check::txn

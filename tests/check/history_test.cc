// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/history.h"

#include <catch2/catch.hpp>

namespace geode::check {
namespace {

TEST_CASE("history: interns each value once", "[fast]") {
    ValueTable values;
    const ValueId one = values.integer(1);
    const ValueId text = values.text("1");
    REQUIRE(values.integer(1) == one);
    REQUIRE(values.text("1") == text);
    REQUIRE(one != text);
    REQUIRE(values.intern(Literal{}) == nil_value);
    REQUIRE(values.describe(nil_value) == "nil");
    REQUIRE(values.describe(one) == "1");
    REQUIRE(values.describe(text) == "\"1\"");
    REQUIRE(values.text("") != nil_value);
    REQUIRE_FALSE(values.find(Literal{.kind = ValueKind::integer, .integer = 2}).has_value());
    for (std::int64_t value = 0; value < 1000; ++value) values.integer(value);
    REQUIRE(values.integer(1) == one);
    REQUIRE(values.integer_of(values.integer(999)) == 999);
    REQUIRE(values.text_of(text) == "1");
}

TEST_CASE("history: orders operations by their events", "[fast]") {
    HistoryBuilder builder;
    const ValueId one = builder.values().integer(1);
    REQUIRE(builder.invoke({.process = 7, .function = Function::write, .argument = one}));
    REQUIRE(builder.invoke({.process = 8, .function = Function::read}));
    REQUIRE(builder.ok(8, one, 50));
    REQUIRE(builder.info(7));
    REQUIRE(builder.invoke({.process = 7, .function = Function::cas, .expected = one}));
    REQUIRE(builder.refuse(7));
    REQUIRE(builder.invoke({.process = 7, .function = Function::read}));
    const History history = std::move(builder).finish();
    REQUIRE(history.operations.size() == 4);
    const Operation& write = history.operations[0];
    const Operation& read = history.operations[1];
    REQUIRE(write.completion == Completion::unknown);
    REQUIRE(write.completed == never_completed);
    REQUIRE(read.invoked == 1);
    REQUIRE(read.completed == 2);
    REQUIRE(read.completed_ns == 50);
    REQUIRE(history.operations[2].completion == Completion::refused);
    REQUIRE(history.operations[3].completion == Completion::unknown);
    REQUIRE(describe(write, history.values) == "process 7: write 1, outcome unknown");
    REQUIRE(describe(history.operations[2], history.values) == "process 7: cas 1 to nil, refused");
}

TEST_CASE("history: refuses events that cannot be", "[fast]") {
    HistoryBuilder builder;
    REQUIRE(builder.ok(1).code() == ErrorCode::invalid_argument);
    REQUIRE(builder.invoke({.process = 1, .function = Function::read}));
    REQUIRE(builder.invoke({.process = 1, .function = Function::read}).code() ==
            ErrorCode::invalid_argument);
    REQUIRE(builder.refuse(1).code() == ErrorCode::invalid_argument);
    REQUIRE(builder.ok(1));
    REQUIRE(builder.info(1).code() == ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace geode::check

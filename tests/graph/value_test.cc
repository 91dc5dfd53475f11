// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "graph/value.h"

using namespace geode::graph;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

/// Strictly ascending in the total order.
std::vector<Value> ladder() {
    return {Value(),
            Value(false),
            Value(true),
            Value(-infinity),
            Value(-0x1.8p63),
            Value(int64_min),
            Value(-0x1.0p63),
            Value(-2),
            Value(-1.5),
            Value(-1),
            Value(-0.5),
            Value(0),
            Value(-0.0),
            Value(0.0),
            Value(0.5),
            Value(1),
            Value(1.0),
            Value(9007199254740992),
            Value(9007199254740992.0),
            Value(9007199254740993),
            Value(int64_max),
            Value(0x1.0p63),
            Value(infinity),
            Value(not_a_number),
            Value(""),
            Value(std::string("\0", 1)),
            Value("a"),
            Value(std::string("a\0", 2)),
            Value("ab"),
            Value("b"),
            Value("\xff"),
            Value(List{}),
            Value(List{Value()}),
            Value(List{Value(1)}),
            Value(List{Value(1), Value(1)}),
            Value(List{Value(1.0)}),
            Value(List{Value("a")})};
}

}  // namespace

TEST_CASE("value: the total order, every pair of a ladder", "[fast]") {
    const std::vector<Value> values = ladder();
    for (std::size_t i = 0; i < values.size(); ++i) {
        for (std::size_t j = 0; j < values.size(); ++j) {
            INFO(to_text(values[i]) << " and " << to_text(values[j]));
            CHECK((values[i] <=> values[j]) == (i <=> j));
            CHECK((values[i] == values[j]) == (i == j));
        }
    }
}

TEST_CASE("value: every NaN is the same NaN", "[fast]") {
    CHECK(Value(-not_a_number) == Value(not_a_number));
    CHECK(Value(std::nan("17")) == Value(not_a_number));
    CHECK_FALSE(std::signbit(Value(-not_a_number).float64()));
}

TEST_CASE("value: kinds follow from what it is made of", "[fast]") {
    CHECK(Value().kind() == ValueKind::null);
    CHECK(Value(true).kind() == ValueKind::boolean);
    CHECK(Value(5).kind() == ValueKind::int64);
    CHECK(Value(5U).int64() == 5);
    CHECK(Value(5.0F).kind() == ValueKind::float64);
    CHECK(Value("text").kind() == ValueKind::string);
    CHECK(Value(std::string_view("text")).string() == "text");
    CHECK(Value(List{Value(1)}).list().size() == 1);
}

TEST_CASE("value: text reads like the query language", "[fast]") {
    CHECK(to_text(Value()) == "null");
    CHECK(to_text(Value(true)) == "true");
    CHECK(to_text(Value(int64_min)) == "-9223372036854775808");
    CHECK(to_text(Value(2.0)) == "2.0");
    CHECK(to_text(Value(0.1)) == "0.1");
    CHECK(to_text(Value(-0.0)) == "-0.0");
    CHECK(to_text(Value(1e300)) == "1e+300");
    CHECK(to_text(Value(not_a_number)) == "NaN");
    CHECK(to_text(Value(-infinity)) == "-Infinity");
    CHECK(to_text(Value("a \"b\" \\ \n\x01 \xc3\xa9")) == "\"a \\\"b\\\" \\\\ \\n\\x01 \xc3\xa9\"");
    CHECK(to_text(Value(List{Value(1), Value(List{}), Value()})) == "[1, [], null]");
    CHECK(to_text(Properties{{"b", 1}, {"a", "x"}}) == "{a: \"x\", b: 1}");
}

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Value: what a property can hold. Null, bool, int64, double, string, or a list of values.
//
// Equality here is identity of what is stored, the only notion on which compare-and-set, digests
// and replica comparison agree:
//  1. Kinds never mix: 1 != 1.0. The query language compares numbers its own way on top of this.
//  2. NaN == NaN: every NaN becomes the one canonical NaN when a Value is made from it.
//  3. -0.0 != 0.0, because they print and divide differently.
//  4. a == b exactly when their encodings (record.h) are the same bytes.
// The total order agrees with equality: null, bools, numbers, strings by bytes, lists by their
// elements. Numbers sort by exact mathematical value whatever their kind (no rounding of int64 to
// double), NaN last; of equal numbers the int64 comes first, and -0.0 before 0.0.
//
// Strings are bytes, UTF-8 by convention; nothing here depends on it.

#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/assert.h"

namespace geode::graph {

class Value;
using List = std::vector<Value>;
using Properties = std::map<std::string, Value, std::less<>>;

/// The order of the enumerators is the order of Value's alternatives.
enum class ValueKind : std::uint8_t { null, boolean, int64, float64, string, list };

/// Integers that int64 holds without loss; bool and char types are not meant as numbers.
template <class T>
concept SmallInteger = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                       (std::signed_integral<T> || sizeof(T) < sizeof(std::int64_t));

class Value {
public:
    /// Null.
    Value() = default;
    template <std::same_as<bool> T>
    Value(T value) : state_(value) {}
    template <SmallInteger T>
    Value(T value) : state_(static_cast<std::int64_t>(value)) {}
    /// Any NaN becomes the canonical one (rule 2).
    template <std::floating_point T>
    Value(T value)
        : state_(value == value ? static_cast<double>(value)
                                : std::numeric_limits<double>::quiet_NaN()) {}
    Value(std::string value) : state_(std::move(value)) {}
    Value(std::string_view value) : state_(std::string(value)) {}
    Value(const char* value) : state_(std::string(value)) {}
    Value(List value) : state_(std::move(value)) {}

    ValueKind kind() const noexcept { return static_cast<ValueKind>(state_.index()); }
    bool is_null() const noexcept { return kind() == ValueKind::null; }

    /// The contents; asserts that the kind is right.
    bool boolean() const { return alternative<bool>(); }
    std::int64_t int64() const { return alternative<std::int64_t>(); }
    double float64() const { return alternative<double>(); }
    const std::string& string() const { return alternative<std::string>(); }
    const List& list() const { return alternative<List>(); }

    friend bool operator==(const Value& left, const Value& right) {
        return (left <=> right) == std::strong_ordering::equal;
    }
    friend std::strong_ordering operator<=>(const Value& left, const Value& right) {
        return left.compare(right);
    }

private:
    template <class T>
    const T& alternative() const {
        const T* const value = std::get_if<T>(&state_);
        GEODE_ASSERT_MSG(value != nullptr, "the value is of another kind");
        return *value;
    }
    std::strong_ordering compare(const Value& right) const;

    std::variant<std::monostate, bool, std::int64_t, double, std::string, List> state_;
};

/// "null", "true", "-3", "1.5", "2.0", "NaN", "-Infinity", "\"a \\\"quoted\\\" word\"", "[1,
/// null]". Doubles in the shortest form that reads back to the same bits; control bytes as \xNN.
std::string to_text(const Value& value);
/// "{age: 7, name: \"Ada\"}", in the order of the names.
std::string to_text(const Properties& properties);

/// Name of the kind for messages: "null", "bool", "int64", "double", "string", "list".
std::string_view to_string(ValueKind kind) noexcept;

}  // namespace geode::graph

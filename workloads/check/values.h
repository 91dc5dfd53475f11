// SPDX-License-Identifier: Apache-2.0
#pragma once

// Interned values: every key, argument and result of a history is a small number.
//
// Two values are equal exactly when their ids are, so checkers compare and hash ids only and the
// text is needed again just for explanations. Ids are dense, in order of first appearance, which
// makes everything derived from them the same on every machine.
//
// nil, integers and texts are what registers and key-value stores need; composite values (lists of
// a transaction) get their own kind when a model needs them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace geode::check {

using ValueId = StrongId<struct CheckValueIdTag, std::uint32_t>;  ///< 0 is nil

inline constexpr ValueId nil_value{};

enum class ValueKind : std::uint8_t { nil, integer, text };

/// A value by itself, outside any table: for the initial state of a model. Borrows its text.
struct Literal {
    ValueKind kind = ValueKind::nil;
    std::int64_t integer = 0;
    std::string_view text = {};
};

class ValueTable {
public:
    ValueTable();

    /// The id of the value, made if new. Amortised constant; texts are copied.
    ValueId integer(std::int64_t value);
    ValueId text(std::string_view value);
    ValueId intern(const Literal& literal);

    /// The id of the value if some operation mentions it.
    std::optional<ValueId> find(const Literal& literal) const;

    ValueKind kind(ValueId id) const { return entry(id).kind; }
    /// The integer of an integer value.
    std::int64_t integer_of(ValueId id) const;
    /// The bytes of a text value; valid until the next value is interned.
    std::string_view text_of(ValueId id) const;
    /// For a person: nil, 17 or "abc" (long texts are cut in the middle).
    std::string describe(ValueId id) const;

    std::uint32_t count() const { return static_cast<std::uint32_t>(entries_.size()); }

private:
    struct Entry {
        ValueKind kind;
        std::uint32_t text_bytes;
        std::int64_t payload;  // the integer, or where the text starts
    };
    const Entry& entry(ValueId id) const {
        GEODE_ASSERT(id.value() < entries_.size());
        return entries_[id.value()];
    }
    Literal literal_of(std::uint32_t index) const;
    std::size_t slot_of(const Literal& literal) const;
    void grow();

    std::vector<Entry> entries_;
    std::string texts_;
    std::vector<std::uint32_t> slots_;  // open addressing, index + 1; 0 is free
};

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Interned values: every key, argument and result of a history is a small number.
//
// Two values are equal exactly when their ids are, so checkers compare and hash ids only and the
// text is needed again just for explanations. Ids are dense, in order of first appearance, which
// makes everything derived from them the same on every machine.
//
// A list holds other values in order. Sets come as lists, and maps as lists of [key value] pairs:
// which of them is meant is for the model to know.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace geode::check {

using ValueId = StrongId<struct CheckValueIdTag, std::uint32_t>;  ///< 0 is nil

inline constexpr ValueId nil_value{};

enum class ValueKind : std::uint8_t { nil, integer, text, list };

/// A value by itself, outside any table: for the initial state of a model. Borrows its text; the
/// elements of a list belong to a table.
struct Literal {
    ValueKind kind = ValueKind::nil;
    std::int64_t integer = 0;
    std::string_view text = {};
    std::span<const ValueId> elements = {};
};

class ValueTable {
public:
    ValueTable();

    /// The id of the value, made if new. Amortised constant; texts are copied.
    ValueId integer(std::int64_t value);
    ValueId text(std::string_view value);
    ValueId list(std::span<const ValueId> elements);
    ValueId intern(const Literal& literal);

    /// The id of the value if some operation mentions it.
    std::optional<ValueId> find(const Literal& literal) const;

    ValueKind kind(ValueId id) const { return entry(id).kind; }
    /// The integer of an integer value.
    std::int64_t integer_of(ValueId id) const;
    /// The bytes of a text value; valid until the next value is interned.
    std::string_view text_of(ValueId id) const;
    /// The elements of a list value; valid until the next value is interned.
    std::span<const ValueId> list_of(ValueId id) const;
    /// For a person: nil, 17, "abc" or [1 2] (what is long is cut in the middle).
    std::string describe(ValueId id) const;

    /// "[1 2]", long lists cut in the middle.
    std::string describe_elements(std::span<const ValueId> elements) const;
    /// The order of priorities: nil, then integers, then texts by their bytes, then lists.
    bool less(ValueId a, ValueId b) const;

    std::uint32_t count() const { return static_cast<std::uint32_t>(entries_.size()); }

private:
    struct Entry {
        ValueKind kind;
        std::uint32_t size;    // of a text in bytes, of a list in elements
        std::int64_t payload;  // the integer, or where the text or list starts
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
    std::vector<ValueId> elements_;
    std::vector<std::uint32_t> slots_;  // open addressing, index + 1; 0 is free
};

}  // namespace geode::check

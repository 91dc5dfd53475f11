// SPDX-License-Identifier: Apache-2.0
#pragma once

// Spells recorded events as text: JSON objects or EDN maps, one per line. What writers of histories
// share; they say what comes next, and separators, quotes and keywords follow from the notation.
// Texts must be UTF-8: whether one was not is told at the end.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "workloads/check/values.h"

namespace geode::check {

enum class Notation : std::uint8_t { json, edn };

class EventText {
public:
    /// `values` must outlive this.
    EventText(Notation notation, const ValueTable& values) : notation_(notation), values_(values) {}

    Notation notation() const { return notation_; }

    void open_event() { open("{"); }
    void close_event();
    void open_list() { open("["); }
    void close_list() { close("]"); }
    /// The name of a member of the event; its value comes next.
    void member(std::string_view name);

    void nil();
    void integer(std::int64_t value);
    /// A name of the notation's own: "read" or :read.
    void word(std::string_view name);
    /// Lists are written as such.
    void value(ValueId id);
    /// The same, but lists of pairs with different first elements are maps.
    void value_with_maps(ValueId id);

    /// invalid_argument if a text was not UTF-8.
    Result<std::string> take() &&;

private:
    void separate();
    void open(std::string_view bracket);
    void close(std::string_view bracket);
    void scalar(std::string_view spelling);
    void text(std::string_view bytes);
    bool can_be_map(ValueId id) const;
    void map(ValueId id);

    Notation notation_;
    const ValueTable& values_;
    std::string out_;
    bool needs_separator_ = false;
    bool utf8_ = true;  // all texts so far
};

/// Whether `text` is a keyword with its colon, which EDN can spell without quotes.
bool is_keyword(std::string_view text);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// A reader for EDN, the notation of Clojure programs, as far as recorded histories use it.
//
// Forms come one at a time, so a file of any length is read in the space of its largest form. The
// file may be one top-level vector or list of forms, or the forms one after another. Commas are
// space; `;` comments, `#_` discards and tags (`#inst "..."`, read as their form) are understood.
// Nesting is bounded and the parser does not recurse.
//
// A form is a flat list of nodes in reading order: the children of node i begin at i + 1, and the
// sibling after it is nodes[i].end.
//
// Source: github.com/edn-format/edn.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace geode::check {

enum class EdnKind : std::uint8_t {
    nil,
    integer,
    text,
    keyword,  ///< with its colon
    other,    ///< symbols, booleans, reals, characters: their spelling
    list,
    vector,
    map,
    set,
};

struct EdnNode {
    EdnKind kind = EdnKind::nil;
    std::string_view text;     ///< of a text its bytes, unescaped; else the spelling
    std::int64_t integer = 0;  ///< of an integer
    std::uint32_t end = 0;     ///< index after this node and all it contains
};

struct EdnForm {
    std::vector<EdnNode> nodes;
    std::deque<std::string> unescaped;  ///< texts that had escapes
    std::size_t offset = 0;             ///< where it starts in the input
    /// The value under `keyword` in the map at nodes[map], or null.
    const EdnNode* find(std::size_t map, std::string_view keyword) const;
    std::size_t index_of(const EdnNode& node) const {
        return static_cast<std::size_t>(&node - nodes.data());
    }
};

class EdnReader {
public:
    /// `text` must outlive the reader and its forms; `name` is for messages.
    EdnReader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

    /// Reads the next form; false at the end. invalid_argument with name:line for bad input.
    Result<bool> next(EdnForm& form);

    /// "name:line: expected ..." for a form read from here.
    Error error_at(std::size_t offset, std::string_view expected) const;

private:
    struct Open {
        char closer;  // 0: a discard, which ends with its first form
        std::uint32_t node;
    };
    bool skip_space();
    Result<bool> at_end();
    Result<void> read_token(EdnForm& form);
    Result<void> open(EdnForm& form, EdnKind kind, char closer, std::size_t width);
    Result<void> close(EdnForm& form);
    Result<void> read_dispatch(EdnForm& form);
    Result<void> read_text(EdnForm& form);
    Result<void> read_atom(EdnForm& form);
    void finish_node(EdnForm& form, EdnNode node);
    void finish_discards(EdnForm& form);
    std::string_view take_word();

    std::string_view text_;
    std::string_view name_;
    std::size_t at_ = 0;
    bool started_ = false;
    char top_closer_ = 0;  // the bracket that ends the whole file, if it has one
    std::vector<Open> open_;
};

}  // namespace geode::check

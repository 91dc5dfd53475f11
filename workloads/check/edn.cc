// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/edn.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace geode::check {
namespace {

constexpr std::size_t depth_max = 64;

bool is_space(char byte) {
    return byte == ' ' || byte == ',' || byte == '\n' || byte == '\t' || byte == '\r' ||
           byte == '\f';
}
/// Which bytes end a word; a table, as every byte of a number asks.
constexpr std::array<bool, 256> word_ends = [] {
    std::array<bool, 256> ends{};
    for (const char byte : std::string_view(" ,\n\t\r\f()[]{}\";")) {
        ends[static_cast<unsigned char>(byte)] = true;
    }
    return ends;
}();
bool ends_word(char byte) {
    return word_ends[static_cast<unsigned char>(byte)];
}
bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}
bool looks_numeric(std::string_view word) {
    if (is_digit(word.front())) return true;
    return word.size() > 1 && (word.front() == '-' || word.front() == '+') && is_digit(word[1]);
}

/// Appends the code point as UTF-8.
void append_utf8(std::string& out, std::uint32_t point) {
    const auto tail = [&out, point](std::uint32_t shift) {
        out += static_cast<char>(0x80U | (point >> shift & 0x3fU));
    };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0U | point >> 6U);
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xe0U | point >> 12U);
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0U | point >> 18U);
        tail(12);
        tail(6);
        tail(0);
    }
}

/// The four hexadecimal digits after "\\u" at `at`.
std::optional<std::uint32_t> unit_at(std::string_view body, std::size_t at) {
    if (body.size() < at + 6 || body.substr(at, 2) != "\\u") return std::nullopt;
    std::uint32_t unit = 0;
    const char* const end = body.data() + at + 6;
    const auto [stop, code] = std::from_chars(body.data() + at + 2, end, unit, 16);
    return code == std::errc() && stop == end ? std::optional(unit) : std::nullopt;
}

/// Appends the string that `body` spells; where it cannot be read, or body.size().
std::size_t unescape(std::string_view body, std::string& plain) {
    constexpr std::string_view names = "ntrbf\\\"";
    constexpr std::string_view meanings = "\n\t\r\b\f\\\"";
    for (std::size_t at = 0; at < body.size(); ++at) {
        if (body[at] != '\\') {
            plain += body[at];
            continue;
        }
        const std::size_t name = names.find(body[at + 1]);
        if (name != std::string_view::npos) {
            plain += meanings[name];
            ++at;
            continue;
        }
        auto point = unit_at(body, at);
        const auto low = unit_at(body, at + 6);
        const bool paired = point && low && *point >> 10U == 0x36 && *low >> 10U == 0x37;
        if (paired) point = 0x10000 + ((*point & 0x3ffU) << 10U) + (*low & 0x3ffU);
        if (!point || (*point < 0x10000 && *point >> 11U == 0x1b)) return at + 1;  // half a pair
        append_utf8(plain, *point);
        at += paired ? 11 : 5;
    }
    return body.size();
}

}  // namespace

const EdnNode* EdnForm::find(std::size_t map, std::string_view keyword) const {
    GEODE_ASSERT(map < nodes.size());
    GEODE_ASSERT(nodes[map].kind == EdnKind::map);
    const std::size_t end = nodes[map].end;
    for (std::size_t key = map + 1; key < end;) {
        const std::size_t value = nodes[key].end;
        if (nodes[key].kind == EdnKind::keyword && nodes[key].text == keyword) {
            return &nodes[value];
        }
        key = nodes[value].end;
    }
    return nullptr;
}

Error EdnReader::error_at(std::size_t offset, std::string_view expected) const {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text_.size()));
    const auto line = 1 + std::count(text_.begin(), end, '\n');
    return make_error(ErrorCode::invalid_argument, std::string(name_) + ":" + std::to_string(line) +
                                                       ": expected " + std::string(expected));
}

Result<bool> EdnReader::next(EdnForm& form) {
    form.nodes.clear();
    form.unescaped.clear();
    if (!started_) {
        started_ = true;
        if (skip_space() && (text_[at_] == '[' || text_[at_] == '(')) {
            top_closer_ = text_[at_++] == '[' ? ']' : ')';
        }
    }
    // A discard may leave no nodes; then the next form is read.
    while (form.nodes.empty() || !open_.empty()) {
        if (open_.empty()) {
            GEODE_TRY(const bool ended, at_end());
            if (ended) return false;
            form.offset = at_;
        } else if (!skip_space()) {
            return error_at(form.offset, "the form that starts here to end");
        }
        GEODE_TRY_VOID(read_token(form));
    }
    return true;
}

/// Skips space and comments; false at the end of input.
bool EdnReader::skip_space() {
    while (at_ < text_.size()) {
        if (text_[at_] == ';') {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (is_space(text_[at_])) {
            ++at_;
        } else {
            return true;
        }
    }
    return false;
}

/// Whether no further top-level form follows.
Result<bool> EdnReader::at_end() {
    if (!skip_space()) {
        if (top_closer_ == 0) return true;
        return error_at(at_, std::string("'") + top_closer_ + "' before the end of the file");
    }
    if (top_closer_ == 0 || text_[at_] != top_closer_) return false;
    ++at_;
    if (skip_space()) return error_at(at_, "nothing after the closing bracket");
    top_closer_ = 0;
    return true;
}

Result<void> EdnReader::read_token(EdnForm& form) {
    switch (text_[at_]) {
        case '{': return open(form, EdnKind::map, '}', 1);
        case '[': return open(form, EdnKind::vector, ']', 1);
        case '(': return open(form, EdnKind::list, ')', 1);
        case '}':
        case ']':
        case ')': return close(form);
        case '#': return read_dispatch(form);
        case '"': return read_text(form);
        default: return read_atom(form);
    }
}

Result<void> EdnReader::open(EdnForm& form, EdnKind kind, char closer, std::size_t width) {
    if (open_.size() >= depth_max) return error_at(at_, "at most 64 levels of nesting");
    open_.push_back(Open{closer, static_cast<std::uint32_t>(form.nodes.size())});
    form.nodes.push_back(EdnNode{.kind = kind, .text = text_.substr(at_, width)});
    at_ += width;
    return {};
}

Result<void> EdnReader::close(EdnForm& form) {
    if (open_.empty() || open_.back().closer != text_[at_]) {
        return error_at(at_, "the bracket that matches the last one opened");
    }
    const std::uint32_t index = open_.back().node;
    EdnNode& node = form.nodes[index];
    node.end = static_cast<std::uint32_t>(form.nodes.size());
    if (node.kind == EdnKind::map) {
        std::uint32_t children = 0;
        for (std::uint32_t child = index + 1; child < node.end; child = form.nodes[child].end) {
            ++children;
        }
        if (children % 2 != 0) return error_at(at_, "a value for the last key of the map");
    }
    open_.pop_back();
    ++at_;
    finish_discards(form);
    return {};
}

/// `#{` a set, `#_` a discard, `#tag` dropped.
Result<void> EdnReader::read_dispatch(EdnForm& form) {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (next == '{') return open(form, EdnKind::set, '}', 2);
    if (next == '_') {
        if (open_.size() >= depth_max) return error_at(at_, "at most 64 levels of nesting");
        open_.push_back(Open{0, static_cast<std::uint32_t>(form.nodes.size())});
        at_ += 2;
        return {};
    }
    ++at_;
    if (take_word().empty()) return error_at(at_, "a tag after #");
    if (!skip_space()) return error_at(at_, "a form after the tag");
    return {};
}

Result<void> EdnReader::read_text(EdnForm& form) {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return error_at(begin, "the string that starts here to end");
    std::string_view body = text_.substr(begin, at_ - begin);
    ++at_;
    if (body.find('\\') != std::string_view::npos) {
        std::string& plain = form.unescaped.emplace_back();
        if (const std::size_t bad = unescape(body, plain); bad != body.size()) {
            return error_at(begin + bad,
                            "one of the escapes \\n \\t \\r \\b \\f \\\\ \\\" \\uXXXX");
        }
        body = plain;
    }
    finish_node(form, EdnNode{.kind = EdnKind::text, .text = body});
    return {};
}

Result<void> EdnReader::read_atom(EdnForm& form) {
    const std::size_t begin = at_;
    if (text_[at_] == '\\') ++at_;  // a character: its first byte may be a bracket
    if (at_ < text_.size() && at_ > begin) ++at_;
    take_word();
    const std::string_view word = text_.substr(begin, at_ - begin);
    GEODE_ASSERT(!word.empty());
    EdnNode node{.kind = EdnKind::other, .text = word};
    if (word == "nil") {
        node.kind = EdnKind::nil;
    } else if (word.front() == ':') {
        node.kind = EdnKind::keyword;
    } else if (looks_numeric(word)) {
        const char* const first = word.data() + (word.front() == '+' ? 1 : 0);
        const char* const last = word.data() + word.size();
        const auto [stop, code] = std::from_chars(first, last, node.integer);
        if (code == std::errc::result_out_of_range) {
            return error_at(begin, "an integer of 64 bits");
        }
        const bool whole = stop == last || (stop + 1 == last && *stop == 'N');
        if (code == std::errc() && whole) node.kind = EdnKind::integer;
    }
    finish_node(form, node);
    return {};
}

void EdnReader::finish_node(EdnForm& form, EdnNode node) {
    node.end = static_cast<std::uint32_t>(form.nodes.size() + 1);
    form.nodes.push_back(node);
    finish_discards(form);
}

/// A form has just ended: drops it for each discard that waited for it.
void EdnReader::finish_discards(EdnForm& form) {
    if (open_.empty() || open_.back().closer != 0) return;
    // `#_ #_ a b` drops both: the inner discard takes a, the outer one waits for b.
    form.nodes.resize(open_.back().node);
    open_.pop_back();
}

std::string_view EdnReader::take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
}

}  // namespace geode::check

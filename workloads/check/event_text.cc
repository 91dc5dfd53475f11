// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/event_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace geode::check {
namespace {

bool looks_like_integer(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool is_keyword(std::string_view text) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.*+!-_?$%&=<>/";
    return text.size() > 1 && text.front() == ':' &&
           text.find_first_not_of(letters, 1) == std::string_view::npos && text.back() != '/' &&
           text[1] != '/';
}

void EventText::close_event() {
    close("}");
    out_.append("\n");
    needs_separator_ = false;
}

void EventText::member(std::string_view name) {
    const bool json = notation_ == Notation::json;
    if (needs_separator_) out_.append(json ? "," : ", ");
    out_.append(json ? "\"" : ":").append(name).append(json ? "\":" : " ");
    needs_separator_ = false;
}

void EventText::nil() {
    scalar(notation_ == Notation::json ? "null" : "nil");
}

void EventText::integer(std::int64_t value) {
    scalar(std::to_string(value));
}

void EventText::word(std::string_view name) {
    separate();
    const bool json = notation_ == Notation::json;
    out_.append(json ? "\"" : ":").append(name).append(json ? "\"" : "");
    needs_separator_ = true;
}

void EventText::value(ValueId id) {
    switch (values_.kind(id)) {
        case ValueKind::nil: return nil();
        case ValueKind::integer: return integer(values_.integer_of(id));
        case ValueKind::text: return text(values_.text_of(id));
        case ValueKind::list:
            open_list();
            for (const ValueId element : values_.list_of(id)) value(element);
            return close_list();
    }
    GEODE_UNREACHABLE("ValueKind out of range");
}

void EventText::value_with_maps(ValueId id) {
    if (values_.kind(id) == ValueKind::list && can_be_map(id)) return map(id);
    value(id);
}

Result<std::string> EventText::take() && {
    if (utf8_) return std::move(out_);
    return make_error(ErrorCode::invalid_argument,
                      "a text of the history is not UTF-8, which neither JSON nor EDN can hold");
}

void EventText::separate() {
    if (needs_separator_) out_.append(notation_ == Notation::json ? "," : " ");
}

void EventText::open(std::string_view bracket) {
    separate();
    out_.append(bracket);
    needs_separator_ = false;
}

void EventText::close(std::string_view bracket) {
    out_.append(bracket);
    needs_separator_ = true;
}

void EventText::scalar(std::string_view spelling) {
    separate();
    out_.append(spelling);
    needs_separator_ = true;
}

void EventText::text(std::string_view bytes) {
    const bool bare =
        notation_ == Notation::edn && (bytes == "true" || bytes == "false" || is_keyword(bytes));
    if (bare) return scalar(bytes);
    // EDN's strings know every escape that JSON's do.
    try {
        scalar(nlohmann::json(std::string(bytes)).dump());
    } catch (const nlohmann::json::exception&) {
        utf8_ = false;
    }
}

bool EventText::can_be_map(ValueId id) const {
    std::set<ValueId> keys;
    return std::ranges::all_of(values_.list_of(id), [&](ValueId element) {
        if (values_.kind(element) != ValueKind::list) return false;
        const auto pair = values_.list_of(element);
        if (pair.size() != 2 || !keys.insert(pair[0]).second) return false;
        if (notation_ == Notation::edn) return true;
        // The keys of JSON are texts, and read as integers where they look so.
        const ValueKind kind = values_.kind(pair[0]);
        return kind == ValueKind::integer ||
               (kind == ValueKind::text && !looks_like_integer(values_.text_of(pair[0])));
    });
}

void EventText::map(ValueId id) {
    open("{");
    for (const ValueId element : values_.list_of(id)) {
        const auto pair = values_.list_of(element);
        if (notation_ == Notation::edn) {
            if (needs_separator_) out_.append(",");
            value(pair[0]);
        } else if (values_.kind(pair[0]) == ValueKind::integer) {
            scalar("\"" + std::to_string(values_.integer_of(pair[0])) + "\"");
        } else {
            text(values_.text_of(pair[0]));
        }
        if (notation_ == Notation::json) {
            out_.append(":");
            needs_separator_ = false;
        }
        value(pair[1]);
    }
    close("}");
}

}  // namespace geode::check

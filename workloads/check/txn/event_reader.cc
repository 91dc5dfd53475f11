// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/event_reader.h"

#include <optional>

namespace geode::check::txn {
namespace {

enum class EventType : std::uint8_t { invoke, ok, fail, info };

Error expected(std::string_view what) {
    return make_error(ErrorCode::invalid_argument, "expected " + std::string(what));
}

/// A keyword without its colon, a text as it is; empty for anything else.
std::string_view word_of(const EdnNode& node) {
    if (node.kind == EdnKind::keyword) return node.text.substr(1);
    return node.kind == EdnKind::text ? node.text : std::string_view();
}

std::optional<EventType> event_type_of(std::string_view word) {
    if (word == "invoke") return EventType::invoke;
    if (word == "ok") return EventType::ok;
    if (word == "fail") return EventType::fail;
    if (word == "info") return EventType::info;
    return std::nullopt;
}

bool is_sequence(const EdnNode& node) {
    return node.kind == EdnKind::vector || node.kind == EdnKind::list;
}

}  // namespace

EventReader::Members EventReader::members_of(const EdnForm& form) {
    Members found;
    const std::uint32_t end = form.nodes[0].end;
    for (std::uint32_t key = 1; key < end; key = form.nodes[form.nodes[key].end].end) {
        const EdnNode& name = form.nodes[key];
        const EdnNode& value = form.nodes[name.end];
        if (name.kind != EdnKind::keyword) continue;
        if (name.text == ":process") found.process = &value;
        if (name.text == ":type") found.type = &value;
        if (name.text == ":value") found.value = &value;
        if (name.text == ":time") found.time = &value;
        if (name.text == ":index") found.index = &value;
    }
    return found;
}

Result<void> EventReader::take(const EdnForm& form) {
    if (form.nodes[0].kind != EdnKind::map) return expected("a map per event");
    const Members members = members_of(form);
    const std::uint64_t place = events_++;
    std::int64_t process = 0;
    if (members.process != nullptr && members.process->kind != EdnKind::nil) {
        if (members.process->kind != EdnKind::integer) return {};
        process = members.process->integer;
    }
    const auto type =
        members.type == nullptr ? std::nullopt : event_type_of(word_of(*members.type));
    if (!type) return expected("a type: invoke, ok, fail or info");
    const bool has_value = members.value != nullptr && members.value->kind != EdnKind::nil;
    if (has_value) {
        const auto taken = take_mops(form, *members.value, *type == EventType::ok);
        if (!taken) {
            builder_.discard();
            return taken;
        }
    }
    const bool has_time = members.time != nullptr && members.time->kind == EdnKind::integer;
    const std::int64_t time_ns = has_time ? members.time->integer : no_time;
    const bool has_index = members.index != nullptr && members.index->kind == EdnKind::integer;
    const std::uint64_t source =
        has_index ? static_cast<std::uint64_t>(members.index->integer) : place;
    Result<void> fed;
    if (*type == EventType::invoke) {
        fed = builder_.begin(process, time_ns);
    } else {
        Completion completion = Completion::ok;
        if (*type == EventType::fail) completion = Completion::fail;
        if (*type == EventType::info) completion = Completion::unknown;
        fed = builder_.running(process) ? builder_.end(process, completion, source, time_ns)
                                        : builder_.add(process, completion, source, time_ns);
    }
    if (!fed) return expected("a matching event: " + fed.error().message);
    return {};
}

Result<void> EventReader::take_mops(const EdnForm& form, const EdnNode& value, bool answered) {
    if (!is_sequence(value)) return expected("the value to be a list of micro-operations");
    const std::size_t begin = form.index_of(value) + 1;
    for (std::size_t index = begin; index < value.end; index = form.nodes[index].end) {
        GEODE_TRY_VOID(take_mop(form, form.nodes[index], answered));
    }
    return {};
}

Result<void> EventReader::take_mop(const EdnForm& form, const EdnNode& mop, bool answered) {
    constexpr std::string_view shape = "a micro-operation [f key value]";
    if (!is_sequence(mop)) return expected(shape);
    // Function, key and value; the value of a read may be left out.
    const std::size_t function = form.index_of(mop) + 1;
    if (function >= mop.end) return expected(shape);
    const std::size_t key = form.nodes[function].end;
    if (key >= mop.end) return expected(shape);
    const std::size_t value_index = form.nodes[key].end;
    const EdnNode* const value = value_index < mop.end ? &form.nodes[value_index] : nullptr;
    if (value != nullptr && value->end != mop.end) return expected(shape);
    GEODE_TRY(const ValueId key_id, value_of(form.nodes[key]));
    const std::string_view word = word_of(form.nodes[function]);
    if (word == "r" || word == "read") return take_read(form, key_id, value, answered);
    const bool lists = objects_ == TxnObjects::lists;
    const bool writes = lists ? word == "append" : word == "w" || word == "write";
    if (!writes) {
        return expected(std::string("a micro-operation ") + (lists ? "append or r" : "w or r") +
                        ", not " + std::string(form.nodes[function].text));
    }
    if (value == nullptr) return expected("a value to write");
    GEODE_TRY(const ValueId written, value_of(*value));
    if (lists) {
        builder_.append(key_id, written);
    } else {
        builder_.write(key_id, written);
    }
    return {};
}

Result<void> EventReader::take_read(const EdnForm& form, ValueId key, const EdnNode* value,
                                    bool answered) {
    if (!answered) {
        builder_.read_unknown(key,
                              objects_ == TxnObjects::lists ? MopKind::read_list : MopKind::read);
        return {};
    }
    if (objects_ == TxnObjects::registers) {
        ValueId seen = nil_value;
        if (value != nullptr) {
            GEODE_TRY(seen, value_of(*value));
        }
        builder_.read(key, seen);
        return {};
    }
    elements_.clear();
    if (value != nullptr && value->kind != EdnKind::nil) {
        if (!is_sequence(*value)) return expected("a read to have seen a list of elements");
        for (std::size_t index = form.index_of(*value) + 1; index < value->end;
             index = form.nodes[index].end) {
            GEODE_TRY(const ValueId element, value_of(form.nodes[index]));
            elements_.push_back(element);
        }
    }
    builder_.read_list(key, elements_);
    return {};
}

Result<ValueId> EventReader::value_of(const EdnNode& node) {
    switch (node.kind) {
        case EdnKind::nil: return nil_value;
        case EdnKind::integer: return builder_.values().integer(node.integer);
        case EdnKind::text:
        case EdnKind::keyword:
        case EdnKind::other: return builder_.values().text(node.text);
        case EdnKind::list:
        case EdnKind::vector:
        case EdnKind::map:
        case EdnKind::set: break;
    }
    return expected("keys and values to be nil, integers or words");
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/event_order.h"
#include "workloads/check/event_text.h"
#include "workloads/check/format_readers.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

bool is_json(Spelling spelling) {
    return spelling == Spelling::json || spelling == Spelling::json_balances;
}

class EventWriter {
public:
    EventWriter(const History& history, Spelling spelling)
        : history_(history),
          spelling_(spelling),
          text_(is_json(spelling) ? Notation::json : Notation::edn, history.values) {}

    Result<std::string> run() && {
        const Crashed crashed = is_json(spelling_) ? Crashed::goes_on : Crashed::retires;
        for (const OrderedEvent& event : EventOrder(history_.operations, crashed).run()) {
            write(event, history_.operations[event.operation]);
        }
        return std::move(text_).take();
    }

private:
    void write(const OrderedEvent& event, const Operation& operation);
    void write_function(const Operation& operation);
    void write_value(const Operation& operation, bool completion);
    void write_argument(const Operation& operation);
    void write_plain(ValueId id);
    bool has_pair(const Operation& operation) const;
    bool is_pair(ValueId id) const;
    bool echoes(const Operation& operation, bool completion) const;

    const History& history_;
    Spelling spelling_;
    EventText text_;
    std::int64_t index_ = 0;
};

std::string_view type_of(const Operation& operation, bool completion, bool json) {
    if (!completion) return "invoke";
    switch (operation.completion) {
        case Completion::ok: return "ok";
        case Completion::refused: return json ? "refused" : "fail";
        case Completion::fail: return "fail";
        case Completion::unknown: return "info";
    }
    GEODE_UNREACHABLE("Completion out of range");
}

void EventWriter::write(const OrderedEvent& event, const Operation& operation) {
    const bool json = is_json(spelling_);
    const std::int64_t time = event.completion ? operation.completed_ns : operation.invoked_ns;
    const bool bare = spelling_ == Spelling::edn_texts;
    text_.open_event();
    if (!json && !bare) {
        text_.member("index");
        text_.integer(index_++);
    }
    if (time != no_time && !bare) {
        text_.member("time");
        text_.integer(time);
    }
    text_.member("process");
    text_.integer(event.process);
    text_.member("type");
    text_.word(type_of(operation, event.completion, json));
    text_.member("f");
    write_function(operation);
    // A pair without a key would be read as a key and a value.
    const bool keyed = spelling_ == Spelling::edn_registers || bare;
    const bool ambiguous =
        keyed && !has_pair(operation) && (is_pair(operation.argument) || is_pair(operation.result));
    if ((operation.key != nil_value && !has_pair(operation)) || ambiguous) {
        text_.member("key");
        text_.value(operation.key);
    }
    text_.member("value");
    write_value(operation, event.completion);
    if (!json && event.completion && operation.completion == Completion::refused) {
        text_.member("error");
        text_.word("condition-false");
    }
    text_.close_event();
}

void EventWriter::write_function(const Operation& operation) {
    if (operation.function == Function::custom) {
        if (is_json(spelling_)) return text_.value(operation.expected);
        return text_.word(history_.values.text_of(operation.expected));
    }
    if (spelling_ == Spelling::edn_texts && operation.function == Function::read) {
        return text_.word("get");
    }
    if (spelling_ == Spelling::edn_texts && operation.function == Function::write) {
        return text_.word("put");
    }
    text_.word(to_string(operation.function));
}

/// Whether the event says what was asked: an invocation does, and in EDN every completion that has
/// no answer to tell.
bool EventWriter::echoes(const Operation& operation, bool completion) const {
    if (!completion) return true;
    if (is_json(spelling_)) return false;
    if (operation.completion != Completion::ok || !answers(operation.function)) return true;
    const bool may_say_nothing =
        operation.function == Function::add || operation.function == Function::remove;
    if (!may_say_nothing || operation.result != nil_value) return false;
    // An element `true` would be taken for the answer.
    return answer_of(operation.function, operation.argument, history_.values) == nil_value;
}

void EventWriter::write_value(const Operation& operation, bool completion) {
    const bool pair = has_pair(operation);
    if (pair) {
        text_.open_list();
        text_.value(operation.key);
    }
    if (echoes(operation, completion)) {
        write_argument(operation);
    } else {
        write_plain(operation.result);
    }
    if (pair) text_.close_list();
}

void EventWriter::write_argument(const Operation& operation) {
    if (operation.function != Function::cas) return write_plain(operation.argument);
    text_.open_list();
    write_plain(operation.expected);
    write_plain(operation.argument);
    text_.close_list();
}

void EventWriter::write_plain(ValueId id) {
    const bool maps = spelling_ == Spelling::json_balances || spelling_ == Spelling::edn_balances;
    maps ? text_.value_with_maps(id) : text_.value(id);
}

bool EventWriter::has_pair(const Operation& operation) const {
    if (spelling_ != Spelling::edn_registers || operation.key == nil_value) return false;
    return operation.function == Function::read || operation.function == Function::write ||
           operation.function == Function::cas || operation.function == Function::append;
}

bool EventWriter::is_pair(ValueId id) const {
    return history_.values.kind(id) == ValueKind::list && history_.values.list_of(id).size() == 2;
}

/// Operations of the user's own whose name EDN cannot spell as a keyword.
Result<void> check_names(const History& history) {
    for (const Operation& operation : history.operations) {
        if (operation.function != Function::custom) continue;
        const std::string name(history.values.text_of(operation.expected));
        if (is_keyword(":" + name)) continue;
        return make_error(
            ErrorCode::invalid_argument,
            "expected operations with names that EDN can spell as keywords, not \"" + name + "\"");
    }
    return {};
}

}  // namespace

Result<std::string> write_events(const History& history, Spelling spelling) {
    if (!is_json(spelling)) GEODE_TRY_VOID(check_names(history));
    return EventWriter(history, spelling).run();
}

Result<std::string> to_json_lines(const History& history) {
    return write_events(history, Spelling::json);
}

std::string as_collection(std::string_view lines, Spelling spelling) {
    std::string out = "[";
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = lines.find('\n', at);
        if (at != 0) out.append(is_json(spelling) ? ",\n" : "\n ");
        out.append(lines.substr(at, end - at));
        at = end + 1;
    }
    return out.append("]\n");
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/edn.h"
#include "workloads/check/format_readers.h"

namespace geode::check {
namespace {

class JepsenEdn {
public:
    JepsenEdn(std::string_view text, std::string_view name) : reader_(text, name) {}

    Result<History> run() {
        while (true) {
            GEODE_TRY(const bool found, reader_.next(form_));
            if (!found) return std::move(builder_).finish();
            GEODE_TRY_VOID(read_event());
        }
    }

private:
    Error expected(std::string_view what) const { return reader_.error_at(form_.offset, what); }

    Result<void> read_event();
    Result<void> read_kind(RecordedEvent& event);
    Result<void> read_value(RecordedEvent& event);
    Result<void> read_argument(RecordedEvent& event, const EdnNode& node);
    Result<ValueId> value_of(const EdnNode& node);
    /// The second of the two elements if `node` is a vector or list of two, else null.
    const EdnNode* second_of_pair(const EdnNode& node) const;

    EdnReader reader_;
    EdnForm form_;
    HistoryBuilder builder_;
};

Result<void> JepsenEdn::read_event() {
    if (form_.nodes[0].kind != EdnKind::map) return expected("a map per operation");
    RecordedEvent event;
    // Histories made by hand may leave the process out: then there is one.
    if (const EdnNode* const process = form_.find(0, ":process"); process != nullptr) {
        if (process->kind != EdnKind::integer) return {};
        event.call.process = process->integer;
    }
    GEODE_TRY_VOID(read_kind(event));
    GEODE_TRY_VOID(read_value(event));
    if (const EdnNode* const time = form_.find(0, ":time"); time != nullptr) {
        if (time->kind == EdnKind::integer) event.call.time_ns = time->integer;
    }
    const auto fed = feed(builder_, event);
    if (!fed) return expected("a matching event: " + fed.error().message);
    return {};
}

Result<void> JepsenEdn::read_kind(RecordedEvent& event) {
    const EdnNode* const type = form_.find(0, ":type");
    if (type == nullptr || type->kind != EdnKind::keyword) return expected("a keyword for :type");
    const auto known_type = event_type_of(type->text.substr(1));
    if (!known_type) return expected(":type to be :invoke, :ok, :fail or :info");
    event.type = *known_type;
    const EdnNode* const function = form_.find(0, ":f");
    if (function == nullptr || function->kind != EdnKind::keyword) {
        return expected("a keyword for :f");
    }
    const auto known_function = function_of(function->text.substr(1));
    if (!known_function) {
        return expected(std::string(functions_expected) + ", not " + std::string(function->text));
    }
    event.call.function = *known_function;
    return {};
}

Result<void> JepsenEdn::read_value(RecordedEvent& event) {
    const bool answers = event.type == EventType::ok && event.call.function == Function::read;
    if (event.type != EventType::invoke && !answers) return {};
    const EdnNode* value = form_.find(0, ":value");
    if (const EdnNode* const key = form_.find(0, ":key"); key != nullptr) {
        GEODE_TRY(event.call.key, value_of(*key));
    } else if (value != nullptr) {
        // [key value]; a bare pair is the argument of a cas.
        const EdnNode* const second = second_of_pair(*value);
        const bool bare_cas = event.call.function == Function::cas && second != nullptr &&
                              second_of_pair(*second) == nullptr;
        if (second != nullptr && !bare_cas) {
            GEODE_TRY(event.call.key, value_of(*(value + 1)));
            value = second;
        }
    }
    if (event.type == EventType::invoke && event.call.function != Function::read) {
        if (value == nullptr) return expected("a :value to write");
        return read_argument(event, *value);
    }
    if (answers && value != nullptr) {
        GEODE_TRY(event.result, value_of(*value));
    }
    return {};
}

Result<void> JepsenEdn::read_argument(RecordedEvent& event, const EdnNode& node) {
    if (event.call.function != Function::cas) {
        GEODE_TRY(event.call.argument, value_of(node));
        return {};
    }
    const EdnNode* const second = second_of_pair(node);
    if (second == nullptr) return expected("a cas to have a :value [old new]");
    GEODE_TRY(event.call.expected, value_of(*(&node + 1)));
    GEODE_TRY(event.call.argument, value_of(*second));
    return {};
}

Result<ValueId> JepsenEdn::value_of(const EdnNode& node) {
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
    return expected("values to be nil, integers or texts");
}

const EdnNode* JepsenEdn::second_of_pair(const EdnNode& node) const {
    if (node.kind != EdnKind::vector && node.kind != EdnKind::list) return nullptr;
    const std::size_t first = form_.index_of(node) + 1;
    if (first >= node.end) return nullptr;
    const std::size_t second = form_.nodes[first].end;
    if (second >= node.end || form_.nodes[second].end != node.end) return nullptr;
    return &form_.nodes[second];
}

}  // namespace

Result<History> parse_jepsen_edn(std::string_view text, std::string_view name) {
    return JepsenEdn(text, name).run();
}

}  // namespace geode::check

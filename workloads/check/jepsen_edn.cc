// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/edn.h"
#include "workloads/check/format_readers.h"

namespace geode::check {
namespace {

class JepsenEdn {
public:
    JepsenEdn(std::string_view text, std::string_view name, const ReadOptions& options)
        : reader_(text, name), options_(options) {}

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
    Result<void> read_value(RecordedEvent& event, bool argued);
    void read_argument(RecordedEvent& event, const EdnNode& node);
    ValueId value_of(const EdnNode& node);
    ValueId list_of(const EdnNode& node);
    ValueId map_of(const EdnNode& node);
    bool has_key_in_pair(const RecordedEvent& event, const EdnNode& value) const;
    /// The second of the two elements if `node` is a vector or list of two, else null.
    const EdnNode* second_of_pair(const EdnNode& node) const;

    EdnReader reader_;
    ReadOptions options_;
    EdnForm form_;
    HistoryBuilder builder_;
    NamelessEvents nameless_;
};

Result<void> JepsenEdn::read_event() {
    if (form_.nodes[0].kind != EdnKind::map) return expected("a map per operation");
    RecordedEvent event;
    const EdnNode* const process = form_.find(0, ":process");
    const bool named = process != nullptr && process->kind != EdnKind::nil;
    if (named) {
        if (process->kind != EdnKind::integer) return {};
        event.call.process = process->integer;
    }
    GEODE_TRY_VOID(read_kind(event));
    const bool runs = named && builder_.running(event.call.process) != nullptr;
    GEODE_TRY_VOID(read_value(event, event.type == EventType::invoke || !runs));
    if (const EdnNode* const time = form_.find(0, ":time"); time != nullptr) {
        if (time->kind == EdnKind::integer) event.call.time_ns = time->integer;
    }
    if (!named) nameless_.name(event, builder_);
    auto fed = find_alone(event, builder_);
    if (fed) fed = feed(builder_, event);
    if (!fed) return expected("a matching event: " + fed.error().message);
    return {};
}

Result<void> JepsenEdn::read_kind(RecordedEvent& event) {
    const EdnNode* const type = form_.find(0, ":type");
    if (type == nullptr || type->kind != EdnKind::keyword) return expected("a keyword for :type");
    const auto known_type = event_type_of(type->text.substr(1));
    if (!known_type) return expected(":type to be :invoke, :ok, :fail or :info");
    event.type = *known_type;
    // Our own harness says so where a cas was answered "no"; Jepsen has only :fail for it.
    const EdnNode* const error = form_.find(0, ":error");
    if (event.type == EventType::fail && error != nullptr && error->text == ":condition-false") {
        event.type = EventType::refused;
    }
    const EdnNode* const function = form_.find(0, ":f");
    if (function == nullptr || function->kind != EdnKind::keyword) {
        return expected("a keyword for :f");
    }
    const std::string_view word = function->text.substr(1);
    const auto known_function = function_of(word, options_.names);
    if (!known_function) {
        return expected(functions_expected() + ", not " + std::string(function->text));
    }
    event.call.function = *known_function;
    if (options_.names == Names::any) event.call.expected = builder_.values().text(word);
    return {};
}

/// The value of an invocation tells what is asked for, and so does that of a completion, which may
/// be the answer as well, if nothing else does: it is `argued`.
Result<void> JepsenEdn::read_value(RecordedEvent& event, bool argued) {
    const bool invokes = event.type == EventType::invoke;
    const bool answered = event.type == EventType::ok && answers(event.call.function);
    if (!argued && !answered) return {};
    const EdnNode* value = form_.find(0, ":value");
    if (const EdnNode* const key = form_.find(0, ":key"); key != nullptr) {
        event.call.key = value_of(*key);
    } else if (value != nullptr && has_key_in_pair(event, *value)) {
        event.call.key = value_of(*(value + 1));
        value = second_of_pair(*value);
    }
    if (argued && value != nullptr) read_argument(event, *value);
    if (answered && value != nullptr) event.result = value_of(*value);
    if (!invokes || event.argued || !needs_argument(event.call.function)) return {};
    if (event.call.function == Function::cas && value != nullptr) {
        return expected("a cas to have a :value [old new]");
    }
    return expected("a :value to " + std::string(to_string(event.call.function)));
}

/// Whether `value` is [key value]; a bare pair is the argument of a cas.
bool JepsenEdn::has_key_in_pair(const RecordedEvent& event, const EdnNode& value) const {
    const Function function = event.call.function;
    const bool on_key = function == Function::read || function == Function::write ||
                        function == Function::cas || function == Function::append;
    if (options_.pairs == Pairs::plain || !on_key) return false;
    const EdnNode* const second = second_of_pair(value);
    if (second == nullptr) return false;
    return function != Function::cas || second_of_pair(*second) != nullptr;
}

void JepsenEdn::read_argument(RecordedEvent& event, const EdnNode& node) {
    const Function function = event.call.function;
    const bool invokes = event.type == EventType::invoke;
    const EdnNode* const second = second_of_pair(node);
    if (function == Function::cas) {
        if (second == nullptr) return;
        event.call.expected = value_of(*(&node + 1));
        event.call.argument = value_of(*second);
    } else if (function == Function::contains && !invokes) {
        if (second == nullptr) return;
        event.call.argument = value_of(*(&node + 1));
    } else if (takes_argument(function) && (invokes || function != Function::custom)) {
        event.call.argument = value_of(node);
    } else {
        return;
    }
    event.argued = true;
}

/// Nesting is bounded by the reader.
ValueId JepsenEdn::value_of(const EdnNode& node) {
    switch (node.kind) {
        case EdnKind::nil: return nil_value;
        case EdnKind::integer: return builder_.values().integer(node.integer);
        case EdnKind::text:
        case EdnKind::keyword:
        case EdnKind::other: return builder_.values().text(node.text);
        case EdnKind::list:
        case EdnKind::vector:
        case EdnKind::set: return list_of(node);
        case EdnKind::map: return map_of(node);
    }
    GEODE_UNREACHABLE("EdnKind out of range");
}

ValueId JepsenEdn::list_of(const EdnNode& node) {
    std::vector<ValueId> elements;
    for (std::size_t child = form_.index_of(node) + 1; child < node.end;
         child = form_.nodes[child].end) {
        elements.push_back(value_of(form_.nodes[child]));
    }
    return builder_.values().list(elements);
}

ValueId JepsenEdn::map_of(const EdnNode& node) {
    std::vector<ValueId> pairs;
    for (std::size_t key = form_.index_of(node) + 1; key < node.end;) {
        const std::size_t value = form_.nodes[key].end;
        const ValueId pair[] = {value_of(form_.nodes[key]), value_of(form_.nodes[value])};
        pairs.push_back(builder_.values().list(pair));
        key = form_.nodes[value].end;
    }
    return builder_.values().list(pairs);
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

Result<History> parse_jepsen_edn(std::string_view text, std::string_view name,
                                 const ReadOptions& options) {
    return JepsenEdn(text, name, options).run();
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/formats.h"

#include <algorithm>
#include <array>

#include "workloads/check/format_readers.h"

namespace geode::check {
namespace {

constexpr std::string_view spaces = " \t\r\n,";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

struct FunctionWords {
    Function function;
    std::string_view others;  // words besides to_string(function)
};
constexpr std::array<FunctionWords, 20> function_words = {{
    {Function::read, "get r"},
    {Function::write, "put w"},
    {Function::cas, ""},
    {Function::append, ""},
    {Function::add, "increment inc"},
    {Function::remove, "delete del"},
    {Function::contains, "member"},
    {Function::subtract, "decrement dec"},
    {Function::enqueue, "enq"},
    {Function::dequeue, "deq"},
    {Function::drain, ""},
    {Function::push, ""},
    {Function::pop, ""},
    {Function::insert, ""},
    {Function::extract_min, "delete-min remove-min"},
    {Function::acquire, "lock"},
    {Function::release, "unlock"},
    {Function::txn, ""},
    {Function::transfer, ""},
    {Function::generate, ""},
}};

Completion completion_of(EventType type) {
    switch (type) {
        case EventType::ok: return Completion::ok;
        case EventType::refused: return Completion::refused;
        case EventType::fail: return Completion::fail;
        case EventType::info: return Completion::unknown;
        case EventType::invoke: break;
    }
    GEODE_UNREACHABLE("an invocation completes nothing");
}

std::string_view without_mark(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    return text;
}

}  // namespace

std::optional<EventType> event_type_of(std::string_view word) {
    if (word == "invoke") return EventType::invoke;
    if (word == "ok") return EventType::ok;
    if (word == "refused") return EventType::refused;
    if (word == "fail") return EventType::fail;
    if (word == "info") return EventType::info;
    return std::nullopt;
}

std::optional<Function> function_of(std::string_view word, Names names) {
    if (names == Names::any) return Function::custom;
    for (const FunctionWords& known : function_words) {
        if (word == to_string(known.function)) return known.function;
        for (std::string_view others = known.others; !others.empty();) {
            const std::size_t end = std::min(others.find(' '), others.size());
            if (word == others.substr(0, end)) return known.function;
            others.remove_prefix(std::min(end + 1, others.size()));
        }
    }
    return std::nullopt;
}

std::string functions_expected() {
    std::string out = "an operation";
    for (const FunctionWords& known : function_words) {
        out.append(&known == function_words.data() ? " " : ", ").append(to_string(known.function));
        if (known.others.empty()) continue;
        std::string others(known.others);
        for (std::size_t at = 0; (at = others.find(' ', at)) != std::string::npos; at += 2) {
            others.replace(at, 1, ", ");
        }
        out.append(" (").append(others).append(")");
    }
    return out;
}

bool needs_argument(Function function) noexcept {
    switch (function) {
        case Function::write:
        case Function::cas:
        case Function::append:
        case Function::remove:
        case Function::contains:
        case Function::enqueue:
        case Function::push:
        case Function::insert:
        case Function::txn: return true;
        default: return false;
    }
}

bool takes_argument(Function function) noexcept {
    return needs_argument(function) || function == Function::add ||
           function == Function::subtract || function == Function::transfer ||
           function == Function::custom;
}

ValueId answer_of(Function function, ValueId value, const ValueTable& values) {
    const auto says = [&](ValueId id, std::string_view word) {
        return values.kind(id) == ValueKind::text && values.text_of(id) == word;
    };
    switch (function) {
        case Function::add:
        case Function::remove:
            return says(value, "true") || says(value, "false") ? value : nil_value;
        case Function::contains: {
            if (values.kind(value) != ValueKind::list) return value;
            const auto pair = values.list_of(value);
            return pair.size() == 2 ? pair[1] : value;
        }
        case Function::dequeue:
        case Function::pop:
        case Function::extract_min:
            return says(value, ":empty") || says(value, ":exhausted") ? nil_value : value;
        default: return answers(function) ? value : nil_value;
    }
}

void NamelessEvents::name(RecordedEvent& event, const HistoryBuilder& builder) {
    Call& call = event.call;
    call.process = 0;
    while (builder.running(call.process) != nullptr) ++call.process;
    if (event.type == EventType::invoke) {
        running_.push_back(call);
        return;
    }
    const auto same = [&call](const Call& other) {
        const bool custom = call.function == Function::custom;
        return other.function == call.function && (!custom || other.expected == call.expected);
    };
    auto found = std::ranges::find_if(running_, [&](const Call& other) {
        return same(other) && other.key == call.key && other.argument == call.argument &&
               other.expected == call.expected;
    });
    if (found == running_.end()) found = std::ranges::find_if(running_, same);
    if (found == running_.end()) return;
    call.process = found->process;
    running_.erase(found);
}

Result<void> find_alone(RecordedEvent& event, const HistoryBuilder& builder) {
    const Function function = event.call.function;
    event.alone = event.type != EventType::invoke && builder.running(event.call.process) == nullptr;
    const bool asks = needs_argument(function) || function == Function::custom;
    if (!event.alone || !asks || event.argued) return {};
    return make_error(ErrorCode::invalid_argument,
                      "expected an invocation before it, or a value that tells what was asked for");
}

Result<void> feed(HistoryBuilder& builder, const RecordedEvent& event) {
    const Call& call = event.call;
    if (event.type == EventType::invoke) return builder.invoke(call);
    if (event.alone) {
        const ValueId answer = answer_of(call.function, event.result, builder.values());
        return builder.add(call, completion_of(event.type), answer);
    }
    const Operation* const running = builder.running(call.process);
    if (running != nullptr && running->function != call.function) {
        return make_error(ErrorCode::invalid_argument,
                          "process " + std::to_string(call.process) + " completes a " +
                              std::string(to_string(call.function)) + ", but runs a " +
                              std::string(to_string(running->function)));
    }
    switch (event.type) {
        case EventType::ok: {
            const ValueId answer = answer_of(call.function, event.result, builder.values());
            return builder.ok(call.process, answer, call.time_ns);
        }
        case EventType::refused: return builder.refuse(call.process, call.time_ns);
        case EventType::fail: return builder.fail(call.process, call.time_ns);
        case EventType::info: return builder.info(call.process, call.time_ns);
        case EventType::invoke: break;
    }
    GEODE_UNREACHABLE("EventType out of range");
}

Format detect_format(std::string_view text) {
    text = without_mark(text);
    while (true) {
        const std::size_t begin = text.find_first_not_of(spaces);
        if (begin == std::string_view::npos) return Format::json_lines;
        text.remove_prefix(begin);
        if (text.front() != ';') break;
        text.remove_prefix(std::min(text.find('\n'), text.size()));
    }
    if (text.starts_with("INFO") || text.starts_with("WARN")) return Format::jepsen_log;
    // An array of JSON objects begins [{", a vector of EDN maps [{: or ([].
    if (text.front() == '[')
        text.remove_prefix(std::min(text.find_first_not_of(spaces, 1), text.size()));
    if (text.empty() || text.front() != '{') return Format::edn;
    const std::size_t key = text.find_first_not_of(spaces, 1);
    const bool quoted = key != std::string_view::npos && text[key] == '"';
    return quoted ? Format::json_lines : Format::edn;
}

Result<History> parse_history(std::string_view text, std::string_view name, Format format) {
    return parse_history(text, name, ReadOptions{.format = format});
}

Result<History> parse_history(std::string_view text, std::string_view name,
                              const ReadOptions& options) {
    text = without_mark(text);
    switch (options.format == Format::detect ? detect_format(text) : options.format) {
        case Format::jepsen_log: return parse_jepsen_log(text, name, options);
        case Format::edn: return parse_jepsen_edn(text, name, options);
        case Format::json_lines: return parse_json_lines(text, name, options);
        case Format::detect: break;
    }
    GEODE_UNREACHABLE("detect_format() answers a notation");
}

}  // namespace geode::check

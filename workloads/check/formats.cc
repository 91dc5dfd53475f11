// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/formats.h"

#include <algorithm>

#include "workloads/check/format_readers.h"

namespace geode::check {
namespace {

constexpr std::string_view spaces = " \t\r\n,";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

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

std::optional<Function> function_of(std::string_view word) {
    if (word == "read" || word == "get" || word == "r") return Function::read;
    if (word == "write" || word == "put" || word == "w") return Function::write;
    if (word == "cas") return Function::cas;
    if (word == "append") return Function::append;
    return std::nullopt;
}

Result<void> feed(HistoryBuilder& builder, const RecordedEvent& event) {
    const Call& call = event.call;
    if (event.type == EventType::invoke) return builder.invoke(call);
    const Operation* const running = builder.running(call.process);
    if (running != nullptr && running->function != call.function) {
        return make_error(ErrorCode::invalid_argument,
                          "process " + std::to_string(call.process) + " completes a " +
                              std::string(to_string(call.function)) + ", but runs a " +
                              std::string(to_string(running->function)));
    }
    switch (event.type) {
        case EventType::ok: {
            const bool reads = call.function == Function::read;
            return builder.ok(call.process, reads ? event.result : nil_value, call.time_ns);
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
    if (text.front() != '{') return Format::edn;
    const std::size_t key = text.find_first_not_of(spaces, 1);
    const bool quoted = key != std::string_view::npos && text[key] == '"';
    return quoted ? Format::json_lines : Format::edn;
}

Result<History> parse_history(std::string_view text, std::string_view name, Format format) {
    text = without_mark(text);
    switch (format == Format::detect ? detect_format(text) : format) {
        case Format::jepsen_log: return parse_jepsen_log(text, name);
        case Format::edn: return parse_jepsen_edn(text, name);
        case Format::json_lines: return parse_json_lines(text, name);
        case Format::detect: break;
    }
    GEODE_UNREACHABLE("detect_format() answers a notation");
}

}  // namespace geode::check

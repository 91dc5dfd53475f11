// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "workloads/check/format_readers.h"

namespace geode::check {
namespace {

constexpr std::string_view marker = "jepsen.util - ";
constexpr std::string_view field_separators = "\t ";

/// Cuts the next field off `line`; empty at the end.
std::string_view take_field(std::string_view& line) {
    const std::size_t begin = line.find_first_not_of(field_separators);
    if (begin == std::string_view::npos) return line = {};
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(field_separators), line.size());
    const std::string_view field = line.substr(0, end);
    line.remove_prefix(end);
    return field;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::optional<std::int64_t> integer_in(std::string_view text) {
    std::int64_t value = 0;
    const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

/// nil, an integer or a keyword.
std::optional<ValueId> value_in(std::string_view text, ValueTable& values) {
    if (text == "nil") return nil_value;
    if (text.starts_with(':')) return values.text(text);
    const auto integer = integer_in(text);
    if (!integer) return std::nullopt;
    return values.integer(*integer);
}

/// Reads the last field of an event into `event`; a message saying what was expected if it is bad.
std::optional<std::string_view> read_value(std::string_view field, ValueTable& values,
                                           RecordedEvent& event) {
    const bool timed_out = field == ":timed-out";
    if (event.type != EventType::invoke) {
        if (timed_out) event.type = EventType::info;
        if (event.type == EventType::fail && event.call.function == Function::cas) {
            event.type = EventType::refused;
        }
        if (event.type != EventType::ok || !answers(event.call.function)) return {};
        const auto result = value_in(field, values);
        if (!result) return "an integer or nil as the value read";
        event.result = *result;
        return {};
    }
    if (!takes_argument(event.call.function)) return {};
    if (event.call.function != Function::cas) {
        const auto argument = value_in(field, values);
        if (!argument) return "an integer or nil to write";
        event.call.argument = *argument;
        return {};
    }
    const bool bracketed = field.size() >= 2 && field.front() == '[' && field.back() == ']';
    std::string_view pair = bracketed ? field.substr(1, field.size() - 2) : std::string_view();
    const auto expected = value_in(take_field(pair), values);
    const auto argument = value_in(take_field(pair), values);
    if (!expected || !argument || !trimmed(pair).empty()) return "a cas of [old new]";
    event.call.expected = *expected;
    event.call.argument = *argument;
    return {};
}

/// One event line after the marker.
Result<void> read_line(std::string_view line, HistoryBuilder& builder, const ReadOptions& options) {
    const std::string_view process_field = take_field(line);
    const std::string_view type_field = take_field(line);
    const std::string_view function_field = take_field(line);
    const auto process = integer_in(process_field);
    if (!process || !type_field.starts_with(':')) return {};  // the nemesis, or talk
    const auto type = event_type_of(type_field.substr(1));
    if (!type) {
        return make_error(ErrorCode::invalid_argument, "expected :invoke, :ok, :fail or :info");
    }
    const bool named = function_field.starts_with(':');
    const auto function =
        named ? function_of(function_field.substr(1), options.names) : std::nullopt;
    if (!function) {
        return make_error(ErrorCode::invalid_argument, "expected " + functions_expected());
    }
    RecordedEvent event{
        .type = *type, .call = {.process = *process, .function = *function}, .result = {}};
    if (options.names == Names::any) {
        event.call.expected = builder.values().text(function_field.substr(1));
    }
    if (const auto bad = read_value(trimmed(line), builder.values(), event)) {
        return make_error(ErrorCode::invalid_argument, "expected " + std::string(*bad));
    }
    return feed(builder, event);
}

}  // namespace

Result<History> parse_jepsen_log(std::string_view text, std::string_view name,
                                 const ReadOptions& options) {
    HistoryBuilder builder;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t found = line.find(marker);
        if (found == std::string_view::npos) continue;
        const auto read = read_line(line.substr(found + marker.size()), builder, options);
        if (read) continue;
        return make_error(
            ErrorCode::invalid_argument,
            std::string(name) + ":" + std::to_string(number) + ": " + read.error().message);
    }
    return std::move(builder).finish();
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "workloads/check/format_readers.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

using Json = nlohmann::json;

constexpr std::size_t depth_max = 64;

Error expected(std::string_view what) {
    return make_error(ErrorCode::invalid_argument, "expected " + std::string(what));
}

const Json* member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

std::string_view text_member(const Json& object, const char* name) {
    const Json* const found = member(object, name);
    const std::string* const text =
        found == nullptr ? nullptr : found->get_ptr<const Json::string_t*>();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::optional<std::int64_t> integer_in(const Json& value) {
    if (const auto* const large = value.get_ptr<const Json::number_unsigned_t*>()) {
        if (*large > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        return static_cast<std::int64_t>(*large);
    }
    if (const auto* const number = value.get_ptr<const Json::number_integer_t*>()) return *number;
    return std::nullopt;
}

/// The key of an object: JSON has texts only, so one that looks like an integer is meant as one.
ValueId key_in(const std::string& key, ValueTable& values) {
    std::int64_t integer = 0;
    const char* const end = key.data() + key.size();
    const auto [stop, code] = std::from_chars(key.data(), end, integer);
    if (code == std::errc() && stop == end) return values.integer(integer);
    return values.text(key);
}

Result<ValueId> value_in(const Json& value, ValueTable& values, std::size_t depth = 0) {
    if (value.is_null()) return nil_value;
    if (const auto* const text = value.get_ptr<const Json::string_t*>()) return values.text(*text);
    if (const auto integer = integer_in(value)) return values.integer(*integer);
    if (value.is_boolean()) return values.text(value.get<bool>() ? "true" : "false");
    if (!value.is_structured()) return expected("numbers to be integers of 64 bits");
    if (depth >= depth_max) return expected("at most 64 levels of nesting");
    std::vector<ValueId> elements;
    for (const auto& item : value.items()) {
        GEODE_TRY(const ValueId element, value_in(item.value(), values, depth + 1));
        if (value.is_array()) {
            elements.push_back(element);
        } else {
            const ValueId pair[] = {key_in(item.key(), values), element};
            elements.push_back(values.list(pair));
        }
    }
    return values.list(elements);
}

/// What the value of an invocation, or of a completion without one, asks for.
Result<void> read_argument(const Json& value, ValueTable& values, RecordedEvent& event) {
    const Function function = event.call.function;
    const bool invokes = event.type == EventType::invoke;
    const bool pair = value.is_array() && value.size() == 2;
    if (function == Function::cas) {
        if (!pair) return {};
        GEODE_TRY(event.call.expected, value_in(value[0], values));
        GEODE_TRY(event.call.argument, value_in(value[1], values));
    } else if (function == Function::contains && !invokes) {
        if (!pair) return {};
        GEODE_TRY(event.call.argument, value_in(value[0], values));
    } else if (takes_argument(function) && (invokes || function != Function::custom)) {
        GEODE_TRY(event.call.argument, value_in(value, values));
    } else {
        return {};
    }
    event.argued = true;
    return {};
}

/// As in jepsen_edn.cc.
Result<void> read_value(const Json& object, bool argued, ValueTable& values, RecordedEvent& event) {
    const Json* const value = member(object, "value");
    const Function function = event.call.function;
    if (argued && value != nullptr) GEODE_TRY_VOID(read_argument(*value, values, event));
    if (event.type == EventType::ok && answers(function) && value != nullptr) {
        GEODE_TRY(event.result, value_in(*value, values));
    }
    if (event.type != EventType::invoke || event.argued || !needs_argument(function)) return {};
    if (function == Function::cas && value != nullptr) {
        return expected("a cas to have a \"value\" [old, new]");
    }
    return expected("a \"value\" to " + std::string(to_string(function)));
}

/// Reads the events of one text.
class EventReader {
public:
    explicit EventReader(const ReadOptions& options) : options_(options) {}

    Result<void> read(const Json& object);
    History finish() && { return std::move(builder_).finish(); }

private:
    const ReadOptions& options_;
    HistoryBuilder builder_;
    NamelessEvents nameless_;
};

Result<void> EventReader::read(const Json& object) {
    if (!object.is_object()) return expected("one JSON object per line");
    const Json* const process = member(object, "process");
    const bool named = process != nullptr && !process->is_null();
    const auto process_number = named ? integer_in(*process) : 0;
    if (!process_number) return {};  // the nemesis
    const auto type = event_type_of(text_member(object, "type"));
    if (!type) return expected("\"type\" to be invoke, ok, refused, fail or info");
    const std::string_view word = text_member(object, "f");
    const auto function = function_of(word, options_.names);
    if (!function || word.empty()) return expected(functions_expected());
    RecordedEvent event{
        .type = *type, .call = {.process = *process_number, .function = *function}, .result = {}};
    if (options_.names == Names::any) event.call.expected = builder_.values().text(word);
    if (const Json* const time = member(object, "time"); time != nullptr) {
        event.call.time_ns = integer_in(*time).value_or(no_time);
    }
    if (const Json* const key = member(object, "key"); key != nullptr) {
        GEODE_TRY(event.call.key, value_in(*key, builder_.values()));
    }
    const bool runs = named && builder_.running(event.call.process) != nullptr;
    GEODE_TRY_VOID(
        read_value(object, *type == EventType::invoke || !runs, builder_.values(), event));
    if (!named) nameless_.name(event, builder_);
    GEODE_TRY_VOID(find_alone(event, builder_));
    return feed(builder_, event);
}

/// One array of all events, as elle-cli writes it.
Result<History> parse_array(std::string_view text, std::string_view name,
                            const ReadOptions& options) {
    const Json array = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!array.is_array()) {
        return make_error(ErrorCode::invalid_argument,
                          std::string(name) + ":1: expected one JSON array of objects");
    }
    EventReader reader(options);
    std::size_t number = 0;
    for (const Json& object : array) {
        ++number;
        const auto read = reader.read(object);
        if (read) continue;
        return make_error(
            ErrorCode::invalid_argument,
            std::string(name) + ": event " + std::to_string(number) + ": " + read.error().message);
    }
    return std::move(reader).finish();
}

}  // namespace

Result<History> parse_json_lines(std::string_view text, std::string_view name,
                                 const ReadOptions& options) {
    EventReader reader(options);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text[first] == '[') {
        return parse_array(text, name, options);
    }
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
        const auto read = reader.read(object);
        if (read) continue;
        return make_error(
            ErrorCode::invalid_argument,
            std::string(name) + ":" + std::to_string(number) + ": " + read.error().message);
    }
    return std::move(reader).finish();
}

}  // namespace geode::check

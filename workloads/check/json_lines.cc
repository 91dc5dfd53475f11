// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "workloads/check/format_readers.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

using Json = nlohmann::json;

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

Result<ValueId> value_in(const Json& value, ValueTable& values) {
    if (value.is_null()) return nil_value;
    if (const auto* const text = value.get_ptr<const Json::string_t*>()) return values.text(*text);
    if (const auto integer = integer_in(value)) return values.integer(*integer);
    return expected("values to be null, integers of 64 bits or strings");
}

Result<void> read_value(const Json& object, ValueTable& values, RecordedEvent& event) {
    const Json null;
    const Json* const found = member(object, "value");
    const Json& value = found == nullptr ? null : *found;
    if (event.type == EventType::ok && event.call.function == Function::read) {
        GEODE_TRY(event.result, value_in(value, values));
        return {};
    }
    if (event.type != EventType::invoke || event.call.function == Function::read) return {};
    if (found == nullptr) return expected("a \"value\" to write");
    if (event.call.function != Function::cas) {
        GEODE_TRY(event.call.argument, value_in(value, values));
        return {};
    }
    if (!value.is_array() || value.size() != 2) {
        return expected("a cas to have a \"value\" [old, new]");
    }
    GEODE_TRY(event.call.expected, value_in(value[0], values));
    GEODE_TRY(event.call.argument, value_in(value[1], values));
    return {};
}

Result<void> read_line(std::string_view line, HistoryBuilder& builder) {
    const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return expected("one JSON object per line");
    const Json* const process = member(object, "process");
    if (process == nullptr) return expected("a \"process\"");
    const auto process_number = integer_in(*process);
    if (!process_number) return {};  // the nemesis
    const auto type = event_type_of(text_member(object, "type"));
    if (!type) return expected("\"type\" to be invoke, ok, refused, fail or info");
    const auto function = function_of(text_member(object, "f"));
    if (!function) return expected(functions_expected);
    RecordedEvent event{
        .type = *type, .call = {.process = *process_number, .function = *function}, .result = {}};
    if (const Json* const time = member(object, "time"); time != nullptr) {
        event.call.time_ns = integer_in(*time).value_or(no_time);
    }
    if (const Json* const key = member(object, "key"); key != nullptr) {
        GEODE_TRY(event.call.key, value_in(*key, builder.values()));
    }
    GEODE_TRY_VOID(read_value(object, builder.values(), event));
    return feed(builder, event);
}

Json json_of(ValueId id, const ValueTable& values) {
    switch (values.kind(id)) {
        case ValueKind::nil: return nullptr;
        case ValueKind::integer: return values.integer_of(id);
        case ValueKind::text: return std::string(values.text_of(id));
    }
    GEODE_UNREACHABLE("ValueKind out of range");
}

class JsonWriter {
public:
    explicit JsonWriter(const History& history) : history_(history) {}
    std::string run();

private:
    void invoke(const Operation& operation);
    void complete(const Operation& operation);
    void write(const Operation& operation, std::string_view type, std::int64_t time_ns, Json value);

    const History& history_;
    std::map<std::int64_t, std::size_t> unknown_;  // process -> its open unknown operation
    std::string out_;
};

std::string JsonWriter::run() {
    using Stamp = std::pair<std::uint64_t, std::size_t>;
    std::vector<Stamp> stamps;
    for (std::size_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& operation = history_.operations[index];
        stamps.emplace_back(operation.invoked, index);
        if (operation.completed != never_completed) stamps.emplace_back(operation.completed, index);
    }
    std::sort(stamps.begin(), stamps.end());
    for (const auto& [position, index] : stamps) {
        const Operation& operation = history_.operations[index];
        if (position == operation.completed) {
            complete(operation);
            continue;
        }
        // Where its info stood does not matter, as long as the process is free again.
        if (const auto open = unknown_.find(operation.process); open != unknown_.end()) {
            complete(history_.operations[open->second]);
            unknown_.erase(open);
        }
        invoke(operation);
        if (operation.completed == never_completed) unknown_[operation.process] = index;
    }
    for (const auto& [process, index] : unknown_) complete(history_.operations[index]);
    return std::move(out_);
}

void JsonWriter::invoke(const Operation& operation) {
    const ValueTable& values = history_.values;
    Json value = json_of(operation.argument, values);
    if (operation.function == Function::cas) {
        value = Json::array({json_of(operation.expected, values), std::move(value)});
    }
    write(operation, "invoke", operation.invoked_ns, std::move(value));
}

void JsonWriter::complete(const Operation& operation) {
    std::string_view type = "info";
    switch (operation.completion) {
        case Completion::ok: type = "ok"; break;
        case Completion::refused: type = "refused"; break;
        case Completion::fail: type = "fail"; break;
        case Completion::unknown: break;
    }
    write(operation, type, operation.completed_ns, json_of(operation.result, history_.values));
}

void JsonWriter::write(const Operation& operation, std::string_view type, std::int64_t time_ns,
                       Json value) {
    nlohmann::ordered_json line;
    if (time_ns != no_time) line["time"] = time_ns;
    line["process"] = operation.process;
    line["type"] = type;
    line["f"] = to_string(operation.function);
    if (operation.key != nil_value) line["key"] = json_of(operation.key, history_.values);
    line["value"] = std::move(value);
    out_.append(line.dump()).append("\n");
}

}  // namespace

Result<History> parse_json_lines(std::string_view text, std::string_view name) {
    HistoryBuilder builder;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const auto read = read_line(line, builder);
        if (read) continue;
        return make_error(
            ErrorCode::invalid_argument,
            std::string(name) + ":" + std::to_string(number) + ": " + read.error().message);
    }
    return std::move(builder).finish();
}

Result<std::string> to_json_lines(const History& history) {
    try {
        return JsonWriter(history).run();
    } catch (const Json::exception&) {
        return make_error(ErrorCode::invalid_argument,
                          "a text of the history is not UTF-8, which JSON cannot hold");
    }
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "jepsen/operation_log.h"

#include <fmt/format.h>

#include "base/assert.h"

namespace geode::jepsen {
namespace {

using workloads::Ending;

EventType type_of(Ending ending) {
    switch (ending) {
        case Ending::ok: return EventType::ok;
        case Ending::refused:
        case Ending::fail: return EventType::fail;
        case Ending::unknown: return EventType::info;
    }
    GEODE_UNREACHABLE("an ending outside its enum");
}

/// What Jepsen's readers must ignore and ours uses: why it failed.
std::string_view error_of(Ending ending, std::string_view refusal) {
    switch (ending) {
        case Ending::ok: return "";
        case Ending::refused: return refusal;
        case Ending::fail: return "not-done";
        case Ending::unknown: return "unknown-outcome";
    }
    GEODE_UNREACHABLE("an ending outside its enum");
}

}  // namespace

std::string_view to_string(EventType type) {
    switch (type) {
        case EventType::invoke: return "invoke";
        case EventType::ok: return "ok";
        case EventType::fail: return "fail";
        case EventType::info: return "info";
    }
    GEODE_UNREACHABLE("an event type outside its enum");
}

void OperationLog::invoke(std::int64_t process, std::string function, std::string value) {
    const bool is_free = running_.emplace(process, events_.size()).second;
    GEODE_ASSERT_MSG(is_free, "a process has one operation at a time");
    events_.push_back(
        {elapsed_ns(), process, EventType::invoke, std::move(function), std::move(value), ""});
}

bool Event::is_answer() const {
    if (process == nemesis_process) return false;
    return type == EventType::ok || error == condition_false || error == aborted;
}

void OperationLog::complete(std::int64_t process, Ending ending, std::optional<std::string> value,
                            std::string_view refusal) {
    const auto running = running_.extract(process);
    GEODE_ASSERT_MSG(!running.empty(), "what completes was invoked");
    Event event = events_[running.mapped()];
    event.time_ns = elapsed_ns();
    event.type = type_of(ending);
    event.error = error_of(ending, refusal);
    if (value) event.value = *std::move(value);
    events_.push_back(std::move(event));
}

void OperationLog::nemesis(std::string function, std::string value) {
    events_.push_back({elapsed_ns(), nemesis_process, EventType::info, std::move(function),
                       std::move(value), ""});
}

std::string to_edn(const std::vector<Event>& events) {
    std::string text;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Event& event = events[i];
        const std::string process = event.process == nemesis_process
                                        ? std::string(":nemesis")
                                        : std::to_string(event.process);
        text +=
            fmt::format("{{:index {}, :time {}, :type :{}, :process {}, :f :{}, :value {}", i,
                        event.time_ns, to_string(event.type), process, event.function, event.value);
        if (!event.error.empty()) text += fmt::format(", :error :{}", event.error);
        text += "}\n";
    }
    return text;
}

std::string edn_text(std::string_view text) {
    std::string quoted = "\"";
    for (const char letter : text) {
        switch (letter) {
            case '"': quoted += "\\\""; break;
            case '\\': quoted += "\\\\"; break;
            case '\n': quoted += "\\n"; break;
            case '\r': quoted += "\\r"; break;
            case '\t': quoted += "\\t"; break;
            default: quoted += letter; break;
        }
    }
    return quoted + "\"";
}

std::vector<LoggedOperation> operations_of(const std::vector<Event>& events) {
    std::vector<LoggedOperation> operations;
    std::map<std::int64_t, std::size_t> running;
    for (const Event& event : events) {
        if (event.process == nemesis_process) continue;
        if (event.type == EventType::invoke) {
            running[event.process] = operations.size();
            operations.push_back({&event, nullptr});
        } else if (const auto found = running.extract(event.process); !found.empty()) {
            operations[found.mapped()].completed = &event;
        }
    }
    return operations;
}

}  // namespace geode::jepsen

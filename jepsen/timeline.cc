// SPDX-License-Identifier: Apache-2.0
#include "jepsen/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "jepsen/plots.h"

namespace geode::jepsen {
namespace {

constexpr double pixels_per_ms = 0.2;
constexpr double column_px = 150;
constexpr double box_px_min = 14;
constexpr std::size_t value_bytes_max = 300;

constexpr std::string_view style =
    "body{font:11px sans-serif}.o{position:absolute;width:140px;overflow:hidden;border-radius:2px;"
    "padding:0 2px;box-shadow:0 1px 2px rgba(0,0,0,.3);white-space:nowrap}"
    ".ok{background:#6DB6FE}.info{background:#FFAA26}.fail{background:#FEB5DA}"
    ".nemesis{background:#ddd;color:#333}.o:target{outline:2px solid red}"
    "a{color:inherit;text-decoration:none}";

/// Which column a process belongs to: those that never overlap in time share one. A client that
/// goes on under another number after an unknown outcome stays in its column this way.
class Columns {
public:
    std::size_t column_of(const LoggedOperation& operation, std::int64_t end_ns) {
        const std::int64_t process = operation.invoked->process;
        const auto found = columns_.find(process);
        const std::int64_t until =
            operation.completed == nullptr ? end_ns : operation.completed->time_ns;
        if (found != columns_.end()) {
            busy_until_[found->second] = until;
            return found->second;
        }
        std::size_t column = 0;
        while (column < busy_until_.size() &&
               (taken(column) || busy_until_[column] > operation.invoked->time_ns)) {
            ++column;
        }
        if (column == busy_until_.size()) busy_until_.push_back(0);
        busy_until_[column] = until;
        columns_[process] = column;
        owners_[column] = process;
        return column;
    }
    /// The process ended with an unknown outcome and never comes back.
    void release(std::int64_t process) {
        const auto found = columns_.find(process);
        if (found != columns_.end()) owners_.erase(found->second);
    }

private:
    bool taken(std::size_t column) const { return owners_.contains(column); }

    std::map<std::int64_t, std::size_t> columns_;  ///< process -> column
    std::map<std::size_t, std::int64_t> owners_;   ///< column -> living process
    std::vector<std::int64_t> busy_until_;
};

/// What a person reads at a glance; history.edn has the whole. Cut where no letter is cut in two.
std::string shortened(const std::string& value) {
    if (value.size() <= value_bytes_max) return value;
    std::size_t end = value_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
    return value.substr(0, end) + " ...";
}

std::string box(const LoggedOperation& operation, const Event* first, std::size_t column,
                double end_ms) {
    const double begin = static_cast<double>(operation.invoked->time_ns) / 1e6;
    const double end = operation.completed == nullptr
                           ? end_ms
                           : static_cast<double>(operation.completed->time_ns) / 1e6;
    const auto index = operation.invoked - first;
    const std::string value =
        operation.completed == nullptr ? operation.invoked->value : operation.completed->value;
    const std::string words = escaped(fmt::format("{} {} {}", operation.invoked->process,
                                                  operation.invoked->function, shortened(value)));
    return fmt::format(
        "<div class=\"o {}\" id=\"i{}\" style=\"left:{:.0f}px;top:{:.1f}px;height:{:.1f}px\" "
        "title=\"{} {:.1f} ms to {:.1f} ms, {:.1f} ms\"><a href=\"#i{}\">{}</a></div>\n",
        to_string(operation.outcome()), index, column_px * static_cast<double>(column + 1),
        20 + begin * pixels_per_ms, std::max(box_px_min, (end - begin) * pixels_per_ms), words,
        begin, end, end - begin, index, words);
}

}  // namespace

std::string timeline_html(const std::vector<Event>& events, std::string_view title) {
    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{0}</title><style>{1}</style>"
        "</head><body><h1>{0}</h1>\n<p>Time runs downwards, {2:g} ms to a hundred pixels; blue "
        "boxes are ok, pink ones failed, orange ones unknown.",
        escaped(title), style, 100 / pixels_per_ms);
    const std::vector<LoggedOperation> operations = operations_of(events);
    const std::size_t shown = std::min(operations.size(), timeline_operations_max);
    if (shown < operations.size()) {
        page +=
            fmt::format(" Only the first {} of {} operations are drawn.", shown, operations.size());
    }
    page += "</p>\n<div style=\"position:relative\">\n";
    const std::int64_t end_ns = events.empty() ? 0 : events.back().time_ns;
    const std::int64_t shown_ns =
        shown < operations.size() ? operations[shown].invoked->time_ns : end_ns;
    for (const Event& event : events) {
        if (event.process != nemesis_process || event.time_ns > shown_ns) continue;
        const double at = static_cast<double>(event.time_ns) / 1e6;
        const std::string words = escaped(event.function + " " + event.value);
        page += fmt::format(
            "<div class=\"o nemesis\" style=\"left:0;top:{:.1f}px\" title=\"{} {:.1f} ms\">{}"
            "</div>\n",
            20 + at * pixels_per_ms, words, at, words);
    }
    Columns columns;
    for (std::size_t i = 0; i < shown; ++i) {
        const LoggedOperation& operation = operations[i];
        const std::size_t column = columns.column_of(operation, end_ns);
        page += box(operation, events.data(), column, static_cast<double>(shown_ns) / 1e6);
        if (operation.outcome() == EventType::info) columns.release(operation.invoked->process);
    }
    return page + "</div></body></html>\n";
}

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the readers of the single notations share: one recorded event, and how it reaches a builder.
// Internal to formats.cc and the readers.

#include <optional>
#include <string_view>

#include "workloads/check/history.h"

namespace geode::check {

enum class EventType : std::uint8_t { invoke, ok, refused, fail, info };

struct RecordedEvent {
    EventType type = EventType::invoke;
    Call call;       ///< of a completion: process, function and time count
    ValueId result;  ///< of a read that is ok
};

/// `invoke`, `ok`, `refused`, `fail`, `info`; without a colon.
std::optional<EventType> event_type_of(std::string_view word);

/// `read get r`, `write put w`, `cas`, `append`; without a colon.
std::optional<Function> function_of(std::string_view word);

/// What function_of takes, for messages.
inline constexpr std::string_view functions_expected =
    "an operation read (get, r), write (put, w), cas or append";

/// Adds the event. invalid_argument if it contradicts what came before.
Result<void> feed(HistoryBuilder& builder, const RecordedEvent& event);

Result<History> parse_jepsen_log(std::string_view text, std::string_view name);
Result<History> parse_jepsen_edn(std::string_view text, std::string_view name);
Result<History> parse_json_lines(std::string_view text, std::string_view name);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the readers of the single notations share: one recorded event, and how it reaches a builder.
// Internal to formats.cc and the readers.

#include <optional>
#include <string_view>
#include <vector>

#include "workloads/check/formats.h"
#include "workloads/check/history.h"

namespace geode::check {

enum class EventType : std::uint8_t { invoke, ok, refused, fail, info };

struct RecordedEvent {
    EventType type = EventType::invoke;
    Call call;            ///< of a completion: process, function and time count
    ValueId result;       ///< of one that is ok and answers
    bool argued = false;  ///< the call has the argument that the event's value tells
    bool alone = false;   ///< a completion without an invocation: all of the call counts
};

/// Events whose recording names no process. What runs alone is of process 0; where several run at
/// once each has a process of its own, and a completion is of the first that asked for the same.
class NamelessEvents {
public:
    /// Sets the process of an event that is read completely otherwise.
    void name(RecordedEvent& event, const HistoryBuilder& builder);

private:
    std::vector<Call> running_;  // the one that began first comes first
};

/// `invoke`, `ok`, `refused`, `fail`, `info`; without a colon.
std::optional<EventType> event_type_of(std::string_view word);

/// The function that `word`, without a colon, stands for. With Names::any always custom.
std::optional<Function> function_of(std::string_view word, Names names);

/// The words that function_of() knows, for messages: "an operation read (get, r), ...".
std::string functions_expected();

/// Whether an invocation must say with what.
bool needs_argument(Function function) noexcept;
/// Whether an invocation may say with what.
bool takes_argument(Function function) noexcept;

/// The answer that a completion's value stands for: what add and remove echo is no answer,
/// `[x true]` of a contains is true, :empty and :exhausted of a dequeue are nil.
ValueId answer_of(Function function, ValueId value, const ValueTable& values);

/// Notes whether the event is a completion without an invocation. invalid_argument if it is one
/// that does not tell what was asked for.
Result<void> find_alone(RecordedEvent& event, const HistoryBuilder& builder);

/// Adds the event. invalid_argument if it contradicts what came before.
Result<void> feed(HistoryBuilder& builder, const RecordedEvent& event);

Result<History> parse_jepsen_log(std::string_view text, std::string_view name,
                                 const ReadOptions& options);
Result<History> parse_jepsen_edn(std::string_view text, std::string_view name,
                                 const ReadOptions& options);
Result<History> parse_json_lines(std::string_view text, std::string_view name,
                                 const ReadOptions& options);

}  // namespace geode::check

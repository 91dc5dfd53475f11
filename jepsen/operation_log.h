// SPDX-License-Identifier: Apache-2.0
#pragma once

// OperationLog: everything that clients and nemesis did, as events for people and other programs.
//
// The checkers have histories of their own kind; this one is for history.edn, the plots and the
// timeline. Its text follows what Jepsen, Knossos and Elle read:
//  1. One map per line with :index (dense), :time (ns from the start), :type, :process, :f, :value.
//  2. Every completion of a client has its :invoke before it, and keeps the invocation's :value
//     unless it read one. After :info the client goes on under another process number.
//  3. The nemesis is process :nemesis, and all its events are :info.
//
// Events of one thread, in real-time order.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/clock.h"
#include "workloads/client_loop.h"

namespace geode::jepsen {

enum class EventType : std::uint8_t { invoke, ok, fail, info };

/// "invoke", "ok", "fail", "info".
std::string_view to_string(EventType type);

inline constexpr std::int64_t nemesis_process = -1;

struct Event {
    std::int64_t time_ns = 0;
    std::int64_t process = 0;
    EventType type = EventType::invoke;
    std::string function;  ///< without the colon
    std::string value;     ///< as EDN
    std::string error;     ///< a keyword without the colon, or ""

    /// Whether the cluster gave a clear answer, be it "no".
    bool is_answer() const;
};

/// Why a refused operation failed, as :error. Readers of histories check a cas of which the
/// condition was false; an aborted transaction only did not happen.
inline constexpr std::string_view condition_false = "condition-false";
inline constexpr std::string_view aborted = "aborted";

class OperationLog {
public:
    /// Times count from now. `clock` must outlive the log.
    explicit OperationLog(Clock& clock) : clock_(clock), begun_(clock.now()) {}

    void invoke(std::int64_t process, std::string function, std::string value);
    /// `value` for what was read; otherwise the invocation's is repeated. `refusal` is the :error
    /// of an operation that was refused.
    void complete(std::int64_t process, workloads::Ending ending,
                  std::optional<std::string> value = {},
                  std::string_view refusal = condition_false);
    void nemesis(std::string function, std::string value);

    const std::vector<Event>& events() const { return events_; }
    std::int64_t elapsed_ns() const { return (clock_.now() - begun_).count(); }

private:
    Clock& clock_;
    MonoTime begun_;
    std::vector<Event> events_;
    std::map<std::int64_t, std::size_t> running_;  ///< process -> its invocation
};

/// The whole log, one map per line.
std::string to_edn(const std::vector<Event>& events);

/// "text" as an EDN string, quoted.
std::string edn_text(std::string_view text);

/// An operation of a client: an invocation with its completion, if it has one.
struct LoggedOperation {
    const Event* invoked = nullptr;
    const Event* completed = nullptr;  ///< null: still running at the end
    EventType outcome() const { return completed == nullptr ? EventType::info : completed->type; }
};
/// In the order of the invocations. Points into `events`.
std::vector<LoggedOperation> operations_of(const std::vector<Event>& events);

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Histories: what clients asked, what they were told, and in which order in real time.
//
// A history is built from a stream of events, in the order in which they happened. The simulator,
// the harness over real processes and the readers of foreign recordings all make this same type,
// so that one checker judges them all.
//
// Invariants:
//  1. Operations are ordered by `invoked`; positions of events are distinct, and later is larger.
//  2. `invoked < completed`; an operation of unknown outcome has completed == never_completed.
//  3. Operation a precedes b in real time exactly when a.completed < b.invoked.
//  4. Operations of one process do not overlap, except behind one of unknown outcome.
//
// How an operation ended (Completion) is the heart of the matter:
//   ok       it happened, once, between invoked and completed, and answered `result`
//   refused  it was answered "the condition does not hold": it changed nothing, and at one moment
//            in between its condition was false. Checked, unlike fail
//   fail     it definitely did not happen; says nothing else
//   unknown  it may have happened, or may still at any later time

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/hash_map.h"
#include "base/result.h"
#include "workloads/check/values.h"

namespace geode::check {

enum class Function : std::uint8_t {
    read,         ///< answers the value of key: of a set or a list all of it
    write,        ///< sets key to argument
    cas,          ///< sets key to argument if it is `expected`
    append,       ///< adds argument to the end of the text or list under key
    add,          ///< puts argument into a set; adds it to a counter, nil being 1
    remove,       ///< takes argument out of a set
    contains,     ///< answers whether a set holds argument: the texts true and false
    subtract,     ///< takes argument from a counter, nil being 1
    enqueue,      ///< puts argument at the end of a queue
    dequeue,      ///< takes the first of a queue; answers nil if there is none
    drain,        ///< takes all of a queue at one moment, as a list, first first
    push,         ///< puts argument on a stack
    pop,          ///< takes the topmost of a stack; answers nil if there is none
    insert,       ///< puts argument into a priority queue
    extract_min,  ///< takes the smallest of a priority queue; answers nil if there is none
    acquire,      ///< takes a mutex
    release,      ///< frees it
    txn,          ///< reads and writes several registers: a list of [read key nil], [write key v]
    transfer,     ///< moves an amount between the accounts of a bank; argument is for people
    generate,     ///< answers an id that no other operation gets
    custom,       ///< an operation of a model of the user's own; `expected` is its name, a text
};

enum class Completion : std::uint8_t { ok, refused, fail, unknown };

/// Its name in files, "extract-min".
std::string_view to_string(Function function) noexcept;
/// Whether its answer says more than that it happened. An add or a remove may leave that out.
bool answers(Function function) noexcept;

inline constexpr std::uint64_t never_completed = UINT64_MAX;
inline constexpr std::int64_t no_time = -1;

struct Operation {
    std::int64_t process = 0;
    Function function = Function::read;
    Completion completion = Completion::unknown;
    ValueId key = {};
    ValueId argument = {};  ///< of a cas the new value
    ValueId expected = {};  ///< cas: the value compared with; custom: the operation's name
    ValueId result = {};    ///< the answer of one that is ok, if answers(function)
    std::uint64_t invoked = 0;
    std::uint64_t completed = never_completed;
    std::int64_t invoked_ns = no_time;    ///< for people; order comes from `invoked`
    std::int64_t completed_ns = no_time;  ///< of the answer, also of an unknown one
};

struct History {
    ValueTable values;
    std::vector<Operation> operations;
};

/// "process 3: cas 1 to 2, refused" - an operation in words.
std::string describe(const Operation& operation, const ValueTable& values);
/// "cas 1 to 2, refused" - without the process.
std::string describe_action(const Operation& operation, const ValueTable& values);

/// What a client is about to ask.
struct Call {
    std::int64_t process = 0;
    Function function = Function::read;
    ValueId key = {};
    ValueId argument = {};
    ValueId expected = {};
    std::int64_t time_ns = no_time;
};

/// Takes events in real-time order. Any error leaves the builder as it was.
class HistoryBuilder {
public:
    HistoryBuilder();

    /// Where the values of calls and results are interned.
    ValueTable& values() { return history_.values; }

    /// Starts an operation. invalid_argument if the process already has one running.
    Result<void> invoke(const Call& call);
    /// Ends the running operation of `process`: invalid_argument if there is none. `result` is
    /// nil unless answers(function).
    Result<void> ok(std::int64_t process, ValueId result = {}, std::int64_t time_ns = no_time);
    Result<void> refuse(std::int64_t process, std::int64_t time_ns = no_time);
    Result<void> fail(std::int64_t process, std::int64_t time_ns = no_time);
    /// The outcome is unknown; the process may start another operation.
    Result<void> info(std::int64_t process, std::int64_t time_ns = no_time);
    /// An operation of which only the end was recorded. It begins where its process was last heard
    /// of, or before everything: the earliest that the rest leaves open, so that nothing follows
    /// from its beginning that need not be true. invalid_argument if one of the process is running.
    Result<void> add(const Call& call, Completion completion, ValueId result = {});

    /// The running operation of `process`, or null. Valid until the next call.
    const Operation* running(std::int64_t process) const;

    /// The history so far; operations still running are of unknown outcome.
    History finish() &&;

private:
    struct Added {
        std::size_t operation;
        std::uint64_t heard;  // its process: one past the position of that event; 0 if never
    };
    Result<Operation*> end(std::int64_t process, Completion completion, std::int64_t time_ns);
    void place_added();

    History history_;
    HashMap<std::int64_t, std::size_t> running_;  // process -> index of its operation
    HashMap<std::int64_t, std::uint64_t> heard_;  // process -> one past its last completion
    std::vector<Added> added_;                    // operations without a recorded beginning
    std::uint64_t position_ = 0;
};

}  // namespace geode::check

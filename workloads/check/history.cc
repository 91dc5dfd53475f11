// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/history.h"

#include <algorithm>

namespace geode::check {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t running_salt = 0x6765;

std::string_view completion_words(Completion completion) {
    switch (completion) {
        case Completion::ok: return "";
        case Completion::refused: return ", refused";
        case Completion::fail: return ", failed";
        case Completion::unknown: return ", outcome unknown";
    }
    GEODE_UNREACHABLE("Completion out of range");
}

/// Whether an answer of nil says something.
bool always_answers(Function function) {
    return function == Function::read || function == Function::dequeue ||
           function == Function::pop || function == Function::extract_min;
}

std::string process_words(std::int64_t process) {
    return "process " + std::to_string(process);
}

}  // namespace

std::string_view to_string(Function function) noexcept {
    switch (function) {
        case Function::read: return "read";
        case Function::write: return "write";
        case Function::cas: return "cas";
        case Function::append: return "append";
        case Function::add: return "add";
        case Function::remove: return "remove";
        case Function::contains: return "contains";
        case Function::subtract: return "subtract";
        case Function::enqueue: return "enqueue";
        case Function::dequeue: return "dequeue";
        case Function::drain: return "drain";
        case Function::push: return "push";
        case Function::pop: return "pop";
        case Function::insert: return "insert";
        case Function::extract_min: return "extract-min";
        case Function::acquire: return "acquire";
        case Function::release: return "release";
        case Function::txn: return "txn";
        case Function::transfer: return "transfer";
        case Function::generate: return "generate";
        case Function::custom: return "custom";
    }
    return "?";
}

bool answers(Function function) noexcept {
    switch (function) {
        case Function::read:
        case Function::add:
        case Function::remove:
        case Function::contains:
        case Function::dequeue:
        case Function::drain:
        case Function::pop:
        case Function::extract_min:
        case Function::txn:
        case Function::generate:
        case Function::custom: return true;
        case Function::write:
        case Function::cas:
        case Function::append:
        case Function::subtract:
        case Function::enqueue:
        case Function::push:
        case Function::insert:
        case Function::acquire:
        case Function::release:
        case Function::transfer: return false;
    }
    GEODE_UNREACHABLE("Function out of range");
}

std::string describe(const Operation& operation, const ValueTable& values) {
    return process_words(operation.process) + ": " + describe_action(operation, values);
}

std::string describe_action(const Operation& operation, const ValueTable& values) {
    const bool custom = operation.function == Function::custom;
    std::string out(custom ? values.text_of(operation.expected) : to_string(operation.function));
    if (operation.key != nil_value) out.append(" key ").append(values.describe(operation.key));
    if (operation.function == Function::cas) {
        out.append(" ").append(values.describe(operation.expected)).append(" to");
    }
    const bool ok = operation.completion == Completion::ok;
    // A transaction that is ok shows its reads answered.
    const bool argued =
        operation.argument != nil_value && !(operation.function == Function::txn && ok);
    const bool always = operation.function == Function::write ||
                        operation.function == Function::cas ||
                        operation.function == Function::append;
    if (argued || always) out.append(" ").append(values.describe(operation.argument));
    const bool told = operation.result != nil_value || always_answers(operation.function);
    if (ok && told) {
        out.append(operation.function == Function::txn ? " " : " = ");
        out.append(values.describe(operation.result));
    }
    return out.append(completion_words(operation.completion));
}

HistoryBuilder::HistoryBuilder() : running_(running_salt), heard_(running_salt) {}

Result<void> HistoryBuilder::invoke(const Call& call) {
    if (running(call.process) != nullptr) {
        return make_error(ErrorCode::invalid_argument,
                          process_words(call.process) +
                              " invokes an operation while its previous one is still running");
    }
    running_[call.process] = history_.operations.size();
    history_.operations.push_back(Operation{.process = call.process,
                                            .function = call.function,
                                            .key = call.key,
                                            .argument = call.argument,
                                            .expected = call.expected,
                                            .result = nil_value,
                                            .invoked = position_++,
                                            .invoked_ns = call.time_ns});
    return {};
}

Result<void> HistoryBuilder::ok(std::int64_t process, ValueId result, std::int64_t time_ns) {
    GEODE_TRY(Operation* const ended, end(process, Completion::ok, time_ns));
    GEODE_ASSERT(result == nil_value || answers(ended->function));
    ended->result = result;
    return {};
}

Result<void> HistoryBuilder::refuse(std::int64_t process, std::int64_t time_ns) {
    const Operation* const found = running(process);
    if (found != nullptr && found->function != Function::cas) {
        return make_error(ErrorCode::invalid_argument,
                          process_words(process) + ": only a cas can be refused");
    }
    GEODE_TRY([[maybe_unused]] Operation* const ended, end(process, Completion::refused, time_ns));
    return {};
}

Result<void> HistoryBuilder::fail(std::int64_t process, std::int64_t time_ns) {
    GEODE_TRY([[maybe_unused]] Operation* const ended, end(process, Completion::fail, time_ns));
    return {};
}

Result<void> HistoryBuilder::info(std::int64_t process, std::int64_t time_ns) {
    GEODE_TRY(Operation* const ended, end(process, Completion::unknown, time_ns));
    ended->completed = never_completed;
    return {};
}

Result<void> HistoryBuilder::add(const Call& call, Completion completion, ValueId result) {
    const bool refused = completion == Completion::refused;
    if (refused && call.function != Function::cas) {
        return make_error(ErrorCode::invalid_argument,
                          process_words(call.process) + ": only a cas can be refused");
    }
    const auto heard = heard_.find(call.process);
    const Added added{history_.operations.size(), heard == heard_.end() ? 0 : heard->second};
    GEODE_TRY_VOID(invoke(call));
    GEODE_TRY(Operation* const ended, end(call.process, completion, call.time_ns));
    ended->invoked_ns = no_time;
    if (completion == Completion::ok) ended->result = result;
    if (completion == Completion::unknown) ended->completed = never_completed;
    added_.push_back(added);
    return {};
}

History HistoryBuilder::finish() && {
    if (!added_.empty()) place_added();
    return std::move(history_);
}

/// Numbers all events anew, the beginnings of added operations right behind the events after which
/// they may have begun.
void HistoryBuilder::place_added() {
    struct Event {
        std::uint64_t place;
        std::size_t operation;
        bool begins;
    };
    std::vector<Operation>& operations = history_.operations;
    std::vector<Event> events;
    for (std::size_t index = 0; index < operations.size(); ++index) {
        const Operation& operation = operations[index];
        events.push_back({2 * operation.invoked + 1, index, true});
        if (operation.completed == never_completed) continue;
        events.push_back({2 * operation.completed + 1, index, false});
    }
    std::vector<std::uint64_t> places(operations.size(), UINT64_MAX);
    for (const Added& added : added_) places[added.operation] = 2 * added.heard;
    for (Event& event : events) {
        if (event.begins) event.place = std::min(event.place, places[event.operation]);
    }
    std::ranges::stable_sort(events, {}, &Event::place);
    for (std::uint64_t position = 0; position < events.size(); ++position) {
        Operation& operation = operations[events[position].operation];
        (events[position].begins ? operation.invoked : operation.completed) = position;
    }
    std::ranges::sort(operations, {}, &Operation::invoked);
}

const Operation* HistoryBuilder::running(std::int64_t process) const {
    const auto found = running_.find(process);
    return found == running_.end() ? nullptr : &history_.operations[found->second];
}

Result<Operation*> HistoryBuilder::end(std::int64_t process, Completion completion,
                                       std::int64_t time_ns) {
    const auto found = running_.find(process);
    if (found == running_.end()) {
        return make_error(
            ErrorCode::invalid_argument,
            process_words(process) + " completes an operation, but none of it is running");
    }
    Operation& operation = history_.operations[found->second];
    GEODE_ASSERT(operation.invoked < position_);
    operation.completion = completion;
    operation.completed = position_++;
    operation.completed_ns = time_ns;
    heard_[process] = position_;
    running_.erase(found);
    return &operation;
}

}  // namespace geode::check

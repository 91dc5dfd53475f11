// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of single-object models share: each model once more, as the plainest code that
// could be right, a verdict by trying every order, and random histories of clients on a real
// object some of whose answers are wrong. Nothing here is shared with the code under test but the
// History type.

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "workloads/check/linearizability.h"

namespace geode::check::oracle {

/// The content of an object: of a counter its sum, of a mutex 0 or 1, of registers their values.
using Content = std::vector<std::int64_t>;

inline constexpr std::int64_t nothing = -1;  // nil

inline std::int64_t number_of(ValueId id, const ValueTable& values) {
    return values.kind(id) == ValueKind::integer ? values.integer_of(id) : nothing;
}

inline Content list_in(ValueId id, const ValueTable& values) {
    Content out;
    if (id == nil_value) return out;
    for (const ValueId element : values.list_of(id)) out.push_back(number_of(element, values));
    return out;
}

struct Stepped {
    Content after;
    std::int64_t answer = nothing;  // of what answers one value; 1 and 0 are true and false
    Content list;                   // of what answers a list
};

/// What the operation does to the content and answers, as the model says; nothing if it cannot be.
inline std::optional<Stepped> carry_out(const Content& before, const Operation& operation,
                                        const ValueTable& values) {
    Stepped out{.after = before, .list = {}};
    Content& after = out.after;
    const std::int64_t argument = number_of(operation.argument, values);
    const auto place = std::ranges::find(after, argument);
    switch (operation.function) {
        case Function::acquire:
        case Function::release: {
            const bool held = !before.empty();
            if (held == (operation.function == Function::acquire)) return std::nullopt;
            after = held ? Content{} : Content{1};
            return out;
        }
        case Function::append:
        case Function::enqueue:
        case Function::push: after.push_back(argument); return out;
        case Function::insert:
            after.push_back(argument);
            std::ranges::sort(after);
            return out;
        case Function::add:
            out.answer = place == after.end() ? 1 : 0;
            if (place == after.end()) after.push_back(argument);
            std::ranges::sort(after);
            return out;
        case Function::remove:
            out.answer = place == after.end() ? 0 : 1;
            if (place != after.end()) after.erase(place);
            return out;
        case Function::contains: out.answer = place == after.end() ? 0 : 1; return out;
        case Function::dequeue:
        case Function::extract_min:
            if (!after.empty()) {
                out.answer = after.front();
                after.erase(after.begin());
            }
            return out;
        case Function::pop:
            if (!after.empty()) {
                out.answer = after.back();
                after.pop_back();
            }
            return out;
        case Function::drain:
            out.list = before;
            after.clear();
            return out;
        case Function::read: out.list = before; return out;
        default: return std::nullopt;
    }
}

/// A counter keeps its sum as its only element.
inline std::optional<Stepped> count(const Content& before, const Operation& operation,
                                    const ValueTable& values) {
    const std::int64_t sum = before.empty() ? 0 : before.front();
    const std::int64_t amount =
        operation.argument == nil_value ? 1 : number_of(operation.argument, values);
    Stepped out{.after = {sum}, .answer = sum, .list = {}};
    if (operation.function == Function::add) out.after = {sum + amount};
    if (operation.function == Function::subtract) out.after = {sum - amount};
    return out;
}

/// The content after `operation`, or nothing if it could not have had its outcome.
inline std::optional<Content> apply(std::string_view model, const Content& before,
                                    const Operation& operation, const ValueTable& values) {
    const bool counter = model == "counter";
    const auto stepped =
        counter ? count(before, operation, values) : carry_out(before, operation, values);
    if (!stepped) return std::nullopt;
    const Content& after = stepped->after;
    if (operation.completion == Completion::unknown || !answers(operation.function)) return after;
    const bool told = operation.result != nil_value;
    switch (operation.function) {
        case Function::add:
        case Function::remove:
        case Function::contains: {
            if (!told) return after;
            const bool yes = values.text_of(operation.result) == "true";
            return yes == (stepped->answer == 1) ? std::optional(after) : std::nullopt;
        }
        case Function::read:
        case Function::drain: {
            if (counter) {
                const bool equal = number_of(operation.result, values) == stepped->answer;
                return equal ? std::optional(after) : std::nullopt;
            }
            Content seen = list_in(operation.result, values);
            if (model == "set") std::ranges::sort(seen);
            return seen == stepped->list ? std::optional(after) : std::nullopt;
        }
        default:
            return number_of(operation.result, values) == stepped->answer ? std::optional(after)
                                                                          : std::nullopt;
    }
}

inline bool can_finish(std::string_view model, const History& history, std::vector<bool>& placed,
                       const Content& content) {
    std::uint64_t deadline = never_completed;
    for (std::size_t index = 0; index < placed.size(); ++index) {
        if (!placed[index]) deadline = std::min(deadline, history.operations[index].completed);
    }
    if (deadline == never_completed) return true;
    for (std::size_t index = 0; index < placed.size(); ++index) {
        const Operation& operation = history.operations[index];
        if (placed[index] || operation.invoked > deadline) continue;
        const auto after = apply(model, content, operation, history.values);
        if (!after) continue;
        placed[index] = true;
        const bool finished = can_finish(model, history, placed, *after);
        placed[index] = false;
        if (finished) return true;
    }
    return false;
}

/// Whether the history of one object is linearizable, found by trying every order.
inline bool linearizable(std::string_view model, const History& history) {
    std::vector<bool> placed;
    for (const Operation& operation : history.operations) {
        placed.push_back(operation.completion == Completion::fail);
    }
    return can_finish(model, history, placed, {});
}

/// The history up to, not including, the event at `position`. What is open there may happen at any
/// later time or never, but how it ended is known.
inline History known_before(const History& history, std::uint64_t position) {
    History out{.values = history.values, .operations = {}};
    for (Operation operation : history.operations) {
        if (operation.invoked >= position) continue;
        if (operation.completed >= position) operation.completed = never_completed;
        out.operations.push_back(operation);
    }
    return out;
}

/// Whether `order` is a linearization of all that completed.
inline bool explains(std::string_view model, const History& history,
                     const std::vector<std::uint32_t>& order) {
    Content content;
    std::uint64_t latest_invocation = 0;
    const std::set<std::uint32_t> placed(order.begin(), order.end());
    if (placed.size() != order.size()) return false;
    for (const std::uint32_t index : order) {
        const Operation& operation = history.operations[index];
        if (operation.completed < latest_invocation) return false;
        latest_invocation = std::max(latest_invocation, operation.invoked);
        const auto after = apply(model, content, operation, history.values);
        if (!after) return false;
        content = *after;
    }
    // A set that is never read whole is ordered element by element.
    const bool whole =
        model != "set" || std::ranges::any_of(history.operations, [](const auto& one) {
            return one.function == Function::read;
        });
    for (std::uint32_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        const auto same = [&](std::uint32_t other) {
            return history.operations[other].argument == operation.argument;
        };
        if (!whole && std::ranges::none_of(order, same)) continue;
        const bool must =
            operation.completed != never_completed && operation.completion != Completion::fail;
        if (must && !placed.contains(index)) return false;
    }
    return true;
}

/// A sentence if the result is not what trying everything says.
inline std::string disagreement(std::string_view model, const History& history,
                                const LinearizabilityResult& result) {
    if (result.verdict == Verdict::unknown) return "undecided";
    const bool expected = linearizable(model, history);
    if ((result.verdict == Verdict::valid) != expected) {
        return "verdict " + std::string(to_string(result.verdict)) + ": " + result.explanation;
    }
    if (expected) {
        for (const auto& order : result.witness) {
            if (!explains(model, history, order)) return "the witness does not replay";
        }
        return {};
    }
    if (!result.blocked) return "no blocking operation";
    const Operation& blocked = history.operations[result.blocked->operation];
    if (blocked.completion == Completion::unknown) return "blocked by an operation still open";
    const bool vague = std::ranges::any_of(history.operations, [](const Operation& operation) {
        return operation.completion == Completion::unknown && answers(operation.function);
    });
    if (linearizable(model, known_before(history, blocked.completed + 1))) {
        return "blocked too early";
    }
    // With answers never told, what a fast check finds first may not be what comes first.
    if (!vague && !linearizable(model, known_before(history, blocked.completed))) {
        return "blocked too late";
    }
    return {};
}

inline std::unique_ptr<Model> model_named(std::string_view name) {
    if (name == "mutex") return make_mutex_model();
    if (name == "counter") return make_counter_model();
    if (name == "set") return make_set_model();
    if (name == "list") return make_list_model();
    if (name == "queue") return make_queue_model();
    if (name == "stack") return make_stack_model();
    REQUIRE(name == "priority-queue");
    return make_priority_queue_model();
}

struct ObjectShape {
    std::string_view model = "queue";
    std::uint64_t operations = 6;
    std::uint64_t processes = 3;
    std::uint64_t values = 3;  // 1..values, if they need not be unique
    bool unique = false;       // of what is put in
    bool whole_reads = true;   // of sets
    bool removes = true;       // of sets
    std::uint64_t unknown_percent = 15;
    std::uint64_t lie_percent = 15;
    std::uint64_t put_percent = 50;
};

/// A history of clients on one real object.
class ObjectHistory {
public:
    ObjectHistory(const ObjectShape& shape, std::uint64_t seed)
        : shape_(shape), random_(seed), clients_(shape.processes) {}

    History run() {
        std::uint64_t running = 0;
        while (started_ < shape_.operations || running > 0) {
            const std::uint64_t number = random_.below(clients_.size());
            Client& client = clients_[number];
            client.operation.process = static_cast<std::int64_t>(number);
            if (client.phase == Phase::idle) {
                if (started_ == shape_.operations) continue;
                invoke(client);
                ++running;
            } else if (client.phase == Phase::invoked) {
                take_effect(client);
            } else {
                complete(client);
                --running;
            }
        }
        return std::move(builder_).finish();
    }

private:
    enum class Phase : std::uint8_t { idle, invoked, done };
    struct Client {
        Phase phase = Phase::idle;
        Operation operation;
        std::optional<Stepped> seen;
    };

    bool chance(std::uint64_t percent) { return random_.below(100) < percent; }
    ValueId draw(bool put) {
        if (put && shape_.unique) return builder_.values().integer(++unique_);
        const std::uint64_t count =
            shape_.unique ? static_cast<std::uint64_t>(std::max<std::int64_t>(unique_, 1))
                          : shape_.values;
        return builder_.values().integer(static_cast<std::int64_t>(1 + random_.below(count)));
    }
    Function draw_set_function() {
        const std::uint64_t kind = random_.below(100);
        if (kind < shape_.put_percent) return Function::add;
        if (kind < shape_.put_percent + 15 && shape_.removes) return Function::remove;
        if (kind < shape_.put_percent + 30 && shape_.whole_reads) return Function::read;
        return Function::contains;
    }
    Function draw_function() {
        const bool put = chance(shape_.put_percent);
        const std::string_view model = shape_.model;
        if (model == "mutex") return put ? Function::acquire : Function::release;
        if (model == "stack") return put ? Function::push : Function::pop;
        if (model == "priority-queue") return put ? Function::insert : Function::extract_min;
        if (model == "list") return put ? Function::append : Function::read;
        if (model == "set") return draw_set_function();
        if (model == "counter") {
            if (put) return chance(50) ? Function::add : Function::subtract;
            return Function::read;
        }
        if (put) return Function::enqueue;
        return !shape_.unique && chance(20) ? Function::drain : Function::dequeue;
    }
    void invoke(Client& client) {
        ++started_;
        Operation& operation = client.operation;
        operation.function = draw_function();
        operation.argument = nil_value;
        switch (operation.function) {
            case Function::append:
            case Function::enqueue:
            case Function::push:
            case Function::insert:
            case Function::add:
            case Function::subtract: operation.argument = draw(true); break;
            case Function::remove:
            case Function::contains: operation.argument = draw(false); break;
            default: break;
        }
        client.phase = Phase::invoked;
        client.seen.reset();
        REQUIRE(builder_.invoke({.process = operation.process,
                                 .function = operation.function,
                                 .argument = operation.argument}));
    }
    void take_effect(Client& client) {
        client.phase = Phase::done;
        if (takes_wrong(client)) return;
        const ValueTable& values = builder_.values();
        client.seen = shape_.model == "counter" ? count(content_, client.operation, values)
                                                : carry_out(content_, client.operation, values);
        if (client.seen) content_ = client.seen->after;
    }
    /// Now and then the object itself is wrong and gives away what is not next.
    bool takes_wrong(Client& client) {
        const Function function = client.operation.function;
        const bool takes = function == Function::dequeue || function == Function::pop ||
                           function == Function::extract_min;
        if (!takes || content_.size() < 2 || !chance(shape_.lie_percent)) return false;
        const auto place =
            content_.begin() + static_cast<std::ptrdiff_t>(random_.below(content_.size()));
        client.seen = Stepped{.after = {}, .answer = *place, .list = {}};
        content_.erase(place);
        return true;
    }
    ValueId listed(Content content) {
        std::vector<ValueId> list;
        if (chance(shape_.lie_percent)) {
            if (!content.empty() && chance(50)) content.erase(content.begin());
            if (content.size() > 1 && chance(50)) std::swap(content.front(), content.back());
            if (chance(30)) content.push_back(1 + static_cast<std::int64_t>(random_.below(4)));
        }
        for (const std::int64_t item : content) list.push_back(builder_.values().integer(item));
        return builder_.values().list(list);
    }
    ValueId answer(Client& client) {
        const Function function = client.operation.function;
        if (!client.seen || !answers(function)) return nil_value;
        const bool counter = shape_.model == "counter";
        if (function == Function::drain || (function == Function::read && !counter)) {
            return listed(client.seen->list);
        }
        const bool lie = chance(shape_.lie_percent);
        if (function == Function::add && counter) return nil_value;
        if (function == Function::contains || function == Function::add ||
            function == Function::remove) {
            if (function != Function::contains && chance(50)) return nil_value;
            const bool yes = (client.seen->answer == 1) != lie;
            return builder_.values().text(yes ? "true" : "false");
        }
        if (lie && chance(20)) return counter ? builder_.values().integer(0) : nil_value;
        if (lie) return draw(false);
        if (client.seen->answer == nothing && !counter) return nil_value;
        return builder_.values().integer(client.seen->answer);
    }
    void complete(Client& client) {
        client.phase = Phase::idle;
        const std::int64_t process = client.operation.process;
        const ValueId told = answer(client);
        if (chance(shape_.unknown_percent)) {
            REQUIRE(builder_.info(process));
        } else if (!client.seen || chance(3)) {
            REQUIRE(builder_.fail(process));
        } else {
            REQUIRE(builder_.ok(process, told));
        }
    }

    ObjectShape shape_;
    Prng random_;
    HistoryBuilder builder_;
    std::vector<Client> clients_;
    Content content_;
    std::uint64_t started_ = 0;
    std::int64_t unique_ = 0;
};

}  // namespace geode::check::oracle

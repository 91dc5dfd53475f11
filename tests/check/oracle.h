// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the checkers share: a verdict by trying everything, the replay of a witness,
// and random histories. The oracle knows nothing of the code under test but the History type.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "workloads/check/linearizability.h"

namespace geode::check::oracle {

/// One key's value, as text: "n" is nil, "i7" an integer, "tabc" a text.
using Value = std::string;

inline Value value_of(ValueId id, const ValueTable& values) {
    switch (values.kind(id)) {
        case ValueKind::nil: return "n";
        case ValueKind::integer: return "i" + std::to_string(values.integer_of(id));
        case ValueKind::text: return "t" + std::string(values.text_of(id));
        case ValueKind::list: break;
    }
    return "?";
}

/// The value after `operation`, or nothing if it contradicts `value`.
inline std::optional<Value> apply(const Value& value, const Operation& operation,
                                  const ValueTable& values) {
    const bool unknown = operation.completion == Completion::unknown;
    switch (operation.function) {
        case Function::read:
            if (unknown || value_of(operation.result, values) == value) return value;
            return std::nullopt;
        case Function::write: return value_of(operation.argument, values);
        case Function::append: return value + std::string(values.text_of(operation.argument));
        case Function::cas: {
            const bool equal = value_of(operation.expected, values) == value;
            if (operation.completion == Completion::refused) {
                return equal ? std::nullopt : std::optional(value);
            }
            if (equal) return value_of(operation.argument, values);
            return unknown ? std::optional(value) : std::nullopt;
        }
        default: break;
    }
    return std::nullopt;
}

using State = std::map<ValueId, Value>;

/// Tries every order. `placed` are indices of operations already in effect.
inline bool can_finish(const History& history, const Value& initial, std::vector<bool>& placed,
                       const State& state) {
    std::uint64_t deadline = never_completed;
    for (std::size_t index = 0; index < placed.size(); ++index) {
        if (!placed[index]) deadline = std::min(deadline, history.operations[index].completed);
    }
    if (deadline == never_completed) return true;  // only operations of unknown outcome are left
    for (std::size_t index = 0; index < placed.size(); ++index) {
        const Operation& operation = history.operations[index];
        if (placed[index] || operation.invoked > deadline) continue;
        const auto found = state.find(operation.key);
        const auto next =
            apply(found == state.end() ? initial : found->second, operation, history.values);
        if (!next) continue;
        State after = state;
        after[operation.key] = *next;
        placed[index] = true;
        const bool finished = can_finish(history, initial, placed, after);
        placed[index] = false;
        if (finished) return true;
    }
    return false;
}

/// Whether the history is linearizable, found by trying every order of all keys together.
inline bool linearizable(const History& history, const Value& initial) {
    std::vector<bool> placed;
    for (const Operation& operation : history.operations) {
        placed.push_back(operation.completion == Completion::fail);
    }
    return can_finish(history, initial, placed, {});
}

/// Whether `order` is a linearization of the operations on one key that completed before `until`
/// (and perhaps of some that did not).
inline bool explains(const History& history, const std::vector<std::uint32_t>& order,
                     const Value& initial, ValueId key, std::uint64_t until = never_completed) {
    Value value = initial;
    const std::set<std::uint32_t> placed(order.begin(), order.end());
    if (placed.size() != order.size()) return false;
    std::uint64_t latest_invocation = 0;
    for (const std::uint32_t index : order) {
        const Operation& operation = history.operations[index];
        if (operation.key != key || operation.completion == Completion::fail) return false;
        // Something later in real time was placed before it.
        if (operation.completed < latest_invocation) return false;
        latest_invocation = std::max(latest_invocation, operation.invoked);
        Operation seen = operation;
        if (operation.completed >= until) seen.completion = Completion::unknown;
        const auto next = apply(value, seen, history.values);
        if (!next) return false;
        value = *next;
    }
    for (std::uint32_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        const bool must = operation.key == key && operation.completed < until &&
                          operation.completion != Completion::fail;
        if (must && !placed.contains(index)) return false;
    }
    return true;
}

/// The history up to, not including, the event at `position`; what is open there is unknown, but
/// what will be refused or fail is known to change nothing.
inline History before(const History& history, std::uint64_t position) {
    History out{.values = history.values, .operations = {}};
    for (Operation operation : history.operations) {
        const bool open = operation.completed >= position;
        if (operation.invoked >= position) continue;
        const bool idle =
            operation.completion == Completion::refused || operation.completion == Completion::fail;
        if (open && idle) continue;
        if (operation.completed >= position && operation.completed != never_completed) {
            operation.completed = never_completed;
            operation.completion = Completion::unknown;
            operation.result = nil_value;
        }
        out.operations.push_back(operation);
    }
    return out;
}

/// Everything a result promises, held against the oracle; a sentence if something is wrong.
inline std::string disagreement(const History& history, const LinearizabilityResult& result,
                                const Value& initial) {
    const bool expected = linearizable(history, initial);
    if (result.verdict == Verdict::unknown) return "undecided";
    if ((result.verdict == Verdict::valid) != expected) {
        return "verdict " + std::string(to_string(result.verdict)) + ": " + result.explanation;
    }
    if (expected) {
        for (const auto& order : result.witness) {
            if (order.empty()) continue;
            const ValueId key = history.operations[order.front()].key;
            if (!explains(history, order, initial, key)) return "the witness does not replay";
        }
        return {};
    }
    if (!result.blocked) return "no blocking operation";
    const Operation& blocked = history.operations[result.blocked->operation];
    if (blocked.completion == Completion::unknown) return "blocked by an operation still open";
    History key_only{.values = history.values, .operations = {}};
    for (const Operation& operation : history.operations) {
        if (operation.key == blocked.key) key_only.operations.push_back(operation);
    }
    if (!linearizable(before(key_only, blocked.completed), initial)) return "blocked too late";
    if (linearizable(before(key_only, blocked.completed + 1), initial)) return "blocked too early";
    if (!explains(history, result.blocked->prefix, initial, blocked.key, blocked.completed)) {
        return "the prefix does not replay";
    }
    return {};
}

/// What random_history draws from.
struct Shape {
    std::uint64_t operations = 6;
    std::uint64_t processes = 3;
    std::uint64_t keys = 1;
    std::uint64_t values = 3;  // 1..values
    bool cas = true;
    bool append = false;
    bool unique_writes = false;
    std::uint64_t unknown_percent = 20;
    std::uint64_t lie_percent = 20;  // reads answered at random
};

/// A history of clients on a real store, some of whose answers are wrong.
class RandomHistory {
public:
    RandomHistory(const Shape& shape, std::uint64_t seed)
        : shape_(shape), random_(seed), clients_(shape.processes) {
        for (std::uint64_t index = 0; index < clients_.size(); ++index) {
            clients_[index].process = static_cast<std::int64_t>(index);
        }
    }

    History run() {
        std::uint64_t running = 0;
        while (started_ < shape_.operations || running > 0) {
            Client& client = clients_[random_.below(clients_.size())];
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
        std::int64_t process = 0;
        Phase phase = Phase::idle;
        Call call;
        ValueId seen;
        bool refused = false;
    };

    ValueId draw_value() {
        if (shape_.append) {
            return builder_.values().text(std::string(1, "abc"[random_.below(shape_.values)]));
        }
        return builder_.values().integer(
            static_cast<std::int64_t>(1 + random_.below(shape_.values)));
    }
    ValueId draw_written() {
        // The point keeps one piece from beginning another.
        if (shape_.unique_writes && shape_.append) {
            return builder_.values().text(std::to_string(++unique_) + ".");
        }
        if (shape_.unique_writes) return builder_.values().integer(++unique_);
        return draw_value();
    }
    void invoke(Client& client) {
        ++started_;
        client.call = Call{.process = client.process};
        if (shape_.keys > 1) {
            client.call.key =
                builder_.values().integer(static_cast<std::int64_t>(random_.below(shape_.keys)));
        }
        const std::uint64_t kind = random_.below(10);
        if (kind < 4) {
            client.call.function = Function::read;
        } else if (kind < 7 || (!shape_.cas && !shape_.append)) {
            client.call.function = Function::write;
            client.call.argument = draw_written();
        } else if (shape_.append) {
            client.call.function = Function::append;
            client.call.argument = shape_.unique_writes ? draw_written() : draw_value();
        } else {
            client.call.function = Function::cas;
            client.call.expected = draw_value();
            client.call.argument = draw_written();
        }
        client.refused = false;
        client.phase = Phase::invoked;
        REQUIRE(builder_.invoke(client.call).has_value());
    }
    void take_effect(Client& client) {
        client.phase = Phase::done;
        const ValueId initial = shape_.append ? builder_.values().text("") : nil_value;
        ValueId& value = store_.try_emplace(client.call.key, initial).first->second;
        switch (client.call.function) {
            case Function::read: client.seen = value; break;
            case Function::write: value = client.call.argument; break;
            case Function::cas:
                client.refused = value != client.call.expected;
                if (!client.refused) value = client.call.argument;
                break;
            case Function::append: {
                std::string text(builder_.values().text_of(value));
                text.append(builder_.values().text_of(client.call.argument));
                value = builder_.values().text(text);
                break;
            }
            default: break;
        }
        past_[client.call.key].push_back(value);
        if (random_.below(100) < shape_.lie_percent) {
            const std::vector<ValueId>& past = past_[client.call.key];
            const bool old = shape_.unique_writes && !past.empty() && random_.below(8) != 0;
            client.seen = old ? past[random_.below(past.size())] : draw_value();
            client.refused = client.call.function == Function::cas && random_.below(2) == 0;
        }
    }
    void complete(Client& client) {
        client.phase = Phase::idle;
        Result<void> done;
        if (random_.below(100) < shape_.unknown_percent) {
            done = builder_.info(client.process);
        } else if (random_.below(20) == 0) {
            done = builder_.fail(client.process);
        } else if (client.refused) {
            done = builder_.refuse(client.process);
        } else {
            const bool reads = client.call.function == Function::read;
            done = builder_.ok(client.process, reads ? client.seen : nil_value);
        }
        REQUIRE(done.has_value());
    }

    Shape shape_;
    Prng random_;
    HistoryBuilder builder_;
    std::vector<Client> clients_;
    std::map<ValueId, ValueId> store_;
    std::map<ValueId, std::vector<ValueId>> past_;
    std::uint64_t started_ = 0;
    std::int64_t unique_ = 100;
};

}  // namespace geode::check::oracle

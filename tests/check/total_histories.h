// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small histories of clients of stores that mostly tell the truth: what the oracles of the totals
// are held against. An operation of unknown outcome takes effect at once, later or never; one that
// fails does not, unless the store lies.

#include <algorithm>
#include <map>
#include <vector>

#include "base/prng.h"
#include "workloads/check/history.h"

namespace geode::check::oracle {

/// A store and what its clients ask of it.
class Store {
public:
    Store(ValueTable& values, Prng& random) : values_(values), random_(random) {}
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    /// What a client asks next; the process is set elsewhere.
    virtual Call ask() = 0;
    /// Takes effect, and answers.
    virtual ValueId answer(const Call& call) = 0;
    /// Another answer.
    virtual ValueId lie(const Call& call, ValueId truth) = 0;

protected:
    ValueId integer(std::int64_t value) { return values_.integer(value); }
    ValueId pair(ValueId a, ValueId b) {
        const ValueId both[] = {a, b};
        return values_.list(both);
    }
    std::vector<ValueId> elements(ValueId list) {
        const auto found = values_.list_of(list);
        return {found.begin(), found.end()};
    }

    ValueTable& values_;
    Prng& random_;
};

struct Clients {
    std::uint64_t operations = 8;
    std::uint64_t processes = 3;
    std::uint64_t lie_percent = 25;
    std::uint64_t unknown_percent = 20;
    std::uint64_t fail_percent = 10;
};

/// Runs the clients on a store, which `make(values, random)` makes.
template <class Make>
History run_clients(const Clients& shape, std::uint64_t seed, const Make& make) {
    enum class Phase : std::uint8_t { idle, invoked, done };
    struct Client {
        Phase phase = Phase::idle;
        Call call;
        ValueId seen;
    };
    Prng random(seed);
    HistoryBuilder builder;
    const auto store = make(builder.values(), random);
    const bool honest = shape.lie_percent == 0;
    std::vector<Client> clients(shape.processes);
    std::vector<Call> late;  // of unknown outcome, not yet in effect
    std::uint64_t left = shape.operations;
    for (std::uint64_t running = 0; left > 0 || running > 0;) {
        if (!late.empty() && random.below(4) == 0) {
            const auto which = static_cast<std::ptrdiff_t>(random.below(late.size()));
            store->answer(late[static_cast<std::size_t>(which)]);
            late.erase(late.begin() + which);
        }
        const std::uint64_t process = random.below(clients.size());
        Client& client = clients[process];
        const auto number = static_cast<std::int64_t>(process);
        if (client.phase == Phase::idle) {
            if (left == 0) continue;
            --left;
            ++running;
            client.call = store->ask();
            client.call.process = number;
            client.phase = Phase::invoked;
            GEODE_ASSERT(builder.invoke(client.call).has_value());
            continue;
        }
        const std::uint64_t outcome = random.below(100);
        const bool unknown = outcome < shape.unknown_percent;
        const bool effected = client.phase == Phase::done;
        const bool fails = !unknown && (!effected || !honest) &&
                           outcome < shape.unknown_percent + shape.fail_percent;
        if (unknown || fails) {
            if (unknown && !effected) late.push_back(client.call);
            GEODE_ASSERT((unknown ? builder.info(number) : builder.fail(number)).has_value());
        } else if (!effected) {
            client.seen = store->answer(client.call);
            if (random.below(100) < shape.lie_percent) {
                client.seen = store->lie(client.call, client.seen);
            }
            client.phase = Phase::done;
            continue;
        } else {
            const bool told = answers(client.call.function);
            GEODE_ASSERT(builder.ok(number, told ? client.seen : nil_value).has_value());
        }
        client.phase = Phase::idle;
        --running;
    }
    return std::move(builder).finish();
}

class BankStore final : public Store {
public:
    using Store::Store;
    Call ask() override {
        if (random_.below(3) != 0) return {.function = Function::read};
        return {.function = Function::transfer, .argument = integer(draw_amount())};
    }
    ValueId answer(const Call& call) override {
        if (call.function == Function::transfer) {
            // Nothing checks the funds, so balances below zero come up too.
            const std::int64_t amount = values_.integer_of(call.argument);
            balances_[0] -= amount;
            balances_[1] += amount;
            return nil_value;
        }
        std::vector<ValueId> pairs;
        for (std::int64_t account = 0; account < 3; ++account) {
            pairs.push_back(pair(integer(account), integer(balances_[account])));
        }
        return values_.list(pairs);
    }
    ValueId lie(const Call& call, ValueId truth) override {
        if (call.function != Function::read) return truth;
        std::vector<ValueId> pairs = elements(truth);
        const std::size_t which = random_.below(pairs.size());
        const std::vector<ValueId> told = elements(pairs[which]);
        switch (random_.below(4)) {
            case 0: pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(which)); break;
            case 1: pairs[which] = pair(told[0], nil_value); break;
            case 2: pairs[which] = pair(integer(7), told[1]); break;
            default:
                pairs[which] =
                    pair(told[0], integer(values_.integer_of(told[1]) - 1 +
                                          2 * static_cast<std::int64_t>(random_.below(2))));
        }
        return values_.list(pairs);
    }

private:
    std::int64_t draw_amount() { return static_cast<std::int64_t>(random_.below(9)) - 2; }
    std::map<std::int64_t, std::int64_t> balances_{{0, 5}, {1, 4}, {2, 1}};
};

/// Elements that are added (or ids that are written) and read whole.
class SetStore final : public Store {
public:
    SetStore(ValueTable& values, Prng& random, Function change, std::uint64_t repeat_percent)
        : Store(values, random), change_(change), repeat_percent_(repeat_percent) {}

    Call ask() override {
        if (random_.below(2) == 0) return {.function = Function::read};
        const bool again = fresh_ > 0 && random_.below(100) < repeat_percent_;
        const std::int64_t element = again ? 1 + static_cast<std::int64_t>(random_.below(fresh_))
                                           : static_cast<std::int64_t>(++fresh_);
        return {.function = change_, .argument = integer(element)};
    }
    ValueId answer(const Call& call) override {
        if (call.function == Function::read) return values_.list(held_);
        if (std::ranges::find(held_, call.argument) == held_.end()) held_.push_back(call.argument);
        return nil_value;
    }
    ValueId lie(const Call& call, ValueId truth) override {
        if (call.function != Function::read) return truth;
        std::vector<ValueId> seen = elements(truth);
        const std::uint64_t kind = random_.below(10);
        if (kind == 0) return nil_value;
        if (kind < 7 && !seen.empty()) {
            seen.erase(seen.begin() + static_cast<std::ptrdiff_t>(random_.below(seen.size())));
        } else {
            seen.push_back(integer(1 + static_cast<std::int64_t>(random_.below(fresh_ + 2))));
        }
        return values_.list(seen);
    }

private:
    Function change_;
    std::uint64_t repeat_percent_;
    std::uint64_t fresh_ = 0;
    std::vector<ValueId> held_;
};

class CounterStore final : public Store {
public:
    using Store::Store;
    Call ask() override {
        if (random_.below(3) == 0) return {.function = Function::read};
        const bool adds = random_.below(3) != 0;
        const bool one = random_.below(4) == 0;
        const auto amount = static_cast<std::int64_t>(random_.below(8)) - 2;
        return {.function = adds ? Function::add : Function::subtract,
                .argument = one ? nil_value : integer(amount)};
    }
    ValueId answer(const Call& call) override {
        if (call.function == Function::read) return integer(count_);
        const std::int64_t amount =
            call.argument == nil_value ? 1 : values_.integer_of(call.argument);
        count_ += call.function == Function::add ? amount : -amount;
        return nil_value;
    }
    ValueId lie(const Call& call, ValueId truth) override {
        if (call.function != Function::read) return truth;
        return integer(values_.integer_of(truth) + static_cast<std::int64_t>(random_.below(9)) - 4);
    }

private:
    std::int64_t count_ = 0;
};

/// Registers written once each (mostly), read together.
class ForkStore final : public Store {
public:
    using Store::Store;
    Call ask() override {
        if (random_.below(3) == 0 && written_ < 4) {
            const bool again = written_ > 0 && random_.below(25) == 0;
            const std::int64_t key = again ? 1 : ++written_;
            const ValueId mops[] = {mop("w", key, integer(1))};
            return {.function = Function::write, .argument = values_.list(mops)};
        }
        return {.function = Function::read};
    }
    ValueId answer(const Call& call) override {
        if (call.function == Function::write) {
            held_[values_.integer_of(elements(elements(call.argument)[0])[1])] = integer(1);
            return nil_value;
        }
        std::vector<std::int64_t> keys{1, 2, 3};
        if (random_.below(4) == 0) keys.pop_back();
        std::vector<ValueId> mops;
        for (; !keys.empty();) {
            const auto which = static_cast<std::ptrdiff_t>(random_.below(keys.size()));
            const std::int64_t key = keys[static_cast<std::size_t>(which)];
            keys.erase(keys.begin() + which);
            mops.push_back(mop("r", key, held_[key]));
        }
        return values_.list(mops);
    }
    ValueId lie(const Call& call, ValueId truth) override {
        if (call.function != Function::read) return truth;
        std::vector<ValueId> mops = elements(truth);
        ValueId& changed = mops[random_.below(mops.size())];
        const std::vector<ValueId> parts = elements(changed);
        const bool other = random_.below(6) == 0;
        const ValueId value = other ? integer(2) : parts[2] == nil_value ? integer(1) : nil_value;
        changed = mop("r", values_.integer_of(parts[1]), value);
        return values_.list(mops);
    }

private:
    ValueId mop(std::string_view function, std::int64_t key, ValueId value) {
        const ValueId parts[] = {values_.text(function), integer(key), value};
        return values_.list(parts);
    }
    std::int64_t written_ = 0;
    std::map<std::int64_t, ValueId> held_;
};

class IdStore final : public Store {
public:
    using Store::Store;
    Call ask() override { return {.function = Function::generate}; }
    ValueId answer(const Call& /*call*/) override { return integer(++last_); }
    ValueId lie(const Call& /*call*/, ValueId /*truth*/) override {
        return integer(1 + static_cast<std::int64_t>(random_.below(8)));
    }

private:
    std::int64_t last_ = 0;
};

/// Two registers that only grow.
class GrowingStore final : public Store {
public:
    using Store::Store;
    Call ask() override {
        const ValueId key = integer(static_cast<std::int64_t>(random_.below(2)));
        if (random_.below(3) != 0) return {.function = Function::read, .key = key};
        return {.function = Function::add, .key = key, .argument = integer(1)};
    }
    ValueId answer(const Call& call) override {
        std::int64_t& held = held_[call.key];
        if (call.function == Function::add) ++held;
        return call.function == Function::add ? nil_value : integer(held);
    }
    ValueId lie(const Call& call, ValueId truth) override {
        if (call.function != Function::read) return truth;
        return integer(static_cast<std::int64_t>(random_.below(4)));
    }

private:
    std::map<ValueId, std::int64_t> held_;
};

/// Keys written one after the other, read the last one first, in pairs with a key or without.
class SequenceStore final : public Store {
public:
    using Store::Store;
    Call ask() override {
        if (random_.below(2) == 0) return {.function = Function::read};
        return {.function = random_.below(2) == 0 ? Function::write : Function::add,
                .argument = integer(++asked_)};
    }
    ValueId answer(const Call& call) override {
        if (call.function != Function::read) {
            if (written_ < 4) ++written_;
            return nil_value;
        }
        std::vector<ValueId> seen;
        for (std::uint64_t key = 4; key > 0; --key) {
            seen.push_back(key <= written_ ? integer(static_cast<std::int64_t>(key)) : nil_value);
        }
        return shaped(seen);
    }
    ValueId lie(const Call& call, ValueId truth) override {
        if (call.function != Function::read) return truth;
        std::vector<ValueId> seen = elements(truth);
        if (seen.size() == 2) seen = elements(seen[1]);
        ValueId& one = seen[random_.below(seen.size())];
        one = one == nil_value ? integer(9) : nil_value;
        return shaped(seen);
    }

private:
    ValueId shaped(const std::vector<ValueId>& seen) {
        const ValueId list = values_.list(seen);
        return random_.below(2) == 0 ? pair(integer(0), list) : list;
    }
    std::int64_t asked_ = 0;
    std::uint64_t written_ = 0;
};

}  // namespace geode::check::oracle

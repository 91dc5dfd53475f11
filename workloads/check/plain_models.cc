// SPDX-License-Identifier: Apache-2.0

// Mutexes, counters, and several registers in one object.

#include <algorithm>
#include <map>

#include "base/hash_map.h"
#include "workloads/check/models.h"
#include "workloads/check/sequence_states.h"

namespace geode::check {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t lookup_salt = 0x6d6f;

class MutexMachine final : public Machine {
public:
    void observe(const Operation& /*operation*/) override {}
    StateId initial() override { return free; }
    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        const bool acquires = operation.function == Function::acquire;
        if (state != (acquires ? free : held)) return rejected;
        return acquires ? held : free;
    }
    bool pure(const Operation& /*operation*/) const override { return false; }
    bool resets(const Operation& /*operation*/) const override { return false; }
    bool total(const Operation& /*operation*/) const override { return false; }
    bool may_lead_to(StateId /*state*/, const Operation& /*read*/) override { return true; }
    std::string describe(StateId state) const override {
        return state == free ? "the mutex free" : "the mutex held";
    }
    std::uint64_t memory_bytes() const override { return 0; }

private:
    static constexpr StateId free = 0;
    static constexpr StateId held = 1;
};

/// States are sums, interned. Sums wrap around: only equality counts.
class CounterMachine final : public Machine {
public:
    CounterMachine(const ValueTable& values, std::int64_t initial)
        : values_(values), initial_(initial), states_(lookup_salt) {}

    void observe(const Operation& operation) override {
        const bool reads = operation.function == Function::read;
        if (!reads && amount_of(operation) < 0) falls_ = true;
        if (!reads && amount_of(operation) > 0) rises_ = true;
    }
    StateId initial() override { return state_of(initial_); }
    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        if (operation.function != Function::read) {
            const auto sum = static_cast<std::uint64_t>(sums_[state]) +
                             static_cast<std::uint64_t>(amount_of(operation));
            return state_of(static_cast<std::int64_t>(sum));
        }
        if (operation.completion == Completion::unknown) return state;
        const auto seen = seen_by(operation);
        return seen == sums_[state] ? state : rejected;
    }
    bool pure(const Operation& operation) const override {
        return operation.function == Function::read;
    }
    bool resets(const Operation& /*operation*/) const override { return false; }
    bool total(const Operation& operation) const override {
        return operation.function != Function::read;
    }
    bool may_lead_to(StateId state, const Operation& read) override {
        const auto seen = seen_by(read);
        if (!seen) return false;
        if (!falls_ && sums_[state] > *seen) return false;
        return rises_ || sums_[state] >= *seen;
    }
    std::string describe(StateId state) const override { return std::to_string(sums_[state]); }
    std::uint64_t memory_bytes() const override { return sums_.capacity() * 4 * sizeof(StateId); }

private:
    std::int64_t amount_of(const Operation& operation) const {
        const bool counts = values_.kind(operation.argument) == ValueKind::integer;
        const std::int64_t amount = counts ? values_.integer_of(operation.argument) : 1;
        return operation.function == Function::add ? amount : -amount;
    }
    std::optional<std::int64_t> seen_by(const Operation& read) const {
        if (values_.kind(read.result) != ValueKind::integer) return std::nullopt;
        return values_.integer_of(read.result);
    }
    StateId state_of(std::int64_t sum) {
        const auto made = static_cast<StateId>(sums_.size());
        const auto [place, fresh] = states_.try_emplace(sum, made);
        if (fresh) sums_.push_back(sum);
        return place->second;
    }

    const ValueTable& values_;
    std::int64_t initial_;
    HashMap<std::int64_t, StateId> states_;
    std::vector<std::int64_t> sums_;
    bool falls_ = false;
    bool rises_ = false;
};

struct RegisterMop {
    bool write = false;
    std::uint32_t name = 0;  // of the register: its value id
    std::uint32_t value = 0;
};

/// States are the values of the registers, in order of first mention.
class MultiRegisterMachine final : public Machine {
public:
    MultiRegisterMachine(const ValueTable& values, const RegisterValues& initial)
        : values_(values), initial_(initial), index_of_(lookup_salt) {}

    void observe(const Operation& operation) override {
        GEODE_ASSERT_MSG(started_.empty(), "observe() comes before the first step");
        for (const RegisterMop& mop : mops_of(operation)) admit(mop.name);
    }
    StateId initial() override {
        started_.clear();
        for (const std::uint32_t name : names_) started_.push_back(initial_of(name));
        return states_.intern(started_);
    }
    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        const auto before = states_.items(state);
        std::vector<std::uint32_t> items(before.begin(), before.end());
        for (const RegisterMop& mop : mops_of(operation)) {
            const std::size_t index = admit(mop.name);
            // A register first met now has held its initial value all along.
            while (items.size() <= index) items.push_back(initial_of(names_[items.size()]));
            if (mop.write) {
                items[index] = mop.value;
            } else if (operation.completion == Completion::ok && items[index] != mop.value) {
                return rejected;
            }
        }
        return states_.intern(items);
    }
    bool pure(const Operation& operation) const override {
        return std::ranges::none_of(mops_of(operation), &RegisterMop::write);
    }
    bool resets(const Operation& /*operation*/) const override { return false; }
    bool total(const Operation& operation) const override {
        return operation.completion == Completion::unknown ||
               std::ranges::all_of(mops_of(operation), &RegisterMop::write);
    }
    bool may_lead_to(StateId /*state*/, const Operation& /*read*/) override { return true; }
    std::string describe(StateId state) const override {
        std::string out = "{";
        const auto items = states_.items(state);
        for (std::size_t index = 0; index < items.size(); ++index) {
            out.append(index == 0 ? "" : ", ").append(values_.describe(ValueId(names_[index])));
            const bool told = items[index] != unmentioned_value.value();
            out.append(" ").append(told ? values_.describe(ValueId(items[index]))
                                        : "as it was at first");
        }
        return out.append("}");
    }
    std::uint64_t memory_bytes() const override { return states_.memory_bytes(); }

private:
    /// [[read key value] [write key value] ...]; what does not look so is left out, which
    /// understands() has refused.
    std::vector<RegisterMop> mops_of(const Operation& operation) const {
        const bool ok = operation.completion == Completion::ok && operation.result != nil_value;
        const ValueId list = ok ? operation.result : operation.argument;
        std::vector<RegisterMop> mops;
        for (const ValueId element : values_.list_of(list)) {
            const auto parts = values_.list_of(element);
            mops.push_back(RegisterMop{.write = names_write(parts[0], values_),
                                       .name = parts[1].value(),
                                       .value = parts.size() > 2 ? parts[2].value() : 0});
        }
        return mops;
    }
    std::size_t admit(std::uint32_t name) {
        const auto made = static_cast<std::uint32_t>(names_.size());
        const auto [place, fresh] = index_of_.try_emplace(name, made);
        if (fresh) names_.push_back(name);
        return place->second;
    }
    std::uint32_t initial_of(std::uint32_t name) const {
        return initial_.of(ValueId(name), values_).value();
    }

public:
    static bool names_write(ValueId id, const ValueTable& values) {
        const std::string_view word = values.text_of(id);
        return word == ":write" || word == ":w" || word == "write" || word == "w";
    }
    static bool names_read(ValueId id, const ValueTable& values) {
        const std::string_view word = values.text_of(id);
        return word == ":read" || word == ":r" || word == "read" || word == "r";
    }

private:
    const ValueTable& values_;
    const RegisterValues& initial_;
    HashMap<std::uint32_t, std::uint32_t> index_of_;
    std::vector<std::uint32_t> names_;
    std::vector<std::uint32_t> started_;
    SequenceStates states_;
};

class MutexModel final : public Model {
public:
    std::string_view name() const override { return "mutex"; }
    bool understands(const Operation& operation) const override {
        return operation.function == Function::acquire || operation.function == Function::release;
    }
    bool splits_by_key() const override { return true; }
    std::unique_ptr<Machine> start(const ValueTable& /*values*/) const override {
        return std::make_unique<MutexMachine>();
    }
};

class CounterModel final : public Model {
public:
    explicit CounterModel(std::int64_t initial) : initial_(initial) {}
    std::string_view name() const override { return "counter"; }
    bool understands(const Operation& operation) const override {
        return operation.function == Function::add || operation.function == Function::subtract ||
               operation.function == Function::read;
    }
    bool splits_by_key() const override { return true; }
    std::unique_ptr<Machine> start(const ValueTable& values) const override {
        return std::make_unique<CounterMachine>(values, initial_);
    }

private:
    std::int64_t initial_;
};

class MultiRegisterModel final : public Model {
public:
    explicit MultiRegisterModel(RegisterValues initial) : initial_(std::move(initial)) {}
    std::string_view name() const override { return "multi-register"; }
    bool understands(const Operation& operation) const override {
        return operation.function == Function::txn;
    }
    bool splits_by_key() const override { return false; }
    std::unique_ptr<Machine> start(const ValueTable& values) const override {
        return std::make_unique<MultiRegisterMachine>(values, initial_);
    }
    std::optional<std::string> objection(const Operation& operation,
                                         const ValueTable& values) const override {
        const bool ok = operation.completion == Completion::ok && operation.result != nil_value;
        const ValueId list = ok ? operation.result : operation.argument;
        if (values.kind(list) != ValueKind::list) return "a transaction is a list";
        for (const ValueId element : values.list_of(list)) {
            if (!is_mop(element, values))
                return "each of its parts is [read key value] or [write key value]";
        }
        return std::nullopt;
    }

private:
    static bool is_mop(ValueId element, const ValueTable& values) {
        if (values.kind(element) != ValueKind::list) return false;
        const auto parts = values.list_of(element);
        if (parts.size() != 2 && parts.size() != 3) return false;
        if (values.kind(parts[0]) != ValueKind::text) return false;
        const bool writes = MultiRegisterMachine::names_write(parts[0], values);
        return writes ? parts.size() == 3 : MultiRegisterMachine::names_read(parts[0], values);
    }
    RegisterValues initial_;
};

}  // namespace

ValueId RegisterValues::of(ValueId name, const ValueTable& values) const {
    const std::string_view plain = values.kind(name) == ValueKind::text ? values.text_of(name) : "";
    for (const Named& named : registers) {
        const bool equal = values.kind(name) == ValueKind::integer
                               ? named.name == std::to_string(values.integer_of(name))
                               : named.name == plain || ":" + named.name == plain;
        if (equal) return values.find(named.value).value_or(unmentioned_value);
    }
    return values.find(others).value_or(unmentioned_value);
}

std::unique_ptr<Model> make_mutex_model() {
    return std::make_unique<MutexModel>();
}

std::unique_ptr<Model> make_counter_model(std::int64_t initial) {
    return std::make_unique<CounterModel>(initial);
}

std::unique_ptr<Model> make_multi_register_model(RegisterValues initial) {
    return std::make_unique<MultiRegisterModel>(std::move(initial));
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/models.h"

#include "workloads/check/text_states.h"

namespace geode::check {
namespace {

bool is_check(const Operation& operation) {
    return operation.function == Function::read || operation.completion == Completion::refused;
}

/// States are value ids: they are interned already.
class RegisterMachine final : public Machine {
public:
    RegisterMachine(const ValueTable& values, ValueId initial, Literal initial_literal)
        : values_(values), initial_(initial), initial_literal_(initial_literal) {}

    void observe(const Operation& operation) override {
        merging_ = true;
        if (operation.function == Function::read) mark_seen(operation.result);
        if (operation.function == Function::cas) mark_seen(operation.expected);
    }

    StateId initial() override { return state_of(initial_); }

    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        switch (operation.function) {
            case Function::read: return step_read(state, operation);
            case Function::write: return state_of(operation.argument);
            case Function::cas: return step_cas(state, operation);
            default: GEODE_UNREACHABLE("a register has no such operation");
        }
    }

    bool pure(const Operation& operation) const override { return is_check(operation); }
    bool resets(const Operation& operation) const override {
        return operation.function == Function::write;
    }
    bool total(const Operation& operation) const override {
        return operation.function == Function::write;
    }
    bool may_lead_to(StateId /*state*/, const Operation& /*read*/) override { return true; }
    std::string describe(StateId state) const override {
        if (state == unseen) return "a value nobody read";
        if (ValueId(state) != unmentioned_value) return values_.describe(ValueId(state));
        return std::to_string(initial_literal_.integer);
    }
    std::uint64_t memory_bytes() const override { return seen_.capacity() / 8; }

private:
    /// All values that no operation reads or compares with: nothing tells them apart.
    static constexpr StateId unseen = UINT32_MAX - 2;
    static_assert(unseen != rejected && unseen != unmentioned_value.value());

    void mark_seen(ValueId value) {
        if (seen_.size() <= value.value()) seen_.resize(values_.count(), false);
        seen_[value.value()] = true;
    }
    StateId state_of(ValueId value) const {
        if (!merging_) return value.value();
        const bool seen = value.value() < seen_.size() && seen_[value.value()];
        return seen ? value.value() : unseen;
    }
    static StateId step_read(StateId state, const Operation& operation) {
        if (operation.completion == Completion::unknown) return state;
        return operation.result.value() == state ? state : rejected;
    }
    StateId step_cas(StateId state, const Operation& operation) const {
        const bool equal = operation.expected.value() == state;
        switch (operation.completion) {
            case Completion::ok: return equal ? state_of(operation.argument) : rejected;
            case Completion::refused: return equal ? rejected : state;
            case Completion::unknown: return equal ? state_of(operation.argument) : state;
            case Completion::fail: break;
        }
        GEODE_UNREACHABLE("a failed cas is no step");
    }

    const ValueTable& values_;
    ValueId initial_;
    Literal initial_literal_;
    bool merging_ = false;
    std::vector<bool> seen_;  // by value id
};

/// States are trie nodes for texts, and value ids with the top bit set for everything else.
class KvMachine final : public Machine {
public:
    explicit KvMachine(const ValueTable& values)
        : values_(values), states_of_(values.count(), rejected) {}

    void observe(const Operation& operation) override {
        merging_ = true;
        const bool read = operation.function == Function::read;
        const ValueId value = read ? operation.result : operation.argument;
        if (read) {
            state_of(value);
        } else if (values_.kind(value) != ValueKind::text) {
            only_texts_ = false;
        }
    }

    StateId initial() override { return TextStates::empty_text; }

    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        switch (operation.function) {
            case Function::read:
                if (operation.completion == Completion::unknown) return state;
                return state_of(operation.result) == state ? state : rejected;
            case Function::write: return step_write(operation);
            case Function::append: return step_append(state, operation);
            default: GEODE_UNREACHABLE("a key-value store has no such operation");
        }
    }

    bool pure(const Operation& operation) const override { return is_check(operation); }
    bool resets(const Operation& operation) const override {
        return operation.function == Function::write;
    }
    bool total(const Operation& operation) const override {
        if (operation.function == Function::append) return merging_ && only_texts_;
        return operation.function == Function::write;
    }
    bool may_lead_to(StateId state, const Operation& read) override {
        GEODE_ASSERT(read.function == Function::read);
        const StateId wanted = state_of(read.result);
        if (state == wanted) return true;
        if (is_other(state) || is_other(wanted) || state == unseen) return false;
        return texts_.is_prefix(state, wanted);
    }
    std::string describe(StateId state) const override {
        if (is_other(state)) return values_.describe(ValueId(state & ~other_bit));
        if (state == unseen) return "a text nobody read";
        return "\"" + texts_.text(state) + "\"";
    }
    std::uint64_t memory_bytes() const override {
        return texts_.memory_bytes() + states_of_.capacity() * sizeof(StateId);
    }

private:
    static constexpr StateId other_bit = 1U << 31;
    /// All texts that begin no text that is read: whatever is appended, no read fits them.
    static constexpr StateId unseen = other_bit - 1;
    static_assert(unseen >= TextStates::nodes_max);
    static bool is_other(StateId state) { return (state & other_bit) != 0; }

    StateId state_of(ValueId value) {
        GEODE_ASSERT(value.value() < states_of_.size());
        StateId& state = states_of_[value.value()];
        if (state != rejected) return state;
        state = values_.kind(value) == ValueKind::text
                    ? texts_.append(TextStates::empty_text, values_.text_of(value))
                    : (value.value() | other_bit);
        return state;
    }
    /// The state with `text` added: a new one only if states are not merged.
    StateId extend(StateId state, std::string_view text) {
        if (!merging_) return texts_.append(state, text);
        if (state == unseen) return unseen;
        return texts_.find(state, text).value_or(unseen);
    }
    StateId step_write(const Operation& operation) {
        if (values_.kind(operation.argument) != ValueKind::text) {
            return state_of(operation.argument);
        }
        return extend(TextStates::empty_text, values_.text_of(operation.argument));
    }
    StateId step_append(StateId state, const Operation& operation) {
        const bool textual =
            !is_other(state) && values_.kind(operation.argument) == ValueKind::text;
        return textual ? extend(state, values_.text_of(operation.argument)) : rejected;
    }

    const ValueTable& values_;
    TextStates texts_;
    std::vector<StateId> states_of_;  // by value id; rejected until first used
    bool merging_ = false;
    bool only_texts_ = true;
};

class RegisterModel final : public Model {
public:
    explicit RegisterModel(Literal initial) : initial_(initial) {}
    std::string_view name() const override { return "register"; }
    bool understands(const Operation& operation) const override {
        return operation.function == Function::read || operation.function == Function::write ||
               operation.function == Function::cas;
    }
    bool splits_by_key() const override { return true; }
    std::unique_ptr<Machine> start(const ValueTable& values) const override {
        return std::make_unique<RegisterMachine>(values, initial_in(values), initial_);
    }
    std::optional<ValueId> register_initial(const ValueTable& values) const override {
        return initial_in(values);
    }

private:
    ValueId initial_in(const ValueTable& values) const {
        return values.find(initial_).value_or(unmentioned_value);
    }
    Literal initial_;
};

class KvModel final : public Model {
public:
    std::string_view name() const override { return "kv"; }
    bool understands(const Operation& operation) const override {
        return operation.function == Function::read || operation.function == Function::write ||
               operation.function == Function::append;
    }
    bool splits_by_key() const override { return true; }
    std::unique_ptr<Machine> start(const ValueTable& values) const override {
        return std::make_unique<KvMachine>(values);
    }
    std::optional<ValueId> register_initial(const ValueTable& values) const override {
        return values.find(Literal{.kind = ValueKind::text}).value_or(unmentioned_value);
    }
    Discipline discipline() const override { return Discipline::text; }
};

}  // namespace

std::unique_ptr<Model> make_register_model(Literal initial) {
    return std::make_unique<RegisterModel>(initial);
}

std::unique_ptr<Model> make_kv_model() {
    return std::make_unique<KvModel>();
}

}  // namespace geode::check

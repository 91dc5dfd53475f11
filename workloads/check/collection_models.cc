// SPDX-License-Identifier: Apache-2.0

// Sets, lists, queues, stacks and priority queues. A state is the sequence of the values held: of a
// set in order of their ids, of a priority queue smallest first, else oldest first.

#include <algorithm>

#include "workloads/check/models.h"
#include "workloads/check/sequence_states.h"

namespace geode::check {
namespace {

using Items = std::vector<std::uint32_t>;

bool is_true(ValueId id, const ValueTable& values) {
    return values.kind(id) == ValueKind::text && values.text_of(id) == "true";
}

/// What the collections share: interned sequences of value ids.
class CollectionMachine : public Machine {
public:
    explicit CollectionMachine(const ValueTable& values) : values_(values) {}
    void observe(const Operation& /*operation*/) override {}
    StateId initial() override { return SequenceStates::empty_sequence; }
    bool resets(const Operation& /*operation*/) const override { return false; }
    bool may_lead_to(StateId /*state*/, const Operation& /*read*/) override { return true; }
    std::string describe(StateId state) const override {
        std::vector<ValueId> held;
        for (const std::uint32_t item : states_.items(state)) held.emplace_back(item);
        return values_.describe_elements(held);
    }
    std::uint64_t memory_bytes() const override { return states_.memory_bytes(); }

protected:
    Items items_of(StateId state) const {
        const auto items = states_.items(state);
        return Items(items.begin(), items.end());
    }
    StateId intern(const Items& items) { return states_.intern(items); }
    /// The elements of a list that was read; nothing for nil, which some clients answer for empty,
    /// and for anything else `valid` is false.
    Items listed(ValueId id, bool& valid) const {
        Items items;
        valid = id == nil_value || values_.kind(id) == ValueKind::list;
        if (!valid || id == nil_value) return items;
        for (const ValueId element : values_.list_of(id)) items.push_back(element.value());
        return items;
    }
    const ValueTable& values() const { return values_; }
    SequenceStates& states() { return states_; }

private:
    const ValueTable& values_;
    SequenceStates states_;
};

class SetMachine final : public CollectionMachine {
public:
    using CollectionMachine::CollectionMachine;

    void observe(const Operation& operation) override {
        if (operation.function == Function::read) reads_ = true;
        if (operation.function == Function::remove) removes_ = true;
        if (operation.function == Function::read) return;
        if (!seen_element_) element_ = operation.argument;
        if (element_ != operation.argument) single_ = false;
        seen_element_ = true;
    }

    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        const bool unknown = operation.completion == Completion::unknown;
        switch (operation.function) {
            case Function::read:
                return unknown || read_of(operation.result) == state ? state : rejected;
            case Function::contains: {
                if (unknown || operation.result == nil_value) return state;
                const bool told = is_true(operation.result, values());
                return told == holds(state, operation.argument) ? state : rejected;
            }
            case Function::add: return step_change(state, operation, true);
            case Function::remove: return step_change(state, operation, false);
            default: GEODE_UNREACHABLE("a set has no such operation");
        }
    }

    bool pure(const Operation& operation) const override {
        if (operation.function == Function::read) return true;
        if (operation.function == Function::contains) return true;
        // It answered that there was nothing to change.
        return operation.completion == Completion::ok && operation.result != nil_value &&
               !is_true(operation.result, values());
    }
    bool total(const Operation& operation) const override {
        if (pure(operation)) return false;
        return operation.completion == Completion::unknown || operation.result == nil_value;
    }
    bool resets(const Operation& operation) const override {
        return single_ && !reads_ && seen_element_ && total(operation);
    }
    bool may_lead_to(StateId state, const Operation& read) override {
        if (removes_ || read.function != Function::read) return true;
        const StateId wanted = read_of(read.result);
        if (wanted == rejected) return false;
        const auto held = states().items(state);
        const auto all = states().items(wanted);
        return std::ranges::includes(all, held);
    }

private:
    bool holds(StateId state, ValueId element) {
        return std::ranges::binary_search(states().items(state), element.value());
    }
    StateId step_change(StateId state, const Operation& operation, bool add) {
        const bool held = holds(state, operation.argument);
        const bool told = operation.completion == Completion::ok && operation.result != nil_value;
        if (told && is_true(operation.result, values()) == (held == add)) return rejected;
        if (held == add) return state;
        Items items = items_of(state);
        const auto place = std::ranges::lower_bound(items, operation.argument.value());
        if (add) {
            items.insert(place, operation.argument.value());
        } else {
            items.erase(place);
        }
        return intern(items);
    }
    /// The state that a read of the whole set saw; rejected if none can be it.
    StateId read_of(ValueId result) {
        if (read_states_.size() <= result.value()) read_states_.resize(values().count(), unread);
        StateId& known = read_states_[result.value()];
        if (known != unread) return known;
        bool valid = false;
        Items items = listed(result, valid);
        std::ranges::sort(items);
        const bool repeats = std::ranges::adjacent_find(items) != items.end();
        known = valid && !repeats ? intern(items) : rejected;
        return known;
    }

    static constexpr StateId unread = UINT32_MAX - 1;
    std::vector<StateId> read_states_;  // by value id
    bool reads_ = false;
    bool removes_ = false;
    bool single_ = true;
    bool seen_element_ = false;
    ValueId element_;
};

class ListMachine final : public CollectionMachine {
public:
    using CollectionMachine::CollectionMachine;

    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        if (operation.function == Function::append) {
            Items items = items_of(state);
            items.push_back(operation.argument.value());
            return intern(items);
        }
        GEODE_ASSERT(operation.function == Function::read);
        if (operation.completion == Completion::unknown) return state;
        bool valid = false;
        const Items seen = listed(operation.result, valid);
        return valid && std::ranges::equal(seen, states().items(state)) ? state : rejected;
    }
    bool pure(const Operation& operation) const override {
        return operation.function == Function::read;
    }
    bool total(const Operation& operation) const override {
        return operation.function == Function::append;
    }
    bool may_lead_to(StateId state, const Operation& read) override {
        bool valid = false;
        const Items wanted = listed(read.result, valid);
        const auto held = states().items(state);
        return valid && held.size() <= wanted.size() &&
               std::equal(held.begin(), held.end(), wanted.begin());
    }
};

enum class Takes : std::uint8_t { oldest, newest, smallest };

/// Queue, stack and priority queue: they differ in which value is taken.
class PoolMachine final : public CollectionMachine {
public:
    PoolMachine(const ValueTable& values, Takes takes) : CollectionMachine(values), takes_(takes) {}

    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        const bool ok = operation.completion == Completion::ok;
        switch (operation.function) {
            case Function::enqueue:
            case Function::push:
            case Function::insert: return put(state, operation.argument);
            case Function::drain: {
                if (!ok) return SequenceStates::empty_sequence;
                bool valid = false;
                const Items all = listed(operation.result, valid);
                const bool equal = valid && std::ranges::equal(all, states().items(state));
                return equal ? SequenceStates::empty_sequence : rejected;
            }
            default: return take(state, operation);
        }
    }
    bool pure(const Operation& operation) const override {
        const bool takes = operation.function == Function::dequeue ||
                           operation.function == Function::pop ||
                           operation.function == Function::extract_min;
        return takes && operation.completion == Completion::ok && operation.result == nil_value;
    }
    bool total(const Operation& operation) const override {
        return operation.function == Function::enqueue || operation.function == Function::push ||
               operation.function == Function::insert ||
               operation.completion == Completion::unknown;
    }

private:
    StateId put(StateId state, ValueId value) {
        Items items = items_of(state);
        if (takes_ != Takes::smallest) {
            items.push_back(value.value());
            return intern(items);
        }
        const auto place = std::ranges::upper_bound(
            items, value, [this](ValueId a, ValueId b) { return values().less(a, b); },
            [](std::uint32_t item) { return ValueId(item); });
        items.insert(place, value.value());
        return intern(items);
    }
    StateId take(StateId state, const Operation& operation) {
        const bool unknown = operation.completion == Completion::unknown;
        if (state == SequenceStates::empty_sequence) {
            return unknown || operation.result == nil_value ? state : rejected;
        }
        Items items = items_of(state);
        const auto place = takes_ == Takes::newest ? items.end() - 1 : items.begin();
        if (!unknown && *place != operation.result.value()) return rejected;
        items.erase(place);
        return intern(items);
    }

    Takes takes_;
};

using Start = std::unique_ptr<Machine> (*)(const ValueTable&);

/// A model told apart by its machine and the functions it knows.
class CollectionModel final : public Model {
public:
    CollectionModel(std::string_view name, Discipline discipline, std::vector<Function> functions,
                    Start start_machine)
        : name_(name),
          discipline_(discipline),
          functions_(std::move(functions)),
          start_(start_machine) {}
    std::string_view name() const override { return name_; }
    bool understands(const Operation& operation) const override {
        return std::ranges::find(functions_, operation.function) != functions_.end();
    }
    bool splits_by_key() const override { return true; }
    std::unique_ptr<Machine> start(const ValueTable& values) const override {
        return start_(values);
    }
    Discipline discipline() const override { return discipline_; }

private:
    std::string_view name_;
    Discipline discipline_;
    std::vector<Function> functions_;
    Start start_;
};

template <Takes takes>
std::unique_ptr<Machine> start_pool(const ValueTable& values) {
    return std::make_unique<PoolMachine>(values, takes);
}

template <class MachineType>
std::unique_ptr<Machine> start_plain(const ValueTable& values) {
    return std::make_unique<MachineType>(values);
}

std::unique_ptr<Model> make(std::string_view name, Discipline discipline,
                            std::vector<Function> functions, Start start_machine) {
    return std::make_unique<CollectionModel>(name, discipline, std::move(functions), start_machine);
}

}  // namespace

std::unique_ptr<Model> make_set_model() {
    return make("set", Discipline::set,
                {Function::add, Function::remove, Function::contains, Function::read},
                start_plain<SetMachine>);
}

std::unique_ptr<Model> make_list_model() {
    return make("list", Discipline::list, {Function::append, Function::read},
                start_plain<ListMachine>);
}

std::unique_ptr<Model> make_queue_model() {
    return make("queue", Discipline::queue, {Function::enqueue, Function::dequeue, Function::drain},
                start_pool<Takes::oldest>);
}

std::unique_ptr<Model> make_stack_model() {
    return make("stack", Discipline::stack, {Function::push, Function::pop},
                start_pool<Takes::newest>);
}

std::unique_ptr<Model> make_priority_queue_model() {
    return make("priority-queue", Discipline::priority_queue,
                {Function::insert, Function::extract_min}, start_pool<Takes::smallest>);
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sequential models: what one object answers when its operations come one after another.
//
// A Model is an immutable description; start() makes a Machine, which names the states of one
// object by small numbers (equal ids exactly for equal states) and steps between them. A Machine
// may intern new states while it steps, so it belongs to one search. A new model is a new pair of
// subclasses; the search knows nothing else of it.
//
// What a Machine promises (tests hold it to these):
//  1. step() is a function: the same state and operation give the same answer, always.
//  2. An operation of unknown outcome accepts every state, unless it could not have been carried
//     out there at all.
//  3. pure(op): wherever step accepts op it leaves the state alone. The search places such
//     operations as early as they fit.
//  4. resets(op): step(s, op) is the same for every state s.
//  5. may_lead_to(s, read) == false: no sequence of operations that do not reset leads from s to a
//     state that accepts `read`. true is always right, only slower.
//  6. total(op): step accepts it in every state.
//  7. After observe() has been called with every operation of the object, states that none of them
//     can tell apart, now or after further steps, may have become one.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workloads/check/history.h"

namespace geode::check {

using StateId = std::uint32_t;

/// What step() answers if the operation cannot have had its outcome in that state.
inline constexpr StateId rejected = UINT32_MAX;

/// A value that no operation of the history mentions, for an initial state nobody reads.
inline constexpr ValueId unmentioned_value{UINT32_MAX - 1};

class Machine {
public:
    virtual ~Machine() = default;
    /// Announces an operation of the object. All or none, before the first step.
    virtual void observe(const Operation& operation) = 0;
    virtual StateId initial() = 0;
    /// The state after `operation`, or `rejected`. Never called with Completion::fail.
    virtual StateId step(StateId state, const Operation& operation) = 0;
    virtual bool pure(const Operation& operation) const = 0;
    virtual bool resets(const Operation& operation) const = 0;
    virtual bool total(const Operation& operation) const = 0;
    virtual bool may_lead_to(StateId state, const Operation& read) = 0;
    /// The state for a person.
    virtual std::string describe(StateId state) const = 0;
    /// Bytes held for interned states; counted against the budget of the search.
    virtual std::uint64_t memory_bytes() const = 0;
};

/// What kind of collection an object is, if there is a fast way to decide it (monitors.h).
enum class Discipline : std::uint8_t { none, text, list, set, queue, stack, priority_queue };

class Model {
public:
    virtual ~Model() = default;
    virtual std::string_view name() const = 0;
    /// Whether this model knows the operation's function.
    virtual bool understands(const Operation& operation) const = 0;
    /// Whether operations on different keys never influence each other.
    virtual bool splits_by_key() const = 0;
    /// A machine in the initial state. `values` must outlive it.
    virtual std::unique_ptr<Machine> start(const ValueTable& values) const = 0;
    /// If reads and writes alone make this a register: its initial value. The way into the zone
    /// check.
    virtual std::optional<ValueId> register_initial(const ValueTable& /*values*/) const {
        return std::nullopt;
    }
    /// The way into the other fast checks; of an object that starts empty.
    virtual Discipline discipline() const { return Discipline::none; }
    /// What is wrong with the arguments or the answer of an operation that it understands.
    virtual std::optional<std::string> objection(const Operation& /*operation*/,
                                                 const ValueTable& /*values*/) const {
        return std::nullopt;
    }
};

/// A register with read, write and cas per key; `initial` must outlive the model. A refused cas
/// requires that the value was not the expected one.
std::unique_ptr<Model> make_register_model(Literal initial = {});

/// A store of texts with read, write and append per key, each initially "". Writing a value that
/// is not a text is allowed, appending to one is not.
std::unique_ptr<Model> make_kv_model();

/// A mutex per key, free at first: acquire and release, whoever does it (Knossos's mutex).
std::unique_ptr<Model> make_mutex_model();

/// A counter per key with add, subtract and read.
std::unique_ptr<Model> make_counter_model(std::int64_t initial = 0);

/// A set per key with add, remove, contains and reads of the whole; empty at first. An add that
/// answers true found the element absent, a remove that answers true found it there.
std::unique_ptr<Model> make_set_model();

/// A list per key with append and reads of the whole; empty at first.
std::unique_ptr<Model> make_list_model();

/// First in, first out; last in, first out; smallest out first (ValueTable::less). One per key,
/// empty at first. Taking from an empty one answers nil. drain (of a queue) takes all at once.
std::unique_ptr<Model> make_queue_model();
std::unique_ptr<Model> make_stack_model();
std::unique_ptr<Model> make_priority_queue_model();

/// What registers hold at first: each that is named, and all others. Names are written as in the
/// history, a keyword with or without its colon. Borrows texts.
struct RegisterValues {
    struct Named {
        std::string name;
        Literal value;
    };
    std::vector<Named> registers = {};
    Literal others = {};
    ValueId of(ValueId name, const ValueTable& values) const;
};

/// Registers that are read and written several at a time, by txn (Knossos's multi-register).
std::unique_ptr<Model> make_multi_register_model(RegisterValues initial = {});

}  // namespace geode::check

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
    virtual std::optional<ValueId> register_initial(const ValueTable& values) const = 0;
};

/// A register with read, write and cas per key; `initial` must outlive the model. A refused cas
/// requires that the value was not the expected one.
std::unique_ptr<Model> make_register_model(Literal initial = {});

/// A store of texts with read, write and append per key, each initially "". Writing a value that
/// is not a text is allowed, appending to one is not.
std::unique_ptr<Model> make_kv_model();

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model of the user's own: a small text that lists what an object does in each of its states
// (docs/formats/model.md).
//
//   model traffic-light
//   initial red
//   # state  operation  argument  = answer     -> next state
//   red      go                                -> green
//   green    stop       *         = stopped    -> red
//   *        look                 = $state     -> same
//
// The first rule that fits the state, the operation and its argument says what happens; without one
// the operation cannot happen there. Operations of histories are read under any name
// (Names::any).

#include <memory>
#include <string_view>

#include "base/result.h"
#include "workloads/check/models.h"

namespace geode::check {

inline constexpr std::size_t automaton_states_max = 10'000;
inline constexpr std::size_t automaton_rules_max = 100'000;

/// Reads a model; it keeps nothing of `text`. `name` is the file's name for messages.
/// invalid_argument as "name:line: expected ...".
Result<std::unique_ptr<Model>> parse_automaton(std::string_view text, std::string_view name);

}  // namespace geode::check

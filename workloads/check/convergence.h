// SPDX-License-Identifier: Apache-2.0
#pragma once

// Convergence: after all is quiet, do replicas that merge instead of agreeing hold the same, and
// is it what their clients were promised?
//
// Input is the history of additions and removals (or of amounts added) with their outcomes, and
// what each replica holds when nothing runs any more. Each element is judged by real time alone, as
// a register read once at the end: it must be there if an addition was acknowledged and no removal
// could have come after it (else `lost`); it must not be there if a removal was acknowledged and no
// addition could have come after it (else `resurrected`), nor if nobody added it (else
// `unexpected`). Of two that overlap either may win. A counter must hold what was acknowledged, and
// between that with all decrements and that with all increments that may have happened (else
// `miscounted`). Replicas that differ are `diverged`.
//
// Source: Shapiro et al., "Conflict-free replicated data types", SSS 2011 (strong eventual
// consistency), checked from the outside.

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "workloads/check/findings.h"

namespace geode::check {

struct SetReplica {
    std::string name;
    std::vector<ValueId> elements;  ///< of the history's values, in any order, also twice
};

struct CounterReplica {
    std::string name;
    std::int64_t value = 0;
};

/// Judges a replicated set. invalid_argument for operations other than add, remove, contains and
/// read; the last two are not looked at. O(n log n).
Result<Judgement> check_set_convergence(const History& history,
                                        std::span<const SetReplica> replicas);

/// Judges a replicated counter that began at `initial`. invalid_argument for operations other than
/// add, subtract and read, or amounts that are no integers.
Result<Judgement> check_counter_convergence(const History& history,
                                            std::span<const CounterReplica> replicas,
                                            std::int64_t initial);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linearizability of queues, stacks and priority queues into which every value is put at most once,
// by looking at the times between which each value has to be inside.
//
// Moments are the gaps between events. A value is surely inside from the completion of its put up
// to the invocation of its take; one that is never taken, for ever.
//  - empty: an operation that found nothing needs a gap in which no value is surely inside.
//  - queue: if a was put before b (in real time), b may not be taken before a.
//  - stack: outermost first. If some gap is in no value's sure time, what comes before and after it
//    is judged apart; otherwise one value must be put first and taken last of all. Leaving out
//    values cannot make a stack history wrong, so any such value will do.
//  - priority queue: smallest first. A value can be taken only in a gap in which no smaller one is
//    inside; taking it in the first such gap leaves most room to the larger ones.
// A value whose put and take overlap passes through a stack or queue unnoticed.
//
// O(n log n); for stacks times the levels of nesting that split. An operation that takes and whose
// answer was never told may have taken anything: see check_pool().
//
// Sources: Henzinger, Sezgin, Vafeiadis, "Aspect-oriented linearizability proofs", CONCUR 2013
// (queue); Bouajjani, Emmi, Enea, Hamza, "On reducing linearizability to state reachability",
// ICALP 2015 (stack); Lee, Mathur, "Efficient decrease-and-conquer linearizability monitoring",
// OOPSLA 2025 (leaving out one value at a time). Held against trying every order in tests/check.

#include <optional>
#include <string>

#include "workloads/check/judgement.h"
#include "workloads/check/partition.h"

namespace geode::check {

struct PoolResult {
    Verdict verdict = Verdict::valid;
    std::uint32_t blocking = 0;  ///< if invalid: the completion with which it goes wrong
    std::string_view rule = {};  ///< which rule is broken, in words
    std::vector<std::uint32_t> culprits = {};  ///< entries that show it, blocking's aside
};

/// Decides an object of Discipline::queue, ::stack or ::priority_queue; nothing if a value is put
/// in twice, nil is put in, or a queue is drained.
///
/// Takes whose answer was never told: in a queue where nothing was found empty it is exact to give
/// each of them one value that had to go, the most urgent first. Otherwise the check decides with
/// all of them taking everything that would have been left, and with taking nothing, or in turn. If
/// the two agree that is the verdict, otherwise it is unknown.
std::optional<PoolResult> check_pool(const Partition& partition, const ValueTable& values,
                                     Discipline discipline);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Causal consistency of registers whose writes are told apart: CC of Bouajjani, Enea, Guerraoui and
// Hamza, "On verifying causal consistency", POPL 2017 (not their stronger CM or CCv).
//
// What happens before what is the order within each process together with who read whose write. A
// history is causally consistent exactly when that has no cycle and no read shows a value that,
// before the read, was overwritten: their bad patterns are CyclicCO (here `cyclic-causality`),
// ThinAirRead (`thin-air-read`), WriteCOInitRead and WriteCORead (`overwritten-read`).
//
// O(n p log n) for n operations in p processes; each operation of unknown outcome that was seen
// counts as a process.

#include "workloads/check/findings.h"

namespace geode::check {

/// Decides the history; unknown if a value was written twice, for a cas, or if the vectors of what
/// comes before each operation would take more than the budget's bytes.
Result<Judgement> check_causal(const History& history, ValueId initial, const Budget& budget);

}  // namespace geode::check

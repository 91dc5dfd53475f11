// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sequential consistency (Lamport 1979): is there one order of all operations that keeps the order
// of each process and explains every answer? Real time does not count, and it is not local: all
// keys are judged together.
//
// Cheap answers first: what is linearizable is sequentially consistent; what is not causally
// consistent is not. Otherwise a search over how far each process has come and the states of all
// objects, which takes reads as soon as they fit and never enters a configuration twice. That is
// exponential in the number of processes at worst, and the problem is NP-complete (Gibbons & Korach
// 1997). An operation of unknown outcome comes after those before it in its process, or never;
// later ones of its process do not wait for it.

#include "workloads/check/judgement.h"
#include "workloads/check/linearizability.h"

namespace geode::check {

/// Decides the history; unknown if the budget runs out. invalid_argument as check_understood().
Result<Judgement> check_sequential(const History& history, const Model& model,
                                   const Budget& budget);

}  // namespace geode::check

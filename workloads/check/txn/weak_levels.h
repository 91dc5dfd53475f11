// SPDX-License-Identifier: Apache-2.0
#pragma once

// Read committed, read atomic and causal consistency of registers, in polynomial time.
//
// Each level has one axiom. Say a reader saw the value that a writer gave a key, and a third
// transaction, which wrote the key too, was visible to the reader: then the third came before the
// writer. Visible means
//
//   read committed  the reader had read from it before, in program order
//   item cut        the same, and the reader saw no two versions of a key
//   read atomic     the reader read from it at all, or it precedes the reader in the session
//   causal          a chain of session steps and reads leads from it to the reader
//
// A history satisfies a level exactly when session order, reads and all that follows by the axiom
// have no cycle. Only the facts that imply the others are derived, which is what makes it fast:
// n operations, k sessions
//
//   read committed, item cut, read atomic   O(n^1.5)
//   causal                                  O(n k)
//
// Sources: Møldrup, Pavlogiannis, PLDI 2025 (AWDIT), algorithms 1 to 3; Biswas, Enea, OOPSLA 2019,
// for the axioms. Read committed is theirs: it is what Adya's PL-2 asks, and that a transaction
// that has seen a write does not see an older version of the same key afterwards.

#include <optional>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/register_links.h"

namespace geode::check::txn {

enum class WeakLevel : std::uint8_t { read_committed, item_cut, read_atomic, causal };

struct WeakResult {
    std::optional<Cycle> cycle;  ///< why the level does not hold; a shortest through some node
    std::optional<std::uint32_t> unrepeated;  ///< item_cut and above: unrepeated_read()
    bool exhausted = false;                   ///< it would take more than the budget: undecided
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;
};

/// A read that saw another version than an earlier read of its transaction (index into
/// RegisterIndex::reads), if there is one.
std::optional<std::uint32_t> unrepeated_read(const RegisterIndex& index);

/// Whether a history keeps `level`, by the session order of `index`. Problems of reads are the
/// caller's. Only causal, which takes much where sessions are many, is ever exhausted.
WeakResult check_weak_level(const RegisterIndex& index, WeakLevel level, const Budget& budget);

}  // namespace geode::check::txn

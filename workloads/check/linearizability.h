// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linearizability: could each operation have taken effect at one moment between its invocation and
// its completion?
//
// Linearizability is local (Herlihy & Wing 1990, theorem 1), so the history is split by key if the
// model allows, and each object is judged alone: by a fast check where one is exact
// (fast_checks.h), by search otherwise (search.h). Both name the same blocking operation: the one
// with whose completion the history stops being linearizable (given how the operations then still
// open ended; where answers of a queue or stack were never told, perhaps a later one).
//
// A pure function of history, model and options: the same answer on every machine.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "workloads/check/history.h"
#include "workloads/check/judgement.h"
#include "workloads/check/models.h"

namespace geode::check {

enum class FastPaths : std::uint8_t { use, avoid };

struct LinearizabilityOptions {
    std::uint64_t steps_max = 1'000'000'000;           ///< operations tried, over all keys
    std::uint64_t bytes_max = std::uint64_t{1} << 30;  ///< memory of the search of one key
    FastPaths fast_paths = FastPaths::use;             ///< avoid: always search
};

/// Why a history is not linearizable. Operations are indices into History::operations.
struct Blocked {
    ValueId key;
    std::uint32_t operation = 0;            ///< cannot be placed
    std::vector<std::uint32_t> concurrent;  ///< overlap it: open when it completed
    std::vector<std::uint32_t> prefix;      ///< a linearization of all that completed before it
};

struct LinearizabilityResult {
    Verdict verdict = Verdict::valid;
    std::string explanation;         ///< in words; for unknown the limit that was hit
    std::optional<Blocked> blocked;  ///< if invalid
    /// If valid, a linearization for each object: operations that took effect, in order. Objects
    /// decided without finding one (queues, stacks) have none.
    std::vector<std::vector<std::uint32_t>> witness;
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;  ///< the most that the search of one object held
};

/// invalid_argument, naming it, for the first operation that the model does not know or cannot
/// take.
Result<void> check_understood(const History& history, const Model& model);

/// Decides whether `history` is linearizable. Of several bad keys the first is reported; one bad
/// key makes the history invalid even if others are undecided. invalid_argument if the model does
/// not know an operation.
Result<LinearizabilityResult> check_linearizability(const History& history, const Model& model,
                                                    const LinearizabilityOptions& options = {});

}  // namespace geode::check

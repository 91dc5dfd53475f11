// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which fast check decides an object, if any: zones for registers (zones.h), chains for texts and
// lists (chains.h), stages for sets that only grow (growing_sets.h), times for queues, stacks and
// priority queues (pools.h). All need the values to be told apart; else there is the search.

#include <optional>
#include <string>

#include "workloads/check/judgement.h"
#include "workloads/check/partition.h"

namespace geode::check {

struct FastResult {
    Verdict verdict = Verdict::valid;
    /// If `ordered`: the linearization; if invalid, of what was known just before `blocking`.
    std::vector<std::uint32_t> order = {};
    bool ordered = false;        ///< this check finds linearizations
    std::uint32_t blocking = 0;  ///< if invalid: the completion with which it goes wrong
    std::string_view rule = {};  ///< if invalid, perhaps: why, in words
    std::vector<std::uint32_t> culprits = {};  ///< and the entries that show it
};

/// Decides `partition` if a fast check applies. O(n log n), about.
std::optional<FastResult> check_fast(const Partition& partition, const ValueTable& values,
                                     const Model& model);

}  // namespace geode::check

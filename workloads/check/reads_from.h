// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which write every read of a register saw: the ground on which causal consistency and the session
// guarantees stand. It takes registers whose writes are told apart by their values.
//
// Only what is known to have happened is here: reads that were answered, writes that were
// acknowledged or that some read shows. An operation of unknown outcome follows those before it in
// its process, but nothing follows it: it may take effect at any later time.

#include <string>
#include <vector>

#include "base/result.h"
#include "workloads/check/findings.h"

namespace geode::check {

inline constexpr std::uint32_t no_node = UINT32_MAX;

struct RegisterNode {
    std::uint32_t operation = 0;     ///< index in the history
    std::uint32_t chain = 0;         ///< one for each process, and one for each unknown outcome
    std::uint32_t place = 0;         ///< in the chain
    std::uint32_t before = no_node;  ///< the node before it in its process
    std::uint32_t from = no_node;    ///< of a read: the write it saw; no_node: the initial value
    ValueId key = {};
    bool write = false;
};

struct ReadsFrom {
    std::vector<RegisterNode> nodes;  ///< in the order of their invocations
    std::uint32_t chains = 0;
    /// An order in which each node comes after the one before it and the one it reads from. Shorter
    /// than nodes if there is none, which `findings` then tells.
    std::vector<std::uint32_t> order;
    std::string undecidable;  ///< why this cannot be known; empty if it can
};

/// `initial` is what registers hold at first. Adds to `findings` what no level allows: a read of a
/// value that nobody wrote (`thin-air-read`) or of one that depends on the read
/// (`cyclic-causality`). invalid_argument for operations other than read, write and cas; with a cas
/// or a value written twice it is undecidable.
Result<ReadsFrom> find_reads_from(const History& history, ValueId initial, Findings& findings);

}  // namespace geode::check

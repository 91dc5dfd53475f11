// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which pairs of chains have their order forced by what is known, found for all keys at once.
// Internal to polygraph.cc.
//
// A pair is forced if the other way round closes a cycle with known edges. For neighbours in the
// order of the graph that is asked of vector clocks (chain_clocks.h) over sessions, of which one
// that begins with having seen the end of another goes on with its chain. A database whose clients
// keep seeing one another's writes forces nearly all pairs that way, in one or two rounds; where
// few are left the search is faster. Nothing is found where the level keeps no order: then there
// are no chains of transactions to have clocks for.

#include "workloads/check/txn/polygraph_overlaps.h"

namespace geode::check::txn {

struct ForcedPairs {
    std::vector<ChainPair> pairs;
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;  ///< of the clocks
};

enum class Telling : std::uint8_t {
    news,  ///< not what follows from known edges anyway
    all,   ///< for people: a cycle is shorter where each step is told
};

/// Pairs that are forced. The graph must have been made. Half of the bytes left in the budget is
/// for clocks: chains that are too many get none, and less is found.
ForcedPairs find_forced_pairs(const RegisterIndex& index, const VersionChains& versions,
                              const PolygraphGraph& shape, const PolygraphOptions& options,
                              Telling telling);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the order of a polygraph's graph leaves chains of a key neither before nor after one
// another. Internal to polygraph.cc and its theory.
//
// A chain is before another in the order if all that "before" asks for (PolygraphGraph::edges_of)
// points forward. If that holds of all neighbours of a key it holds of all its chains.

#include "workloads/check/txn/polygraph_graph.h"

namespace geode::check::txn {

class PolygraphOverlaps {
public:
    /// Borrows both.
    PolygraphOverlaps(const VersionChains& versions, const PolygraphGraph& shape, StrongLevel level)
        : versions_(versions), shape_(shape), level_(level) {}

    /// Appends the pairs of chains of the key that overlap, each as their heads are ordered; of
    /// one chain with those behind it not all, if there are many.
    void find(std::uint32_t key, std::vector<ChainPair>& pairs);

    /// The chains of the key, by number, as their heads are ordered; until the next call.
    std::span<const std::uint32_t> sorted(std::uint32_t key);

    std::uint64_t steps() const { return steps_; }

private:
    /// Where a chain lies in the order.
    struct Extent {
        std::uint32_t head = 0;     // what sorts it
        std::uint32_t tail = 0;     // must be before the next chain's head
        std::uint32_t readers = 0;  // the last of them must be before the next chain's commit
        std::uint32_t commit = 0;   // of the head
        std::uint32_t chain = 0;
    };
    Extent extent_of(std::uint32_t chain);

    const VersionChains& versions_;
    const PolygraphGraph& shape_;
    StrongLevel level_;
    std::vector<Extent> extents_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> heads_;  // position, chain
    std::vector<std::uint32_t> sorted_;
    std::uint64_t steps_ = 0;
};

}  // namespace geode::check::txn

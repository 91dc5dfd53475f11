// SPDX-License-Identifier: Apache-2.0
#pragma once

// The general linearizability search: Wing and Gong's (1993), with Lowe's improvements ("Testing
// for linearizability", 2017). An operation takes effect only when a completion demands it: at one
// whose operation has not taken effect yet, open operations are tried, in every order that matters,
// until it has. Any linearization can be put off into this shape. Configurations seen before are
// not entered again (config_cache.h): the search is exponential in the operations open at once, not
// in the length of the history, and at quiescent points only (state, crashed) is left.
//
// What keeps it small, each sound by an exchange argument:
//  - a pure operation takes effect as soon as it is open and fits, for doing so changes nothing;
//  - an operation that is open when a reset takes effect may have done so just before it,
//  unnoticed;
//    it becomes free: whether it did is decided only when its completion demands it;
//  - so such an operation, while nothing demands it, is tried only if it is noticed: a pure one
//  fits
//    now, or the next to follow is not a reset;
//  - operations of unknown outcome with the same effect are used in invocation order, and only to
//    change the state or to make others free;
//  - a state from which the next pure operation to complete can no longer be reached is dropped;
//  - the machine merges states that no operation of this history tells apart.
//
// Iterative, deterministic, bounded in steps and bytes.

#include <cstdint>
#include <vector>

#include "workloads/check/models.h"
#include "workloads/check/partition.h"

namespace geode::check {

struct SearchLimits {
    std::uint64_t steps_max = UINT64_MAX;  ///< operations tried
    std::uint64_t bytes_max = UINT64_MAX;  ///< memory held, within the doubling of one vector
};

enum class SearchEnd : std::uint8_t {
    placed,        ///< linearizable
    stuck,         ///< not linearizable
    out_of_steps,  ///< undecided
    out_of_bytes,  ///< undecided
};

struct SearchResult {
    SearchEnd end = SearchEnd::stuck;
    /// The furthest completion at which some configuration had to choose. What came before it is
    /// linearizable. If stuck and `exact`, it is not with that completion.
    std::uint32_t furthest = 0;
    /// Nothing was dropped for a read further ahead, so that `furthest` is where it ends.
    bool exact = true;
    std::vector<std::uint32_t> order;  ///< if placed: the entries in linearization order
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;
};

/// Decides whether `partition` is linearizable for `machine`, which must be fresh.
SearchResult search(const Partition& partition, Machine& machine, const SearchLimits& limits);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The versions of every key, as far as their order is known by itself: chains of updates.
//
// A version is a (node, key) pair of RegisterIndex::writes; they are numbered by key and then by
// node, so that what is told of a key lies together. An update is a transaction that read a version
// of a key and overwrote it: under all levels that exclude lost updates no version lies between, so
// the two are links of a chain. A chain that begins with an update of the initial state is the
// first of its key. Without updates a chain is one version.

#include <optional>
#include <utility>

#include "workloads/check/txn/register_links.h"

namespace geode::check::txn {

struct Chain {
    std::uint32_t key = 0;
    std::uint32_t head = 0;  ///< versions
    std::uint32_t tail = 0;
    bool first = false;  ///< it overwrote the initial state
};

struct VersionChains {
    std::vector<std::uint32_t> node;   ///< of a version
    std::vector<std::uint32_t> after;  ///< the next version of its chain, or no_node
    std::vector<std::uint32_t> chain;  ///< of a version; number of its chain

    std::vector<Chain> chains;                ///< by key, then by head
    std::vector<std::uint32_t> chains_begin;  ///< key -> first of its chains; one more at the end

    /// Nodes that read a version and did not overwrite it (if updates make chains; else all), each
    /// once.
    std::vector<std::uint32_t> readers_begin;
    std::vector<std::uint32_t> readers;
    /// The same of the initial state, by key.
    std::vector<std::uint32_t> initial_begin;
    std::vector<std::uint32_t> initial;

    /// Two updates of one version, if any: the cycle they make.
    std::optional<Cycle> lost_update;

    std::uint64_t bytes() const {
        return (node.size() + after.size() + chain.size() + chains_begin.size() +
                readers_begin.size() + readers.size() + initial_begin.size() + initial.size()) *
                   sizeof(std::uint32_t) +
               chains.size() * sizeof(Chain);
    }

    std::span<const std::uint32_t> readers_of(std::uint32_t version) const {
        return std::span(readers).subspan(readers_begin[version],
                                          readers_begin[version + 1] - readers_begin[version]);
    }
    std::span<const std::uint32_t> initial_readers_of(std::uint32_t key) const {
        return std::span(initial).subspan(initial_begin[key],
                                          initial_begin[key + 1] - initial_begin[key]);
    }
    std::span<const Chain> chains_of(std::uint32_t key) const {
        return std::span(chains).subspan(chains_begin[key],
                                         chains_begin[key + 1] - chains_begin[key]);
    }
};

enum class Updates : std::uint8_t { make_chains, stand_alone };

VersionChains chain_versions(const RegisterIndex& index, Updates updates);

}  // namespace geode::check::txn

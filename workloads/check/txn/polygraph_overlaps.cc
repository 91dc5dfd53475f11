// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph_overlaps.h"

#include <algorithm>

namespace geode::check::txn {
namespace {

// Pairs that one chain raises in one look: answers to more would mostly follow from these.
constexpr std::uint32_t pairs_per_chain_max = 8;

}  // namespace

std::span<const std::uint32_t> PolygraphOverlaps::sorted(std::uint32_t key) {
    heads_.clear();
    for (std::uint32_t chain = versions_.chains_begin[key]; chain < versions_.chains_begin[key + 1];
         ++chain) {
        heads_.emplace_back(shape_.head_position(versions_.chains[chain]), chain);
    }
    steps_ += heads_.size();
    std::ranges::sort(heads_);
    sorted_.clear();
    for (const auto& [position, chain] : heads_) sorted_.push_back(chain);
    return sorted_;
}

PolygraphOverlaps::Extent PolygraphOverlaps::extent_of(std::uint32_t number) {
    const OrderedGraph& graph = shape_.graph();
    const Chain& chain = versions_.chains[number];
    const std::uint32_t commit = shape_.high(versions_.node[chain.head]);
    Extent extent{.head = shape_.head_position(chain), .chain = number};
    extent.commit = graph.position(commit);
    const bool by_commit = level_ == StrongLevel::prefix;
    extent.tail =
        by_commit ? extent.commit : graph.position(shape_.high(versions_.node[chain.tail]));
    if (level_ == StrongLevel::parallel_snapshot) return extent;
    const std::span<const std::uint32_t> readers = versions_.readers_of(chain.tail);
    steps_ += readers.size();
    for (const std::uint32_t reader : readers) {
        extent.readers = std::max(extent.readers, graph.position(shape_.low(reader)));
    }
    return extent;
}

void PolygraphOverlaps::find(std::uint32_t key, std::vector<ChainPair>& pairs) {
    if (versions_.chains_of(key).size() < 2) return;
    extents_.clear();
    for (const std::uint32_t chain : sorted(key)) extents_.push_back(extent_of(chain));
    for (std::size_t at = 0; at < extents_.size(); ++at) {
        const Extent& one = extents_[at];
        const std::uint32_t end = std::max(one.tail, one.readers);
        std::uint32_t found = 0;
        for (std::size_t next = at + 1; next < extents_.size(); ++next) {
            const Extent& other = extents_[next];
            if (other.head >= end || found == pairs_per_chain_max) break;
            ++steps_;
            if (one.tail <= other.head && one.readers <= other.commit) continue;
            pairs.push_back({.before = one.chain, .after = other.chain});
            ++found;
        }
    }
}

}  // namespace geode::check::txn

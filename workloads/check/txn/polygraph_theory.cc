// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph_theory.h"

#include <algorithm>

#include "base/probe.h"

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t pair_salt = 0x7061;

// Questions that one chain raises in one look: more would mostly be answered by these.
constexpr std::uint32_t questions_per_chain_max = 8;
// Looks at facts before guessing begins.
constexpr std::uint32_t fact_rounds_max = 32;

void name_culprits(std::span<const GraphEdge> edges, std::vector<Literal>& culprits) {
    culprits.clear();
    for (const GraphEdge& edge : edges) {
        if (edge.label < PolygraphGraph::own_labels) continue;
        culprits.push_back(edge.label - PolygraphGraph::own_labels);
    }
    std::ranges::sort(culprits);
    culprits.erase(std::ranges::unique(culprits).begin(), culprits.end());
}

}  // namespace

PolygraphTheory::PolygraphTheory(const RegisterIndex& index, const VersionChains& versions,
                                 PolygraphGraph& shape, StrongLevel level)
    : index_(index),
      versions_(versions),
      shape_(shape),
      graph_(shape.graph()),
      level_(level),
      pairs_by_chains_(pair_salt) {}

bool PolygraphTheory::assume(Literal literal, std::vector<Literal>& culprits) {
    const PolygraphGraph::Edges edges = shape_.edges_of(pair_of(literal), label_of(literal));
    for (std::uint32_t at = 0; at < edges.count; ++at) {
        if (insert(edges.edge[at])) continue;
        for (; at > 0; --at) graph_.remove_last();
        name_culprits(graph_.cycle(), culprits);
        cycle_.assign(graph_.cycle().begin(), graph_.cycle().end());
        return false;
    }
    return true;
}

void PolygraphTheory::retract(Literal literal) {
    const std::uint32_t count = shape_.edges_of(pair_of(literal), 0).count;
    for (std::uint32_t at = 0; at < count; ++at) graph_.remove_last();
}

Refinement PolygraphTheory::refine(std::uint32_t decisions) {
    if (decisions == 0 && !objections_.empty()) return add_objections();
    candidates_.clear();
    for (std::uint32_t key = 0; key < index_.keys.size(); ++key) find_overlaps(key);
    if (candidates_.empty()) {
        if (level_ != StrongLevel::parallel_snapshot) return Refinement::accepted;
        return check_stale_reads(decisions);
    }
    if (decisions == 0 && fact_rounds_ < fact_rounds_max && find_facts()) {
        ++fact_rounds_;
        return Refinement::asked;
    }
    for (const ChainPair& pair : candidates_) question(pair);
    return Refinement::asked;
}

std::uint64_t PolygraphTheory::bytes() const {
    return graph_.bytes() + pairs_.size() * (sizeof(ChainPair) + 48);
}

Cycle PolygraphTheory::cycle() const {
    return shape_.links_of(
        cycle_,
        [this](std::uint32_t label) {
            const Literal literal = label - PolygraphGraph::own_labels;
            return search_->certain(literal) ? Ground::forced : Ground::chosen;
        },
        [this](std::uint32_t label) {
            const ChainPair pair = pair_of(label - PolygraphGraph::own_labels);
            return versions_.chains[pair.before].key;
        });
}

std::uint32_t PolygraphTheory::label_of(Literal literal) {
    GEODE_ASSERT(literal < neighbour_labels - PolygraphGraph::own_labels);
    return PolygraphGraph::own_labels + literal;
}

ChainPair PolygraphTheory::pair_of(Literal literal) const {
    const ChainPair& pair = pairs_[variable_of(literal)];
    if ((literal & 1) == 0) return pair;
    return {.before = pair.after, .after = pair.before};
}

Literal PolygraphTheory::question(const ChainPair& pair) {
    const std::uint64_t both = (std::uint64_t{std::min(pair.before, pair.after)} << 32) |
                               std::max(pair.before, pair.after);
    const auto found = pairs_by_chains_.find(both);
    if (found != pairs_by_chains_.end()) {
        const Literal literal = found->second * 2;
        return pair_of(literal).before == pair.before ? literal : negation(literal);
    }
    // As the order has it: that answer is tried first.
    const std::uint32_t variable = search_->add_variable();
    pairs_.push_back(pair);
    GEODE_ASSERT(pairs_.size() == variable + 1);
    pairs_by_chains_.emplace(both, variable);
    return variable * 2;
}

PolygraphTheory::Extent PolygraphTheory::extent_of(std::uint32_t number) {
    const Chain& chain = versions_.chains[number];
    const std::uint32_t head = versions_.node[chain.head];
    const std::uint32_t tail = versions_.node[chain.tail];
    Extent extent{.commit = graph_.position(shape_.high(head)), .chain = number};
    const bool by_commit = level_ == StrongLevel::prefix;
    extent.head = by_commit ? extent.commit : graph_.position(shape_.low(head));
    extent.tail = by_commit ? extent.commit : graph_.position(shape_.high(tail));
    if (level_ == StrongLevel::parallel_snapshot) return extent;
    const std::span<const std::uint32_t> readers = versions_.readers_of(chain.tail);
    steps_ += readers.size();
    for (const std::uint32_t reader : readers) {
        extent.readers = std::max(extent.readers, graph_.position(shape_.low(reader)));
    }
    return extent;
}

void PolygraphTheory::sort_extents(std::uint32_t key) {
    extents_.clear();
    for (std::uint32_t chain = versions_.chains_begin[key]; chain < versions_.chains_begin[key + 1];
         ++chain) {
        extents_.push_back(extent_of(chain));
    }
    steps_ += extents_.size();
    std::ranges::sort(extents_, {}, &Extent::head);
}

/// Chains of the key that lie neither before nor after one another.
void PolygraphTheory::find_overlaps(std::uint32_t key) {
    if (versions_.chains_begin[key + 1] - versions_.chains_begin[key] < 2) return;
    sort_extents(key);
    for (std::size_t at = 0; at < extents_.size(); ++at) {
        const Extent& one = extents_[at];
        const std::uint32_t end = std::max(one.tail, one.readers);
        std::uint32_t found = 0;
        for (std::size_t next = at + 1; next < extents_.size(); ++next) {
            const Extent& other = extents_[next];
            if (other.head >= end || found == questions_per_chain_max) break;
            ++steps_;
            if (one.tail <= other.head && one.readers <= other.commit) continue;
            candidates_.push_back({.before = one.chain, .after = other.chain});
            ++found;
        }
    }
}

bool PolygraphTheory::possible(const ChainPair& pair) {
    const PolygraphGraph::Edges edges = shape_.edges_of(pair, 0);
    for (std::uint32_t at = 0; at < edges.count; ++at) {
        if (graph_.reaches(edges.edge[at].to, edges.edge[at].from)) return false;
    }
    return true;
}

/// Candidates that the graph excludes one answer of.
bool PolygraphTheory::find_facts() {
    bool found = false;
    for (const ChainPair& pair : candidates_) {
        if (steps() > steps_max_) return true;  // the search stops next
        if (possible(pair)) continue;
        GEODE_REACHED("check.polygraph_fact");
        search_->add_fact(question({.before = pair.after, .after = pair.before}));
        found = true;
    }
    return found;
}

}  // namespace geode::check::txn

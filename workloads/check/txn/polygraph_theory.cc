// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph_theory.h"

#include <algorithm>

#include "base/probe.h"

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t pair_salt = 0x7061;

// Looks at facts before guessing begins.
constexpr std::uint32_t fact_rounds_max = 32;

void name_culprits(std::span<const GraphEdge> edges, std::vector<Literal>& culprits) {
    culprits.clear();
    for (const GraphEdge& edge : edges) {
        if (edge.label != known_label) culprits.push_back(edge.label);
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
      overlaps_(versions, shape, level),
      level_(level),
      pairs_by_chains_(pair_salt),
      is_dirty_(index.keys.size()),
      steps_of_making_(graph_.steps()) {
    for (std::uint32_t key = 0; key < index.keys.size(); ++key) mark_dirty(key);
}

bool PolygraphTheory::assume(Literal literal, std::vector<Literal>& culprits) {
    const PolygraphGraph::Edges edges = shape_.edges_of(pair_of(literal), literal);
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
    const std::uint32_t count = shape_.edges_of(pair_of(literal), literal).count;
    for (std::uint32_t at = 0; at < count; ++at) graph_.remove_last();
}

Refinement PolygraphTheory::refine(std::uint32_t decisions) {
    if (decisions == 0 && !objections_.empty()) return add_objections();
    mark_moved();
    find_candidates();
    if (candidates_.empty()) {
        GEODE_VERIFY_SLOW(sorted_everywhere());
        if (level_ != StrongLevel::parallel_snapshot) return Refinement::accepted;
        return check_stale_reads(decisions);
    }
    if (decisions == 0 && fact_rounds_ < fact_rounds_max && find_facts()) {
        ++fact_rounds_;
        for (const ChainPair& pair : candidates_) mark_dirty(versions_.chains[pair.before].key);
        return Refinement::asked;
    }
    for (const ChainPair& pair : candidates_) question(pair);
    return Refinement::asked;
}

void PolygraphTheory::mark_dirty(std::uint32_t key) {
    if (is_dirty_[key]) return;
    is_dirty_[key] = true;
    dirty_.push_back(key);
}

void PolygraphTheory::mark_moved() {
    if (!graph_.moved().empty()) verified_ = false;
    for (const std::uint32_t moved : graph_.moved()) {
        if (!shape_.is_transaction(moved)) continue;
        const std::uint32_t node = shape_.transaction_of(moved);
        for (const RegisterRead& read : index_.reads_of(node)) mark_dirty(read.key);
        for (const std::uint32_t key : index_.writes_of(node)) mark_dirty(key);
    }
    steps_ += graph_.moved().size();
    graph_.forget_moved();
}

/// Overlaps in dirty keys, which are clean after that: what is answered of them moves something.
void PolygraphTheory::find_candidates() {
    candidates_.clear();
    std::ranges::sort(dirty_);
    for (const std::uint32_t key : dirty_) {
        overlaps_.find(key, candidates_);
        is_dirty_[key] = false;
    }
    if (dirty_.size() == is_dirty_.size()) verified_ = candidates_.empty();
    dirty_.clear();
}

/// The order is the proof: whether that which was asked of dirty keys holds of all.
bool PolygraphTheory::sorted_everywhere() {
    if (verified_) return true;
    PolygraphOverlaps overlaps(versions_, shape_, level_);
    std::vector<ChainPair> pairs;
    for (std::uint32_t key = 0; key < index_.keys.size(); ++key) overlaps.find(key, pairs);
    verified_ = true;
    return pairs.empty();
}

std::uint64_t PolygraphTheory::bytes() const {
    return shape_.bytes() + pairs_.size() * (sizeof(ChainPair) + 48) + index_.keys.size() / 8;
}

Cycle PolygraphTheory::cycle() const {
    return shape_.links_of(cycle_, [this](const GraphEdge& edge) { return meaning_of(edge); });
}

EdgeMeaning PolygraphTheory::meaning_of(const GraphEdge& edge) const {
    if (edge.label >= stale_labels) {
        return {.kind = LinkKind::rw, .key = edge.label - stale_labels};
    }
    const Ground ground = search_->certain(edge.label) ? Ground::forced : Ground::chosen;
    return shape_.meaning_of(pair_of(edge.label), edge.from, ground);
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
    GEODE_ASSERT(variable * 2 + 1 < neighbour_labels);
    pairs_by_chains_.emplace(both, variable);
    return variable * 2;
}

bool PolygraphTheory::possible(const ChainPair& pair) {
    const PolygraphGraph::Edges edges = shape_.edges_of(pair, known_label);
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

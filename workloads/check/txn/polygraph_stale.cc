// SPDX-License-Identifier: Apache-2.0

// Parallel snapshot isolation: no transaction reads a version although a path leads to it from the
// next version of the key. There is no one order of snapshots to read this off; so when the order
// of the graph sorts all chains, neighbours in it become edges for as long as we look for such
// paths, and each that is found is an objection to the answers on it.

#include <algorithm>

#include "base/probe.h"
#include "workloads/check/txn/polygraph_theory.h"

namespace geode::check::txn {
namespace {

// Objections raised in one look.
constexpr std::size_t objections_max = 1024;

}  // namespace

Refinement PolygraphTheory::check_stale_reads(std::uint32_t decisions) {
    const std::size_t before = graph_.inserted();
    insert_neighbours();
    for (std::uint32_t key = 0; key < index_.keys.size(); ++key) find_stale(key);
    while (graph_.inserted() > before) graph_.remove_last();
    // Out of budget: nothing was looked at to the end, and the search stops next.
    if (objections_.empty() && steps() > steps_max_) return Refinement::asked;
    if (objections_.empty()) return Refinement::accepted;
    if (decisions == 0) return add_objections();
    search_->ask_without_decisions();
    return Refinement::asked;
}

Refinement PolygraphTheory::add_objections() {
    GEODE_REACHED("check.polygraph_objection");
    const std::vector<Objection> objections = std::move(objections_);
    const std::vector<std::vector<GraphEdge>> cycles = std::move(objection_cycles_);
    objections_.clear();
    objection_cycles_.clear();
    for (std::size_t at = 0; at < objections.size(); ++at) {
        cycle_ = cycles[at];
        if (!search_->add_clause(objections[at])) return Refinement::contradiction;
    }
    return Refinement::asked;
}

void PolygraphTheory::insert_neighbours() {
    neighbours_.clear();
    for (std::uint32_t key = 0; key < index_.keys.size(); ++key) {
        const std::span<const std::uint32_t> chains = overlaps_.sorted(key);
        for (std::size_t at = 1; at < chains.size(); ++at) {
            const ChainPair pair{.before = chains[at - 1], .after = chains[at]};
            const auto label = neighbour_labels + static_cast<std::uint32_t>(neighbours_.size());
            neighbours_.push_back(pair);
            const bool inserted = insert(shape_.edges_of(pair, label).edge[0]);
            GEODE_ASSERT(inserted);
        }
    }
}

/// Looks at the readers of each version of the key, and which version comes next.
void PolygraphTheory::find_stale(std::uint32_t key) {
    const std::span<const std::uint32_t> chains = overlaps_.sorted(key);
    if (chains.empty()) return;
    const std::uint32_t first = versions_.chains[chains[0]].head;
    for (const std::uint32_t reader : versions_.initial_readers_of(key)) {
        look(key, reader, no_node, first);
    }
    for (std::size_t at = 0; at < chains.size(); ++at) {
        const Chain& chain = versions_.chains[chains[at]];
        for (std::uint32_t version = chain.head; version != no_node;
             version = versions_.after[version]) {
            std::uint32_t next = versions_.after[version];
            if (next == no_node && at + 1 == chains.size()) return;
            if (next == no_node) next = versions_.chains[chains[at + 1]].head;
            for (const std::uint32_t reader : versions_.readers_of(version)) {
                look(key, reader, version, next);
            }
        }
    }
}

/// `reader` saw `version` (or the initial state): can it have known of `next`?
void PolygraphTheory::look(std::uint32_t key, std::uint32_t reader, std::uint32_t version,
                           std::uint32_t next) {
    ++steps_;
    if (objections_.size() == objections_max || steps() > steps_max_) return;
    const std::uint32_t writer = versions_.node[next];
    if (writer == reader) return;
    if (!graph_.reaches(shape_.high(writer), shape_.low(reader))) return;
    Objection objection;
    std::vector<GraphEdge> cycle(graph_.path().begin(), graph_.path().end());
    for (GraphEdge& edge : cycle) {
        if (edge.label == known_label) continue;
        if (edge.label >= neighbour_labels) {
            edge.label = question(neighbours_[edge.label - neighbour_labels]);
        }
        objection.push_back(negation(edge.label));
    }
    if (version != no_node && versions_.chain[version] != versions_.chain[next]) {
        objection.push_back(negation(
            question({.before = versions_.chain[version], .after = versions_.chain[next]})));
    }
    cycle.push_back(
        {.from = shape_.low(reader), .to = shape_.high(writer), .label = stale_labels + key});
    objections_.push_back(std::move(objection));
    objection_cycles_.push_back(std::move(cycle));
}

}  // namespace geode::check::txn

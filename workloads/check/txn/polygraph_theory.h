// SPDX-License-Identifier: Apache-2.0
#pragma once

// The theory half of a polygraph search (polygraph.h, points 2 to 4): questions are pairs of chains
// of one key, answers are edges, and an assignment stands when the order of the graph sorts the
// chains of every key. Internal to polygraph.cc.
//
// Invariant: a key that is not dirty has no chains that overlap in the order, for none of who
// reads or writes it has moved since that was found.

#include "base/hash_map.h"
#include "workloads/check/txn/clause_search.h"
#include "workloads/check/txn/polygraph_overlaps.h"

namespace geode::check::txn {

class PolygraphTheory final : public SearchTheory {
public:
    /// Borrows all of them. The graph has been made and stays.
    PolygraphTheory(const RegisterIndex& index, const VersionChains& versions,
                    PolygraphGraph& shape, StrongLevel level);

    /// Where questions go, and when to stop looking for facts; before the search runs.
    void attach(ClauseSearch& search, std::uint64_t steps_max) {
        search_ = &search;
        steps_max_ = steps_max;
    }

    bool assume(Literal literal, std::vector<Literal>& culprits) override;
    void retract(Literal literal) override;
    Refinement refine(std::uint32_t decisions) override;
    std::uint64_t steps() const override {
        return steps_ + (graph_.steps() - steps_of_making_) + overlaps_.steps();
    }
    std::uint64_t bytes() const override;

    std::uint64_t questions() const { return pairs_.size(); }

    /// The cycle that was found last.
    Cycle cycle() const;

private:
    using Objection = std::vector<Literal>;  // a clause

    // Labels of edges: literals, and for the time of check_stale_reads() edges between neighbours
    // and those that would have to be there.
    static constexpr std::uint32_t neighbour_labels = 1U << 30;
    static constexpr std::uint32_t stale_labels = 1U << 31;

    ChainPair pair_of(Literal literal) const;
    EdgeMeaning meaning_of(const GraphEdge& edge) const;
    bool insert(const GraphEdge& edge) { return graph_.insert(edge.from, edge.to, edge.label); }
    /// The literal that says so; its variable is made if there is none.
    Literal question(const ChainPair& pair);
    void mark_dirty(std::uint32_t key);
    void mark_moved();
    void find_candidates();
    bool sorted_everywhere();
    bool possible(const ChainPair& pair);
    bool find_facts();

    // Parallel snapshot isolation.
    Refinement check_stale_reads(std::uint32_t decisions);
    Refinement add_objections();
    void insert_neighbours();
    void find_stale(std::uint32_t key);
    void look(std::uint32_t key, std::uint32_t reader, std::uint32_t version, std::uint32_t next);

    const RegisterIndex& index_;
    const VersionChains& versions_;
    PolygraphGraph& shape_;
    OrderedGraph& graph_;
    PolygraphOverlaps overlaps_;
    StrongLevel level_;
    ClauseSearch* search_ = nullptr;
    std::vector<ChainPair> pairs_;  // by variable
    HashMap<std::uint64_t, std::uint32_t> pairs_by_chains_;
    std::vector<std::uint32_t> dirty_;  // keys
    std::vector<bool> is_dirty_;
    std::vector<ChainPair> candidates_;
    std::vector<ChainPair> neighbours_;
    std::vector<Objection> objections_;
    std::vector<std::vector<GraphEdge>> objection_cycles_;
    std::vector<GraphEdge> cycle_;
    std::uint32_t fact_rounds_ = 0;
    bool verified_ = false;  // that the order sorts all chains, and nothing moved since
    std::uint64_t steps_of_making_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t steps_max_ = 0;
};

}  // namespace geode::check::txn

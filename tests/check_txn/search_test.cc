// SPDX-License-Identifier: Apache-2.0

// The two halves of the polygraph search by themselves: the graph that stays acyclic, against a
// plain depth-first search, and the clause search, against trying every assignment.

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/prng.h"
#include "workloads/check/txn/clause_search.h"
#include "workloads/check/txn/ordered_graph.h"

namespace geode::check::txn {
namespace {

constexpr std::size_t unreachable = SIZE_MAX;

/// Edges on a shortest path.
std::size_t distance(const std::vector<GraphEdge>& edges, std::uint32_t from, std::uint32_t to) {
    std::vector<bool> seen(64);
    std::vector<std::uint32_t> level{from};
    for (std::size_t length = 0; !level.empty(); ++length) {
        std::vector<std::uint32_t> next;
        for (const std::uint32_t node : level) {
            if (node == to) return length;
            if (seen[node]) continue;
            seen[node] = true;
            for (const GraphEdge& edge : edges) {
                if (edge.from == node) next.push_back(edge.to);
            }
        }
        level = std::move(next);
    }
    return unreachable;
}

bool reaches(const std::vector<GraphEdge>& edges, std::uint32_t from, std::uint32_t to) {
    return distance(edges, from, to) != unreachable;
}

void check_cycle(const OrderedGraph& graph, const std::vector<GraphEdge>& edges) {
    const auto cycle = graph.cycle();
    REQUIRE(!cycle.empty());
    for (std::size_t at = 0; at < cycle.size(); ++at) {
        CHECK(cycle[at].to == cycle[(at + 1) % cycle.size()].from);
        CHECK(std::ranges::any_of(edges, [&](const GraphEdge& edge) {
            return edge.label == cycle[at].label && edge.from == cycle[at].from &&
                   edge.to == cycle[at].to;
        }));
    }
}

std::vector<std::uint32_t> positions(const OrderedGraph& graph) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t node = 0; node < graph.count(); ++node) {
        all.push_back(graph.position(node));
        CHECK(graph.node_at(graph.position(node)) == node);
    }
    return all;
}

/// What did not move stands as it stood.
void check_moved(const OrderedGraph& graph, const std::vector<std::uint32_t>& before) {
    const std::vector<std::uint32_t> after = positions(graph);
    const auto moved = [&graph](std::uint32_t node) {
        return std::ranges::find(graph.moved(), node) != graph.moved().end();
    };
    for (std::uint32_t one = 0; one < graph.count(); ++one) {
        for (std::uint32_t other = 0; other < one && !moved(one); ++other) {
            if (moved(other)) continue;
            CHECK((before[one] < before[other]) == (after[one] < after[other]));
        }
    }
}

TEST_CASE("ordered graph: refuses just the edges that close cycles", "[fast]") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Prng random(seed);
        const auto nodes = static_cast<std::uint32_t>(2 + random.below(20));
        OrderedGraph graph(nodes);
        std::vector<GraphEdge> edges;
        std::vector<std::uint64_t> priorities(nodes);
        for (auto& priority : priorities) priority = random.below(5);
        const auto draw = [&](std::uint32_t label) {
            return GraphEdge{static_cast<std::uint32_t>(random.below(nodes)),
                             static_cast<std::uint32_t>(random.below(nodes)), label};
        };
        bool acyclic = true;
        for (std::uint32_t known = 0; known < nodes / 2; ++known) {
            const GraphEdge edge = draw(known_label);
            acyclic = acyclic && !reaches(edges, edge.to, edge.from);
            edges.push_back(edge);
        }
        const auto for_known = [&](const auto& each) {
            for (const GraphEdge& edge : edges) each(edge.from, edge.to);
        };
        REQUIRE(graph.seal(for_known, priorities) == acyclic);
        if (!acyclic) {
            check_cycle(graph, edges);
            continue;
        }
        const std::size_t known = edges.size();
        for (std::uint32_t label = 100; label < 200; ++label) {
            if (edges.size() > known && random.chance(1, 4)) {
                graph.remove_last();
                edges.pop_back();
                continue;
            }
            const GraphEdge edge = draw(label);
            const bool closes = reaches(edges, edge.to, edge.from);
            edges.push_back(edge);
            const std::vector<std::uint32_t> before = positions(graph);
            graph.forget_moved();
            REQUIRE(graph.insert(edge.from, edge.to, label) == !closes);
            check_moved(graph, before);
            if (closes) {
                check_cycle(graph, edges);
                CHECK(graph.cycle().size() == 1 + distance(edges, edge.to, edge.from));
                edges.pop_back();
            }
            for (const GraphEdge& each : edges) {
                REQUIRE(graph.position(each.from) < graph.position(each.to));
            }
        }
    }
}

/// Objects to any of a list of clauses, when all their literals are false.
class ClauseTheory final : public SearchTheory {
public:
    explicit ClauseTheory(const std::vector<std::vector<Literal>>& clauses) : clauses_(clauses) {}

    bool assume(Literal literal, std::vector<Literal>& culprits) override {
        taken_.push_back(literal);
        for (const auto& clause : clauses_) {
            const bool broken = std::ranges::all_of(clause, [this](Literal one) {
                return std::ranges::find(taken_, negation(one)) != taken_.end();
            });
            if (!broken) continue;
            taken_.pop_back();
            for (const Literal one : clause) culprits.push_back(negation(one));
            return false;
        }
        return true;
    }
    void retract(Literal literal) override {
        REQUIRE(taken_.back() == literal);
        taken_.pop_back();
    }
    Refinement refine(std::uint32_t) override { return Refinement::accepted; }
    std::uint64_t steps() const override { return 0; }
    std::uint64_t bytes() const override { return 0; }

    const std::vector<Literal>& taken() const { return taken_; }

private:
    const std::vector<std::vector<Literal>>& clauses_;
    std::vector<Literal> taken_;
};

TEST_CASE("clause search: agrees with trying every assignment", "[fast]") {
    std::uint32_t contradictions = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Prng random(seed);
        constexpr std::uint32_t variables = 9;
        std::vector<std::vector<Literal>> clauses(20 + random.below(30));
        for (auto& clause : clauses) {
            for (int literals = 0; literals < 3; ++literals) {
                clause.push_back(static_cast<Literal>(random.below(2 * variables)));
            }
        }
        bool satisfiable = false;
        for (std::uint32_t bits = 0; bits < (1U << variables); ++bits) {
            const auto holds = [bits](Literal literal) {
                return ((bits >> variable_of(literal) ^ literal) & 1) == 1;
            };
            satisfiable = satisfiable || std::ranges::all_of(clauses, [&](const auto& clause) {
                              return std::ranges::any_of(clause, holds);
                          });
        }
        ClauseTheory theory(clauses);
        ClauseSearch search(theory);
        for (std::uint32_t made = 0; made < variables; ++made) search.add_variable();
        // Some as clauses of its own, the others as objections of the theory.
        bool contradiction = false;
        for (std::size_t at = 0; at < clauses.size(); at += 3) {
            contradiction = contradiction || !search.add_clause(clauses[at]);
        }
        if (!contradiction) {
            const SearchOutcome outcome = search.run(1'000'000, 1'000'000);
            REQUIRE(outcome != SearchOutcome::exhausted);
            contradiction = outcome == SearchOutcome::contradiction;
            if (!contradiction) CHECK(theory.taken().size() == variables);
        }
        contradictions += contradiction ? 1 : 0;
        REQUIRE(contradiction == !satisfiable);
    }
    CHECK(contradictions > 30);
    CHECK(contradictions < 270);
}

}  // namespace
}  // namespace geode::check::txn

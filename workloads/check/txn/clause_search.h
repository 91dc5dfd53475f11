// SPDX-License-Identifier: Apache-2.0
#pragma once

// A conflict-driven search for an assignment of yes-or-no questions that a theory has no objection
// to: the propositional half of a solver modulo theories.
//
// The questions (variables) are not known beforehand. When all those there are have been answered
// without objection, the theory looks at the result and either accepts it or asks more. It objects
// to a set of answers by naming them; from each objection the search learns a clause, goes back to
// where the clause bites and never makes the same mistake again.
//
// Answers are given in the order of recent involvement in conflicts, each as it was last time, and
// from time to time all are forgotten but the lessons. Nothing is random; the same questions find
// the same answer on every machine.
//
// Sources: Marques-Silva, Sakallah, "GRASP", 1999 (learning); Moskewicz et al., "Chaff", 2001
// (watched literals, activity); Nieuwenhuis, Oliveras, Tinelli, "Solving SAT and SAT modulo
// theories", JACM 2006; Luby, Sinclair, Zuckerman, 1993 (restarts).

#include <cstdint>
#include <queue>
#include <span>
#include <vector>

namespace geode::check::txn {

/// A variable's number times two; plus one for its negation.
using Literal = std::uint32_t;

inline constexpr Literal negation(Literal literal) {
    return literal ^ 1;
}
inline constexpr std::uint32_t variable_of(Literal literal) {
    return literal >> 1;
}

enum class Refinement : std::uint8_t {
    accepted,       ///< the assignment stands
    asked,          ///< there are new variables or facts
    contradiction,  ///< no assignment can stand
};

class SearchTheory {
public:
    virtual ~SearchTheory() = default;

    /// Takes an answer. False if it objects: then nothing of it has been taken, and `culprits` are
    /// answers taken before, and this one, that cannot all be true.
    virtual bool assume(Literal literal, std::vector<Literal>& culprits) = 0;
    /// Gives back the answer that was taken last.
    virtual void retract(Literal literal) = 0;
    /// All variables are answered. May add variables, and, if `decisions` is 0, facts and clauses.
    virtual Refinement refine(std::uint32_t decisions) = 0;
    /// Work of the theory so far.
    virtual std::uint64_t steps() const = 0;
    virtual std::uint64_t bytes() const = 0;
};

enum class SearchOutcome : std::uint8_t { accepted, contradiction, exhausted };

class ClauseSearch {
public:
    explicit ClauseSearch(SearchTheory& theory) : theory_(theory) {}

    /// A new variable, first tried as true.
    std::uint32_t add_variable();

    /// Without decisions only. The literal is true from now on; false if it is false already.
    bool add_fact(Literal literal);
    /// Without decisions only. False if all its literals are false.
    bool add_clause(std::span<const Literal> literals);

    SearchOutcome run(std::uint64_t steps_max, std::uint64_t bytes_max);

    /// Forgets all decisions before the next refinement, so that it may add facts.
    void ask_without_decisions() { reset_ = true; }

    /// Answers that follow without any decision; of a contradiction, those that led to it.
    bool certain(Literal literal) const {
        return value(literal) == 1 && level_[variable_of(literal)] == 0;
    }
    std::uint64_t conflicts() const { return conflicts_; }
    std::uint64_t steps() const { return steps_; }
    std::uint64_t bytes() const;

private:
    using ClauseId = std::uint32_t;
    static constexpr ClauseId no_clause = UINT32_MAX;
    struct Clause {
        std::uint32_t begin;
        std::uint32_t size;
    };

    /// 1 true, -1 false, 0 open.
    int value(Literal literal) const {
        const int positive = values_[variable_of(literal)];
        return (literal & 1) != 0 ? -positive : positive;
    }
    std::span<Literal> literals_of(ClauseId id) {
        return std::span(arena_).subspan(clauses_[id].begin, clauses_[id].size);
    }
    std::uint32_t decisions() const { return static_cast<std::uint32_t>(limits_.size()); }

    void assign(Literal literal, ClauseId reason);
    bool propagate();
    bool propagate_clauses(Literal literal);
    void analyze();
    void resolve(std::span<const Literal> literals, std::uint32_t& open);
    void learn();
    bool redundant(Literal literal);
    ClauseId store(std::span<const Literal> literals);
    void go_back(std::uint32_t decisions);
    void bump(std::uint32_t variable);
    bool decide();
    bool restart_due();

    SearchTheory& theory_;
    std::vector<std::int8_t> values_;
    std::vector<std::int8_t> phases_;
    std::vector<std::uint32_t> level_;
    std::vector<ClauseId> reason_;
    std::vector<double> activity_;
    std::priority_queue<std::pair<double, std::uint32_t>> order_;  // stale entries are skipped
    double increment_ = 1.0;

    std::vector<Literal> trail_;
    std::vector<std::uint32_t> limits_;  // trail's length at each decision
    std::uint32_t taken_ = 0;            // trail_[0 .. taken_) the theory has taken

    std::vector<Literal> arena_;
    std::vector<Clause> clauses_;
    std::vector<std::vector<ClauseId>> watchers_;  // by literal that became false

    std::vector<Literal> conflict_;  // all false
    std::vector<Literal> learned_;
    std::vector<bool> seen_;
    std::vector<Literal> to_clear_;
    bool reset_ = false;
    std::uint64_t conflicts_ = 0;
    std::uint64_t until_restart_ = 0;
    std::uint64_t restarts_ = 0;
    std::uint64_t steps_ = 0;
};

}  // namespace geode::check::txn

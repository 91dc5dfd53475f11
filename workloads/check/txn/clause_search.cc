// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/clause_search.h"

#include <algorithm>

#include "base/assert.h"

namespace geode::check::txn {
namespace {

constexpr std::uint64_t conflicts_per_restart = 64;
constexpr double activity_growth = 1.0 / 0.95;
constexpr double activity_max = 1e100;

/// 1 1 2 1 1 2 4 1 1 2 1 1 2 4 8 ...; `index` from 0.
std::uint64_t luby(std::uint64_t index) {
    std::uint64_t size = 1;
    std::uint64_t power = 0;
    while (size < index + 1) {
        size = 2 * size + 1;
        ++power;
    }
    while (size - 1 != index) {
        size = (size - 1) / 2;
        --power;
        index %= size;
    }
    return std::uint64_t{1} << power;
}

}  // namespace

std::uint32_t ClauseSearch::add_variable() {
    const auto variable = static_cast<std::uint32_t>(values_.size());
    values_.push_back(0);
    phases_.push_back(1);
    level_.push_back(0);
    reason_.push_back(no_clause);
    activity_.push_back(0);
    seen_.push_back(false);
    watchers_.emplace_back();
    watchers_.emplace_back();
    order_.emplace(0.0, variable);
    return variable;
}

bool ClauseSearch::add_fact(Literal literal) {
    GEODE_ASSERT(decisions() == 0);
    if (value(literal) == -1) return false;
    if (value(literal) == 0) assign(literal, no_clause);
    return true;
}

bool ClauseSearch::add_clause(std::span<const Literal> literals) {
    GEODE_ASSERT(decisions() == 0);
    std::vector<Literal> open;
    for (const Literal literal : literals) {
        if (value(literal) == 1) return true;
        if (value(literal) == 0) open.push_back(literal);
    }
    std::ranges::sort(open);
    open.erase(std::ranges::unique(open).begin(), open.end());
    if (open.empty()) return false;
    if (open.size() == 1) return add_fact(open.front());
    store(open);
    return true;
}

void ClauseSearch::assign(Literal literal, ClauseId reason) {
    const std::uint32_t variable = variable_of(literal);
    GEODE_ASSERT(values_[variable] == 0);
    values_[variable] = (literal & 1) != 0 ? -1 : 1;
    phases_[variable] = values_[variable];
    level_[variable] = decisions();
    reason_[variable] = reason;
    trail_.push_back(literal);
}

bool ClauseSearch::propagate() {
    while (taken_ < trail_.size()) {
        const Literal literal = trail_[taken_];
        ++steps_;
        conflict_.clear();
        if (!theory_.assume(literal, conflict_)) {
            for (Literal& culprit : conflict_) culprit = negation(culprit);
            return false;
        }
        ++taken_;
        if (!propagate_clauses(negation(literal))) return false;
    }
    return true;
}

/// Looks at the clauses that watch a literal which has become false.
bool ClauseSearch::propagate_clauses(Literal falsified) {
    std::vector<ClauseId>& watchers = watchers_[falsified];
    std::size_t kept = 0;
    bool consistent = true;
    for (std::size_t at = 0; at < watchers.size(); ++at) {
        const ClauseId id = watchers[at];
        if (!consistent) {
            watchers[kept++] = id;
            continue;
        }
        const std::span<Literal> literals = literals_of(id);
        ++steps_;
        if (literals[0] == falsified) std::swap(literals[0], literals[1]);
        if (value(literals[0]) == 1) {
            watchers[kept++] = id;
            continue;
        }
        const auto other = std::find_if(literals.begin() + 2, literals.end(),
                                        [this](Literal literal) { return value(literal) != -1; });
        if (other != literals.end()) {
            std::swap(literals[1], *other);
            watchers_[literals[1]].push_back(id);
            continue;
        }
        watchers[kept++] = id;
        if (value(literals[0]) == -1) {
            conflict_.assign(literals.begin(), literals.end());
            consistent = false;
        } else {
            assign(literals[0], id);
        }
    }
    watchers.resize(kept);
    return consistent;
}

void ClauseSearch::bump(std::uint32_t variable) {
    activity_[variable] += increment_;
    if (activity_[variable] > activity_max) {
        for (double& activity : activity_) activity /= activity_max;
        increment_ /= activity_max;
    }
}

void ClauseSearch::resolve(std::span<const Literal> literals, std::uint32_t& open) {
    for (const Literal literal : literals) {
        const std::uint32_t variable = variable_of(literal);
        if (seen_[variable] || level_[variable] == 0) continue;
        seen_[variable] = true;
        to_clear_.push_back(literal);
        bump(variable);
        if (level_[variable] == decisions()) {
            ++open;
        } else {
            learned_.push_back(literal);
        }
    }
}

/// Whether the rest of the learned clause implies the literal.
bool ClauseSearch::redundant(Literal literal) {
    const ClauseId reason = reason_[variable_of(literal)];
    if (reason == no_clause) return false;
    return std::ranges::all_of(literals_of(reason), [&](Literal other) {
        const std::uint32_t variable = variable_of(other);
        return variable == variable_of(literal) || seen_[variable] || level_[variable] == 0;
    });
}

/// Turns the conflict into a clause with a single literal of the last decision, which comes first.
void ClauseSearch::analyze() {
    learned_.assign(1, 0);
    std::uint32_t open = 0;
    resolve(conflict_, open);
    GEODE_ASSERT(open > 0);
    std::size_t at = trail_.size();
    for (;;) {
        do {
            --at;
        } while (!seen_[variable_of(trail_[at])] || level_[variable_of(trail_[at])] != decisions());
        const Literal literal = trail_[at];
        ++steps_;
        if (--open == 0) {
            learned_[0] = negation(literal);
            break;
        }
        const ClauseId reason = reason_[variable_of(literal)];
        GEODE_ASSERT(reason != no_clause);
        resolve(literals_of(reason), open);
    }
    const auto rest = std::remove_if(learned_.begin() + 1, learned_.end(),
                                     [this](Literal literal) { return redundant(literal); });
    learned_.erase(rest, learned_.end());
    for (const Literal literal : to_clear_) seen_[variable_of(literal)] = false;
    to_clear_.clear();
    increment_ *= activity_growth;
}

ClauseSearch::ClauseId ClauseSearch::store(std::span<const Literal> literals) {
    const auto id = static_cast<ClauseId>(clauses_.size());
    clauses_.push_back({.begin = static_cast<std::uint32_t>(arena_.size()),
                        .size = static_cast<std::uint32_t>(literals.size())});
    arena_.insert(arena_.end(), literals.begin(), literals.end());
    watchers_[literals[0]].push_back(id);
    watchers_[literals[1]].push_back(id);
    return id;
}

void ClauseSearch::learn() {
    if (learned_.size() == 1) {
        go_back(0);
        assign(learned_[0], no_clause);
        return;
    }
    const auto by_level = [this](Literal left, Literal right) {
        return level_[variable_of(left)] < level_[variable_of(right)];
    };
    std::iter_swap(learned_.begin() + 1,
                   std::max_element(learned_.begin() + 1, learned_.end(), by_level));
    go_back(level_[variable_of(learned_[1])]);
    assign(learned_[0], store(learned_));
}

void ClauseSearch::go_back(std::uint32_t target) {
    if (decisions() <= target) return;
    const std::uint32_t length = limits_[target];
    while (trail_.size() > length) {
        const Literal literal = trail_.back();
        if (taken_ == trail_.size()) {
            theory_.retract(literal);
            --taken_;
        }
        const std::uint32_t variable = variable_of(literal);
        values_[variable] = 0;
        order_.emplace(activity_[variable], variable);
        trail_.pop_back();
    }
    limits_.resize(target);
}

bool ClauseSearch::decide() {
    while (!order_.empty()) {
        const std::uint32_t variable = order_.top().second;
        order_.pop();
        if (values_[variable] != 0) continue;
        limits_.push_back(static_cast<std::uint32_t>(trail_.size()));
        assign(variable * 2 + (phases_[variable] < 0 ? 1 : 0), no_clause);
        return true;
    }
    return false;
}

bool ClauseSearch::restart_due() {
    if (conflicts_ < until_restart_) return false;
    until_restart_ = conflicts_ + luby(restarts_++) * conflicts_per_restart;
    return true;
}

SearchOutcome ClauseSearch::run(std::uint64_t steps_max, std::uint64_t bytes_max) {
    for (;;) {
        if (!propagate()) {
            if (decisions() == 0) return SearchOutcome::contradiction;
            ++conflicts_;
            analyze();
            learn();
            if (restart_due()) go_back(0);
        } else if (reset_) {
            reset_ = false;
            go_back(0);
            const Refinement refinement = theory_.refine(0);
            if (refinement == Refinement::contradiction) return SearchOutcome::contradiction;
        } else if (!decide()) {
            const Refinement refinement = theory_.refine(decisions());
            if (refinement == Refinement::accepted) return SearchOutcome::accepted;
            if (refinement == Refinement::contradiction) return SearchOutcome::contradiction;
        }
        if (steps_ + theory_.steps() > steps_max || bytes() + theory_.bytes() > bytes_max) {
            return SearchOutcome::exhausted;
        }
    }
}

std::uint64_t ClauseSearch::bytes() const {
    return values_.size() * 96 + trail_.size() * 8 + arena_.size() * sizeof(Literal) +
           clauses_.size() * (sizeof(Clause) + 2 * sizeof(ClauseId)) +
           order_.size() * sizeof(std::pair<double, std::uint32_t>);
}

}  // namespace geode::check::txn

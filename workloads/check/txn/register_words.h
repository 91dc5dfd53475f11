// SPDX-License-Identifier: Apache-2.0
#pragma once

// Findings about register histories in words: names of anomalies, steps of witnesses, and the
// judgement that they make. Internal to register.cc.

#include <string>
#include <vector>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/polygraph.h"
#include "workloads/check/txn/weak_levels.h"

namespace geode::check::txn {

/// The names of a cycle that a weak level found.
std::string name_of(const Cycle& cycle, WeakLevel level);

/// The names of a cycle that a search found: first the one that tells what it rules out, then more
/// special ones. The kinds of its links say all, unless the order of two versions was inferred for
/// one: that follows from the level itself, so the cycle is of those that only this level excludes.
std::vector<std::string> names_of(const Cycle& cycle, StrongLevel level, KeptOrder order);

class RegisterWords {
public:
    RegisterWords(const TxnHistory& history, const RegisterIndex& index)
        : history_(history), index_(index) {}

    void add_problem(const ReadProblem& problem);
    /// A read (index into RegisterIndex::reads) that saw another version than one before it.
    void add_unrepeated(std::uint32_t read);
    void add_weak(const Cycle& cycle, WeakLevel level);
    /// What a search found: `level` with `order` fails, and nothing weaker that was tried.
    void add_search(const PolygraphResult& result, StrongLevel level, KeptOrder order);

    /// The judgement: invalid, with everything added, by `level`.
    Judgement judgement(std::string_view level) &&;

private:
    std::uint32_t source(std::uint32_t node) const { return index_.sources[node]; }
    std::string value_written(std::uint32_t node, std::uint32_t key) const;
    std::string value_read(std::uint32_t node, std::uint32_t key) const;
    std::string step_words(const Link& link) const;
    void add(Anomaly anomaly);
    void add_cycle(const Cycle& cycle, const std::vector<std::string>& names);

    const TxnHistory& history_;
    const RegisterIndex& index_;
    Judgement judgement_;
};

}  // namespace geode::check::txn

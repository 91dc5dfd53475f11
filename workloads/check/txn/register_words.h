// SPDX-License-Identifier: Apache-2.0
#pragma once

// Findings about register histories in words: names of anomalies, steps of witnesses, and the
// judgement that they make. Internal to register.cc.

#include <string>
#include <vector>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/register_links.h"

namespace geode::check::txn {

/// Where a cycle was found, which is part of its name.
enum class FoundBy : std::uint8_t {
    read_committed,
    read_atomic,
    causal,
    updates,    ///< two updates of one version
    polygraph,  ///< a search; the kinds of its links say all
};

/// What one says of a cycle: its name first, then other names for the same thing.
std::vector<std::string> names_of(const Cycle& cycle, FoundBy found_by);

class RegisterWords {
public:
    RegisterWords(const TxnHistory& history, const RegisterIndex& index)
        : history_(history), index_(index) {}

    void add_problem(const ReadProblem& problem);
    /// A read (index into RegisterIndex::reads) that saw another version than one before it.
    void add_unrepeated(std::uint32_t read);
    void add_cycle(const Cycle& cycle, FoundBy found_by);

    /// The judgement: invalid, with everything added, by `level`.
    Judgement judgement(std::string_view level) &&;

private:
    std::uint32_t source(std::uint32_t node) const { return index_.sources[node]; }
    std::string value_written(std::uint32_t node, std::uint32_t key) const;
    std::string value_read(std::uint32_t node, std::uint32_t key) const;
    std::string step_words(const Link& link) const;
    void add(Anomaly anomaly);

    const TxnHistory& history_;
    const RegisterIndex& index_;
    Judgement judgement_;
};

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a checker of a history of operations has found so far, on its way to a Judgement: anomalies
// that name operations by index, each described once.

#include <string>
#include <string_view>
#include <vector>

#include "workloads/check/history.h"
#include "workloads/check/judgement.h"

namespace geode::check {

/// Anomalies after this many of one history are only counted.
inline constexpr std::size_t listed_anomalies_max = 50;

class Findings {
public:
    /// `history` must outlive this.
    explicit Findings(const History& history) : history_(history) {}

    /// `operations` are indices; `steps` make a cycle, or are empty.
    void add(std::string_view name, std::string words, std::vector<std::uint32_t> operations,
             std::vector<WitnessStep> steps = {});
    bool none() const { return count_ == 0; }

    /// "(process 3: read = 4 [operation 7])"
    std::string words(std::uint32_t operation) const;
    std::string value_words(ValueId value) const { return history_.values.describe(value); }

    /// invalid if anything was found, which then breaks `level`; valid otherwise.
    Judgement judgement(std::string_view level) &&;
    /// As judgement(), but unknown for `reason` if nothing was found.
    Judgement undecided(std::string_view level, std::string reason) &&;

private:
    const History& history_;
    std::vector<Anomaly> anomalies_;
    std::size_t count_ = 0;
};

/// The operation as a judgement shows it.
WitnessOperation witness_of(const History& history, std::uint32_t index);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/findings.h"

#include <algorithm>

namespace geode::check {

WitnessOperation witness_of(const History& history, std::uint32_t index) {
    GEODE_ASSERT(index < history.operations.size());
    const Operation& operation = history.operations[index];
    return WitnessOperation{.index = index,
                            .process = operation.process,
                            .invoked = operation.invoked,
                            .completed = operation.completed,
                            .words = describe_action(operation, history.values)};
}

void Findings::add(std::string_view name, std::string words, std::vector<std::uint32_t> operations,
                   std::vector<WitnessStep> steps) {
    if (++count_ > listed_anomalies_max) return;
    anomalies_.push_back(Anomaly{.name = std::string(name),
                                 .words = std::move(words),
                                 .operations = std::move(operations),
                                 .steps = std::move(steps)});
}

std::string Findings::words(std::uint32_t operation) const {
    return "(" + describe(history_.operations[operation], history_.values) + " [operation " +
           std::to_string(operation) + "])";
}

Judgement Findings::judgement(std::string_view level) && {
    Judgement judgement;
    if (none()) return judgement;
    judgement.verdict = Verdict::invalid;
    judgement.ruled_out = {std::string(level)};
    std::vector<std::uint32_t> shown;
    for (const Anomaly& anomaly : anomalies_) {
        shown.insert(shown.end(), anomaly.operations.begin(), anomaly.operations.end());
        for (const WitnessStep& step : anomaly.steps) {
            shown.push_back(step.from);
            shown.push_back(step.to);
        }
    }
    std::ranges::sort(shown);
    shown.erase(std::ranges::unique(shown).begin(), shown.end());
    for (const std::uint32_t index : shown) {
        judgement.operations.push_back(witness_of(history_, index));
    }
    if (count_ > listed_anomalies_max) {
        anomalies_.back().words.append("; and " + std::to_string(count_ - listed_anomalies_max) +
                                       " more anomalies");
    }
    judgement.anomalies = std::move(anomalies_);
    return judgement;
}

Judgement Findings::undecided(std::string_view level, std::string reason) && {
    Judgement judgement = std::move(*this).judgement(level);
    if (judgement.verdict == Verdict::valid) {
        judgement.verdict = Verdict::unknown;
        judgement.reason = std::move(reason);
    }
    return judgement;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judgement.h"

#include <algorithm>
#include <set>

namespace geode::check {

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::valid: return "valid";
        case Verdict::invalid: return "invalid";
        case Verdict::unknown: return "unknown";
    }
    return "?";
}

std::string summary(const Judgement& judgement) {
    if (judgement.verdict == Verdict::unknown) return judgement.reason;
    if (judgement.anomalies.empty()) return {};
    const Anomaly& first = judgement.anomalies.front();
    std::string out = first.name + ": " + first.words;
    std::string_view before = "; also ";
    for (const std::string& name : anomaly_names(judgement)) {
        if (name == first.name) continue;
        out.append(before).append(name);
        before = ", ";
    }
    return out;
}

std::string story_of(const Judgement& judgement) {
    std::string story = summary(judgement);
    if (judgement.anomalies.empty()) return story;
    const std::vector<std::uint32_t>& named = judgement.anomalies.front().operations;
    for (const WitnessOperation& operation : judgement.operations) {
        if (std::ranges::find(named, operation.index) == named.end()) continue;
        story += "\n" + std::to_string(operation.index) + ": process " +
                 std::to_string(operation.process) + ": " + operation.words;
    }
    return story;
}

std::vector<std::string> anomaly_names(const Judgement& judgement) {
    std::set<std::string> names;
    for (const Anomaly& anomaly : judgement.anomalies) names.insert(anomaly.name);
    return {names.begin(), names.end()};
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judgement.h"

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

std::vector<std::string> anomaly_names(const Judgement& judgement) {
    std::set<std::string> names;
    for (const Anomaly& anomaly : judgement.anomalies) names.insert(anomaly.name);
    return {names.begin(), names.end()};
}

}  // namespace geode::check

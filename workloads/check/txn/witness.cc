// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/witness.h"

#include <algorithm>

namespace geode::check::txn {
namespace {

/// A cycle's common name, where it has one that its anomaly's name does not say.
std::string_view nickname_of(const Cycle& cycle) {
    const auto only = [&](Relations relation) {
        return std::ranges::all_of(
            cycle.steps, [&](const CycleStep& step) { return step.relation == relation; });
    };
    if (cycle.steps.size() == 2 && only(rw)) return "write skew: ";
    if (cycle.steps.size() == 4 && cycle.steps[0].relation != cycle.steps[1].relation) {
        bool alternates = true;
        for (std::size_t index = 0; index < cycle.steps.size(); ++index) {
            const Relations expected = cycle.steps[index % 2].relation;
            if (cycle.steps[index].relation != expected) alternates = false;
        }
        const Relations both =
            static_cast<Relations>(cycle.steps[0].relation | cycle.steps[1].relation);
        if (alternates && both == (wr | rw)) return "long fork: ";
    }
    return "";
}

}  // namespace

std::string_view to_string_of(Relations relation) {
    switch (relation) {
        case ww: return "ww";
        case wr: return "wr";
        case rw: return "rw";
        case process: return "process";
        case realtime: return "realtime";
        default: GEODE_UNREACHABLE("not one relation");
    }
}

Anomaly anomaly_of(const Cycle& cycle,
                   const std::function<std::string(const CycleStep&)>& explain) {
    Anomaly anomaly{.name = std::string(cycle.anomaly),
                    .words = std::string(nickname_of(cycle)),
                    .operations = {},
                    .steps = {}};
    for (const CycleStep& step : cycle.steps) {
        anomaly.operations.push_back(step.from);
        anomaly.steps.push_back(WitnessStep{.from = step.from,
                                            .to = step.to,
                                            .relation = std::string(to_string_of(step.relation)),
                                            .words = explain(step)});
        if (&step != &cycle.steps.front()) anomaly.words += "; ";
        anomaly.words += anomaly.steps.back().words;
    }
    return anomaly;
}

void describe_operations(const TxnHistory& history, Judgement& judgement) {
    std::vector<std::uint32_t> named;
    for (const Anomaly& anomaly : judgement.anomalies) {
        named.insert(named.end(), anomaly.operations.begin(), anomaly.operations.end());
        for (const WitnessStep& step : anomaly.steps) {
            named.push_back(step.from);
            named.push_back(step.to);
        }
    }
    std::ranges::sort(named);
    named.erase(std::ranges::unique(named).begin(), named.end());
    judgement.operations.clear();
    for (const std::uint32_t index : named) {
        const Transaction& transaction = history.transactions[index];
        judgement.operations.push_back(WitnessOperation{.index = index,
                                                        .process = transaction.process,
                                                        .invoked = transaction.invoked,
                                                        .completed = transaction.completed,
                                                        .words = describe(history, transaction)});
    }
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/list_append.h"

#include <algorithm>

#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/list_graph.h"
#include "workloads/check/txn/list_reads.h"
#include "workloads/check/txn/open_appends.h"
#include "workloads/check/txn/witness.h"

namespace geode::check::txn {
namespace {

std::vector<std::string_view> forbidden_by(const ListAppendOptions& options) {
    std::vector<std::string_view> by_model;
    for (const std::string_view model : options.models) {
        const std::vector<std::string_view> names = forbidden_anomalies(model);
        by_model.insert(by_model.end(), names.begin(), names.end());
    }
    std::vector<std::string_view> forbidden;
    for (const std::string_view anomaly : isolation_anomalies()) {
        const bool by_name = std::ranges::any_of(options.anomalies, [&](std::string_view general) {
            return anomaly_implies(anomaly, general);
        });
        if (by_name || std::ranges::find(by_model, anomaly) != by_model.end()) {
            forbidden.push_back(anomaly);
        }
    }
    return forbidden;
}

std::string ambiguity_words(const TxnHistory& history, const RepeatedAppend& ambiguity) {
    return std::to_string(ambiguity.first) + " and " + std::to_string(ambiguity.second) + " both " +
           describe(history, ambiguity.mop) + ": no read of it can be told to be of one of them";
}

std::vector<std::string_view> names_of(std::span<const Anomaly> anomalies) {
    std::vector<std::string_view> names;
    for (const Anomaly& anomaly : anomalies) {
        if (names.empty() || names.back() != anomaly.name) names.push_back(anomaly.name);
    }
    return names;
}

class Check {
public:
    Check(const TxnHistory& history, const ListAppendOptions& options)
        : history_(history), options_(options), forbidden_(forbidden_by(options)) {}

    Judgement run();

private:
    std::vector<std::string_view> wanted_cycles() const;
    void search(const ListIndex& index);
    void order_unseen(const ListIndex& index, const DependencyGraph& graph,
                      std::span<const std::string_view> wanted);
    RuledOut ruled_out_with(std::span<const Cycle> cycles, bool covered) const;
    void settle();

    const TxnHistory& history_;
    const ListAppendOptions& options_;
    std::vector<std::string_view> forbidden_;
    Judgement judgement_;
};

Judgement Check::run() {
    const std::uint64_t index_bytes = ListIndex::bytes_for(history_);
    const std::uint64_t bytes = index_bytes + list_graph_bytes(history_);
    if (bytes > options_.budget.bytes_max) {
        judgement_.reason = "the check needs about " + std::to_string(bytes >> 20) +
                            " MiB of memory, more than it may use";
        judgement_.verdict = Verdict::unknown;
        return std::move(judgement_);
    }
    judgement_.bytes = bytes;
    judgement_.steps = history_.mops.size() + history_.elements.size();
    const ListIndex index(history_);
    if (index.ambiguity()) {
        judgement_.reason = ambiguity_words(history_, *index.ambiguity());
        judgement_.verdict = Verdict::unknown;
        return std::move(judgement_);
    }
    judgement_.anomalies = find_read_anomalies(index, forbidden_, options_.anomalies_per_name_max);
    search(index);
    settle();
    return std::move(judgement_);
}

/// What is forbidden, but for cycles with real time where none was recorded: find_cycles takes real
/// time to cover the order of processes, which is all there is then.
std::vector<std::string_view> Check::wanted_cycles() const {
    std::vector<std::string_view> wanted = forbidden_;
    if (!history_.timed) {
        std::erase_if(wanted, [](std::string_view name) { return name.ends_with("-realtime"); });
    }
    return wanted;
}

void Check::search(const ListIndex& index) {
    const std::vector<std::string_view> wanted = wanted_cycles();
    const DependencyGraph graph = list_graph(index, relations_of(wanted));
    const CycleReport report = find_cycles(graph, wanted, options_.budget);
    const RuledOut by_all = ruled_out_with(report.cycles, true);
    const bool keep_covered = ruled_out_with(report.cycles, false) != by_all;
    for (const Cycle& cycle : report.cycles) {
        if (!keep_covered && !cycle.covered_by.empty()) continue;
        judgement_.anomalies.push_back(
            anomaly_of(cycle, [&](const CycleStep& step) { return explain_step(index, step); }));
    }
    judgement_.steps += report.steps;
    judgement_.bytes =
        std::max(judgement_.bytes, graph.bytes() + report.bytes + ListIndex::bytes_for(history_));
    if (!report.complete) {
        judgement_.reason = "the search for cycles ended after " +
                            std::to_string(options_.budget.steps_max) + " steps";
    }
    if (!judgement_.anomalies.empty() || !report.complete) return;
    if (report.crossed.empty()) return order_unseen(index, graph, wanted);
    judgement_.reason = "whether there is a " + std::string(report.crossed) +
                        " was not decided, for there are cycles without rw: look for G1c too";
}

/// What is left if nothing is wrong: appends that no read saw need an order.
void Check::order_unseen(const ListIndex& index, const DependencyGraph& graph,
                         std::span<const std::string_view> wanted) {
    Budget left = options_.budget;
    left.steps_max -= std::min(left.steps_max, judgement_.steps);
    const std::uint64_t held = graph.bytes() + ListIndex::bytes_for(history_);
    left.bytes_max -= std::min(left.bytes_max, held);
    OpenAppends open = order_open_appends(index, graph, wanted, left);
    judgement_.steps += open.steps;
    judgement_.bytes = std::max(judgement_.bytes, held + open.bytes);
    if (open.anomaly) judgement_.anomalies.push_back(std::move(*open.anomaly));
    if (!open.complete) {
        judgement_.reason =
            "the budget ended the search for an order of appends that no read saw: more steps "
            "(--steps) or bytes (--memory) may decide";
    }
}

/// What the anomalies so far and these cycles rule out, with or without those that say no more than
/// the data does.
RuledOut Check::ruled_out_with(std::span<const Cycle> cycles, bool covered) const {
    std::vector<std::string_view> names = names_of(judgement_.anomalies);
    for (const Cycle& cycle : cycles) {
        if (covered || cycle.covered_by.empty()) names.push_back(cycle.anomaly);
    }
    return ruled_out_by(names);
}

void Check::settle() {
    if (judgement_.anomalies.empty()) {
        judgement_.verdict = judgement_.reason.empty() ? Verdict::valid : Verdict::unknown;
        return;
    }
    judgement_.verdict = Verdict::invalid;
    judgement_.reason.clear();
    RuledOut ruled_out = ruled_out_by(names_of(judgement_.anomalies));
    judgement_.ruled_out = std::move(ruled_out.weakest);
    judgement_.also_ruled_out = std::move(ruled_out.others);
    describe_operations(history_, judgement_);
}

}  // namespace

Judgement check_list_append(const TxnHistory& history, const ListAppendOptions& options) {
    return Check(history, options).run();
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/register_cycles.h"

#include <algorithm>
#include <array>

#include "workloads/check/txn/witness.h"

namespace geode::check::txn {
namespace {

class CertainGraph {
public:
    CertainGraph(const TxnHistory& history, const RegisterIndex& index, Relations relations,
                 bool next_only)
        : history_(history),
          index_(index),
          relations_(relations),
          next_only_(next_only),
          builder_(static_cast<std::uint32_t>(history.transactions.size())) {}

    DependencyGraph run() {
        std::vector<bool> happened(history_.transactions.size());
        for (const std::uint32_t source : index_.sources) happened[source] = true;
        add_reads();
        if (wants(process)) add_process_edges(builder_, history_, happened);
        if (wants(realtime)) add_realtime_edges(builder_, history_, happened);
        return std::move(builder_).finish();
    }

private:
    bool wants(Relations relation) const { return (relations_ & relation) != 0; }

    void add_reads() {
        std::vector<std::vector<std::uint32_t>> writers(index_.keys.size());
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (const std::uint32_t key : index_.writes_of(node)) writers[key].push_back(node);
        }
        std::vector<std::uint32_t> overwriters(index_.keys.size(), no_node);  // helpers
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (const RegisterRead& read : index_.reads_of(node)) {
                if (read.writer != no_node) {
                    if (wants(wr)) {
                        builder_.add(index_.sources[read.writer], index_.sources[node], wr);
                    }
                    continue;
                }
                const bool next = writers[read.key].size() <= 1;
                if (!wants(rw) || index_.writes_key(node, read.key) || (next_only_ && !next)) {
                    continue;
                }
                add_overwritten(node, writers[read.key], overwriters[read.key]);
            }
        }
    }

    /// All who wrote the key, through one helper.
    void add_overwritten(std::uint32_t node, const std::vector<std::uint32_t>& writers,
                         std::uint32_t& helper) {
        if (helper == no_node) {
            helper = builder_.add_helper();
            for (const std::uint32_t writer : writers) {
                builder_.add(helper, index_.sources[writer], through);
            }
        }
        builder_.add(index_.sources[node], helper, rw);
    }

    const TxnHistory& history_;
    const RegisterIndex& index_;
    Relations relations_;
    bool next_only_;  // rw only to who surely wrote the next version
    GraphBuilder builder_;
};

/// Whether cycles are wanted in which no two rw meet, and not those in which they may.
bool wants_nonadjacent(std::span<const std::string_view> wanted) {
    const auto has = [wanted](const std::string& name) {
        return std::ranges::find(wanted, name) != wanted.end();
    };
    return std::ranges::any_of(
        std::array{"", "-process", "-realtime"}, [&](const std::string& suffix) {
            return has("G-nonadjacent-item" + suffix) && !has("G2-item" + suffix);
        });
}

std::string name_of(std::uint32_t transaction) {
    return "T" + std::to_string(transaction);
}

/// As RegisterWords tells it.
std::string explain(const TxnHistory& history, const RegisterIndex& index, const CycleStep& step) {
    const std::string from = name_of(step.from);
    const std::string to = name_of(step.to);
    if (step.relation == process) {
        return from + " came before " + to + " in the session of process " +
               std::to_string(history.transactions[step.to].process);
    }
    if (step.relation == realtime) return from + " was over before " + to + " began";
    const auto node_of = [&index](std::uint32_t transaction) {
        const auto found = std::ranges::lower_bound(index.sources, transaction);
        return static_cast<std::uint32_t>(found - index.sources.begin());
    };
    const bool seen = step.relation == wr;
    const std::uint32_t writer = node_of(seen ? step.from : step.to);
    for (const RegisterRead& read : index.reads_of(node_of(seen ? step.to : step.from))) {
        const std::string shown = history.values.describe(index.keys[read.key]) + " = " +
                                  history.values.describe(history.mops[read.mop].value);
        if (seen && read.writer == writer)
            return from + " wrote " + shown + ", which " + to + " read";
        if (!seen && read.writer == no_node && index.writes_key(writer, read.key)) {
            return from + " read " + shown + ", the initial value, which " + to + " overwrote";
        }
    }
    GEODE_UNREACHABLE("a step that no read tells");
}

}  // namespace

bool add_register_cycles(const TxnHistory& history, const RegisterIndex& index,
                         std::span<const std::string_view> wanted, const Budget& budget,
                         Judgement& judgement) {
    const DependencyGraph graph =
        CertainGraph(history, index, relations_of(wanted), wants_nonadjacent(wanted)).run();
    const CycleReport report = find_cycles(graph, wanted, budget);
    for (const Cycle& cycle : report.cycles) {
        judgement.anomalies.push_back(anomaly_of(
            cycle, [&](const CycleStep& step) { return explain(history, index, step); }));
    }
    describe_operations(history, judgement);
    judgement.steps += report.steps;
    judgement.bytes = std::max(judgement.bytes, graph.bytes() + report.bytes);
    return report.complete && report.crossed.empty();
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/causal.h"

#include <algorithm>
#include <map>

#include "workloads/check/reads_from.h"

namespace geode::check {
namespace {

class Causal {
public:
    Causal(const ReadsFrom& reads_from, Findings& findings)
        : reads_from_(reads_from), findings_(findings) {}

    void run();

private:
    /// How many nodes of `chain` come before `node`, itself included if it is of that chain.
    std::uint32_t& past(std::uint32_t node, std::uint32_t chain) {
        return pasts_[std::size_t{node} * reads_from_.chains + chain];
    }
    void find_past(std::uint32_t node);
    void check_read(std::uint32_t node);
    void report(std::uint32_t read, std::uint32_t overwriter);

    const RegisterNode& at(std::uint32_t node) const { return reads_from_.nodes[node]; }

    const ReadsFrom& reads_from_;
    Findings& findings_;
    std::vector<std::uint32_t> pasts_;
    // By key and chain: the writes, rising by place.
    std::map<std::pair<ValueId, std::uint32_t>, std::vector<std::uint32_t>> writes_;
};

void Causal::run() {
    pasts_.assign(reads_from_.nodes.size() * reads_from_.chains, 0);
    for (const std::uint32_t node : reads_from_.order) find_past(node);
    for (std::uint32_t node = 0; node < reads_from_.nodes.size(); ++node) {
        if (at(node).write) writes_[{at(node).key, at(node).chain}].push_back(node);
    }
    for (std::uint32_t node = 0; node < reads_from_.nodes.size(); ++node) {
        if (!at(node).write) check_read(node);
    }
}

void Causal::find_past(std::uint32_t node) {
    for (const std::uint32_t earlier : {at(node).before, at(node).from}) {
        if (earlier == no_node) continue;
        for (std::uint32_t chain = 0; chain < reads_from_.chains; ++chain) {
            past(node, chain) = std::max(past(node, chain), past(earlier, chain));
        }
    }
    past(node, at(node).chain) = at(node).place + 1;
}

/// Of each chain only the last write before the read counts: what overwrote an earlier one of the
/// chain comes before it too.
void Causal::check_read(std::uint32_t node) {
    const RegisterNode& read = at(node);
    const auto first = writes_.lower_bound({read.key, 0});
    for (auto place = first; place != writes_.end() && place->first.first == read.key; ++place) {
        const auto& [key_and_chain, writes] = *place;
        const std::uint32_t known = past(node, key_and_chain.second);
        const auto after = std::ranges::partition_point(
            writes, [&](std::uint32_t write) { return at(write).place < known; });
        if (after == writes.begin()) continue;
        const std::uint32_t last = *std::prev(after);
        if (last == read.from) continue;
        const bool overwrites =
            read.from == no_node || past(last, at(read.from).chain) > at(read.from).place;
        if (overwrites) {
            report(node, last);
            return;
        }
    }
}

void Causal::report(std::uint32_t read, std::uint32_t overwriter) {
    const std::uint32_t reader = at(read).operation;
    const std::uint32_t writer = at(overwriter).operation;
    std::vector<std::uint32_t> operations{writer, reader};
    std::string words = findings_.words(reader) + " shows ";
    if (at(read).from == no_node) {
        words.append("the initial value");
    } else {
        words.append("what ").append(
            findings_.words(at(read).from == no_node ? reader : at(at(read).from).operation));
        words.append(" wrote");
        operations.insert(operations.begin(), at(at(read).from).operation);
    }
    words.append(", though ").append(findings_.words(writer));
    words.append(" had overwritten it, by the order in processes and by what was read");
    std::vector<WitnessStep> steps;
    steps.push_back({writer, reader, "causal", "happened before " + findings_.words(reader)});
    steps.push_back({reader, writer, "rw", "shows what " + findings_.words(writer) + " overwrote"});
    findings_.add("overwritten-read", std::move(words), std::move(operations), std::move(steps));
}

}  // namespace

Result<Judgement> check_causal(const History& history, ValueId initial, const Budget& budget) {
    Findings findings(history);
    GEODE_TRY(const ReadsFrom reads_from, find_reads_from(history, initial, findings));
    if (!reads_from.undecidable.empty()) {
        return std::move(findings).undecided("causal", reads_from.undecidable);
    }
    if (!findings.none()) return std::move(findings).judgement("causal");
    const std::uint64_t bytes =
        std::uint64_t{reads_from.nodes.size()} * reads_from.chains * sizeof(std::uint32_t);
    if (bytes > budget.bytes_max) {
        return std::move(findings).undecided(
            "causal", "the limit of " + std::to_string(budget.bytes_max) + " bytes of memory");
    }
    Causal(reads_from, findings).run();
    Judgement judgement = std::move(findings).judgement("causal");
    judgement.bytes = bytes;
    judgement.steps = reads_from.nodes.size();
    return judgement;
}

}  // namespace geode::check

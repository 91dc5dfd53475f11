// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/reads_from.h"

#include <algorithm>

#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::uint64_t lookup_salt = 0x7266;  // lookups only, never iterated

std::uint64_t version_of(ValueId key, ValueId value) {
    return (std::uint64_t{key.value()} << 32) | value.value();
}

class Builder {
public:
    Builder(const History& history, ValueId initial, Findings& findings)
        : history_(history), initial_(initial), findings_(findings) {}

    Result<ReadsFrom> run();

private:
    Result<void> find_writers();
    void add_nodes();
    void link_reads();
    void sort_nodes();
    void report_cycle(const std::vector<std::uint32_t>& waiting);
    bool seen(const Operation& write) const {
        return read_.contains(version_of(write.key, write.argument));
    }

    const History& history_;
    ValueId initial_;
    Findings& findings_;
    ReadsFrom out_;
    HashMap<std::uint64_t, std::uint32_t> writer_{lookup_salt};  // operation
    HashSet<std::uint64_t> read_{lookup_salt};                   // versions that a read shows
    std::vector<std::uint32_t> node_of_;                         // by operation
};

Result<ReadsFrom> Builder::run() {
    GEODE_TRY_VOID(find_writers());
    if (!out_.undecidable.empty()) return std::move(out_);
    add_nodes();
    link_reads();
    sort_nodes();
    return std::move(out_);
}

Result<void> Builder::find_writers() {
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& operation = history_.operations[index];
        const bool read = operation.function == Function::read;
        const bool known =
            read || operation.function == Function::write || operation.function == Function::cas;
        if (!known) {
            return make_error(
                ErrorCode::invalid_argument,
                "a register has no such operation as " + describe(operation, history_.values));
        }
        if (operation.completion == Completion::fail) continue;
        if (operation.function == Function::cas) {
            out_.undecidable = findings_.words(index) +
                               " is a cas: this level knows reads and "
                               "writes only";
            return {};
        }
        if (read) {
            if (operation.completion == Completion::ok) {
                read_.insert(version_of(operation.key, operation.result));
            }
            continue;
        }
        const bool fresh =
            writer_.try_emplace(version_of(operation.key, operation.argument), index).second;
        if (!fresh || operation.argument == initial_) {
            out_.undecidable = findings_.words(index) +
                               " writes a value that was there before, so "
                               "that reads do not tell what they saw";
            return {};
        }
    }
    return {};
}

void Builder::add_nodes() {
    struct Chain {
        std::uint32_t number;
        std::uint32_t length;
        std::uint32_t last;
    };
    HashMap<std::int64_t, Chain> chains(lookup_salt);
    node_of_.assign(history_.operations.size(), no_node);
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& operation = history_.operations[index];
        const bool write = operation.function == Function::write;
        const bool unknown = operation.completion == Completion::unknown;
        if (operation.completion == Completion::fail) continue;
        if (unknown && (!write || !seen(operation))) continue;
        const auto [place, fresh] =
            chains.try_emplace(operation.process, Chain{out_.chains, 0, no_node});
        if (fresh) ++out_.chains;
        Chain& chain = place->second;
        const auto number = static_cast<std::uint32_t>(out_.nodes.size());
        out_.nodes.push_back(RegisterNode{.operation = index,
                                          .chain = unknown ? out_.chains++ : chain.number,
                                          .place = unknown ? 0 : chain.length++,
                                          .before = chain.last,
                                          .from = no_node,
                                          .key = operation.key,
                                          .write = write});
        node_of_[index] = number;
        if (!unknown) chain.last = number;
    }
}

void Builder::link_reads() {
    for (RegisterNode& node : out_.nodes) {
        const Operation& operation = history_.operations[node.operation];
        if (node.write || operation.result == initial_) continue;
        const auto writer = writer_.find(version_of(operation.key, operation.result));
        if (writer != writer_.end()) {
            node.from = node_of_[writer->second];
            continue;
        }
        findings_.add("thin-air-read",
                      findings_.words(node.operation) + " shows a value that nobody wrote",
                      {node.operation});
    }
}

void Builder::sort_nodes() {
    const auto count = static_cast<std::uint32_t>(out_.nodes.size());
    std::vector<std::vector<std::uint32_t>> after(count);
    std::vector<std::uint32_t> waiting(count, 0);
    for (std::uint32_t index = 0; index < count; ++index) {
        for (const std::uint32_t earlier : {out_.nodes[index].before, out_.nodes[index].from}) {
            if (earlier == no_node) continue;
            after[earlier].push_back(index);
            ++waiting[index];
        }
    }
    for (std::uint32_t index = 0; index < count; ++index) {
        if (waiting[index] == 0) out_.order.push_back(index);
    }
    for (std::size_t at = 0; at < out_.order.size(); ++at) {
        for (const std::uint32_t next : after[out_.order[at]]) {
            if (--waiting[next] == 0) out_.order.push_back(next);
        }
    }
    if (out_.order.size() < count) report_cycle(waiting);
}

/// Walks back from a node that waits, always to one that waits, until one comes again.
void Builder::report_cycle(const std::vector<std::uint32_t>& waiting) {
    const auto first = std::ranges::find_if(waiting, [](std::uint32_t count) { return count > 0; });
    auto node = static_cast<std::uint32_t>(first - waiting.begin());
    std::vector<std::uint32_t> path;
    while (std::ranges::find(path, node) == path.end()) {
        path.push_back(node);
        const RegisterNode& here = out_.nodes[node];
        const bool by_read = here.from != no_node && waiting[here.from] > 0;
        node = by_read ? here.from : here.before;
        GEODE_ASSERT(node != no_node);
    }
    path.erase(path.begin(), std::ranges::find(path, node));
    std::ranges::reverse(path);
    std::vector<WitnessStep> steps;
    std::vector<std::uint32_t> operations;
    for (std::size_t at = 0; at < path.size(); ++at) {
        const std::uint32_t to = path[(at + 1) % path.size()];
        const bool reads = out_.nodes[to].from == path[at];
        const std::uint32_t from_operation = out_.nodes[path[at]].operation;
        const std::uint32_t to_operation = out_.nodes[to].operation;
        operations.push_back(from_operation);
        steps.push_back(WitnessStep{
            .from = from_operation,
            .to = to_operation,
            .relation = reads ? "wr" : "process",
            .words = reads ? "was read by " + findings_.words(to_operation)
                           : "came before " + findings_.words(to_operation) + " in its process"});
    }
    findings_.add("cyclic-causality",
                  findings_.words(operations.front()) +
                      " depends on itself, by the order in processes and by what was read",
                  operations, std::move(steps));
}

}  // namespace

Result<ReadsFrom> find_reads_from(const History& history, ValueId initial, Findings& findings) {
    return Builder(history, initial, findings).run();
}

}  // namespace geode::check

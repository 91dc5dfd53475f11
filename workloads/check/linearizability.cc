// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/linearizability.h"

#include <algorithm>

#include "workloads/check/fast_checks.h"
#include "workloads/check/partition.h"
#include "workloads/check/search.h"

namespace geode::check {
namespace {

constexpr std::size_t described_operations_max = 12;

struct Decision {
    Verdict verdict = Verdict::valid;
    std::vector<std::uint32_t> order;  // entries, if valid
    std::uint32_t blocking = 0;        // completion event, if invalid
    std::string limit;                 // if unknown
    std::optional<FastResult> fast;    // if a fast check decided
};

class Checker {
public:
    Checker(const History& history, const Model& model, const LinearizabilityOptions& options)
        : history_(history), model_(model), options_(options) {}

    LinearizabilityResult run();

private:
    Decision judge(const Partition& partition);
    Decision judge_by_search(const Partition& partition);
    SearchResult run_search(const Partition& partition);
    std::uint32_t first_bad_event(const Partition& partition, std::uint32_t good);
    void report(const Partition& partition, const Decision& decision);
    std::string explain(const Partition& partition, const Decision& decision);
    std::string describe_prefix(const Partition& partition, const Decision& decision);
    std::optional<std::vector<std::uint32_t>> order_before(const Partition& partition,
                                                           const Decision& decision);
    std::string describe_rule(const Partition& partition, const Decision& decision) const;
    std::string describe_concurrent() const;
    std::string describe_some(const std::vector<std::uint32_t>& operations) const;
    std::string reason(const Partition& partition, const Entry& blocking) const;
    std::string words(std::uint32_t operation) const;
    std::string key_words(const Partition& partition) const;

    const History& history_;
    const Model& model_;
    const LinearizabilityOptions& options_;
    LinearizabilityResult result_;
};

LinearizabilityResult Checker::run() {
    std::optional<ValueId> bad_key;
    std::uint64_t bad_position = never_completed;
    for (const Partition& partition : split(history_, model_)) {
        // Of the elements of a bad set the one that goes wrong first is reported.
        if (bad_key && (partition.key != *bad_key || !partition.element)) continue;
        const Decision decision = judge(partition);
        if (decision.verdict == Verdict::invalid) {
            const std::uint32_t entry = partition.events[decision.blocking].entry;
            const std::uint64_t position = partition.entries[entry].operation.completed;
            if (bad_key && position > bad_position) continue;
            bad_key = partition.key;
            bad_position = position;
        } else if (bad_key) {
            continue;
        }
        report(partition, decision);
    }
    if (result_.verdict != Verdict::valid) {
        result_.witness.clear();
    } else {
        result_.explanation = "linearizable";
    }
    return std::move(result_);
}

Decision Checker::judge(const Partition& partition) {
    if (options_.fast_paths == FastPaths::avoid) return judge_by_search(partition);
    std::optional<FastResult> fast = check_fast(partition, history_.values, model_);
    if (!fast) return judge_by_search(partition);
    Decision decision{.verdict = fast->verdict,
                      .order = std::move(fast->order),
                      .blocking = fast->blocking,
                      .limit = {},
                      .fast = std::nullopt};
    decision.fast = std::move(fast);
    return decision;
}

/// Searches within what is left of the budget.
SearchResult Checker::run_search(const Partition& partition) {
    const std::unique_ptr<Machine> machine = model_.start(history_.values);
    GEODE_ASSERT(result_.steps <= options_.steps_max);
    const SearchLimits limits{.steps_max = options_.steps_max - result_.steps,
                              .bytes_max = options_.bytes_max};
    SearchResult found = search(partition, *machine, limits);
    result_.steps = std::min(result_.steps + found.steps, options_.steps_max);
    result_.bytes = std::max(result_.bytes, found.bytes);
    return found;
}

/// The event with which `partition` stops being linearizable, given that it is not, and that it
/// is before event `good`. Linearizability is prefix-closed: strides that double, then halve.
std::uint32_t Checker::first_bad_event(const Partition& partition, std::uint32_t good) {
    auto bad = static_cast<std::uint32_t>(partition.events.size());
    std::uint32_t stride = 1;
    bool doubling = true;
    while (bad - good > 1) {
        stride = doubling ? std::min(stride, (bad - good + 1) / 2) : (bad - good) / 2;
        const SearchEnd end = run_search(truncate(partition, good + stride)).end;
        if (end == SearchEnd::placed) {
            good += stride;
            stride *= 2;
        } else if (end == SearchEnd::stuck) {
            bad = good + stride;
            doubling = false;
        } else {
            break;  // the verdict stands; where it goes wrong is known less exactly
        }
    }
    while (!partition.events[good].completes) ++good;
    return good;
}

Decision Checker::judge_by_search(const Partition& partition) {
    SearchResult found = run_search(partition);
    Decision decision{.verdict = Verdict::unknown,
                      .order = std::move(found.order),
                      .blocking = found.furthest,
                      .limit = {},
                      .fast = std::nullopt};
    switch (found.end) {
        case SearchEnd::placed: decision.verdict = Verdict::valid; break;
        case SearchEnd::stuck:
            decision.verdict = Verdict::invalid;
            if (!found.exact) decision.blocking = first_bad_event(partition, found.furthest);
            break;
        case SearchEnd::out_of_steps:
            decision.limit = "the limit of " + std::to_string(options_.steps_max) + " steps";
            break;
        case SearchEnd::out_of_bytes:
            decision.limit =
                "the limit of " + std::to_string(options_.bytes_max) + " bytes of memory";
            break;
    }
    return decision;
}

void Checker::report(const Partition& partition, const Decision& decision) {
    switch (decision.verdict) {
        case Verdict::valid: {
            if (decision.fast && !decision.fast->ordered) return;
            std::vector<std::uint32_t>& order = result_.witness.emplace_back();
            for (const std::uint32_t entry : decision.order) {
                order.push_back(partition.entries[entry].source);
            }
            return;
        }
        case Verdict::invalid:
            result_.verdict = Verdict::invalid;
            result_.explanation = explain(partition, decision);
            return;
        case Verdict::unknown:
            if (result_.verdict == Verdict::unknown) return;
            result_.verdict = Verdict::unknown;
            result_.explanation = "undecided" + key_words(partition) + ": the search reached " +
                                  decision.limit + " after " + std::to_string(decision.blocking) +
                                  " of " + std::to_string(partition.events.size()) + " events";
            return;
    }
}

std::string Checker::explain(const Partition& partition, const Decision& decision) {
    const std::uint32_t blocking = decision.blocking;
    GEODE_ASSERT(blocking < partition.events.size());
    GEODE_ASSERT(partition.events[blocking].completes);
    const Entry& blocked = partition.entries[partition.events[blocking].entry];
    Blocked& found = result_.blocked.emplace();
    found.key = partition.key;
    found.operation = blocked.source;
    for (const Entry& entry : partition.entries) {
        const bool overlaps = entry.invoked < blocking && entry.completed > blocked.invoked;
        if (overlaps && entry.source != blocked.source) found.concurrent.push_back(entry.source);
    }
    const bool by_rule = decision.fast && !decision.fast->rule.empty();
    return "not linearizable" + key_words(partition) + ": " + words(blocked.source) +
           " cannot be placed" +
           (by_rule ? describe_rule(partition, decision) : reason(partition, blocked)) + "; " +
           describe_prefix(partition, decision) + "; " + describe_concurrent();
}

/// What the fast check found wrong, and the operations that show it.
std::string Checker::describe_rule(const Partition& partition, const Decision& decision) const {
    std::vector<std::uint32_t> shown;
    for (const std::uint32_t entry : decision.fast->culprits) {
        const std::uint32_t source = partition.entries[entry].source;
        if (source != result_.blocked->operation) shown.push_back(source);
    }
    std::ranges::sort(shown);
    std::string out = ", " + std::string(decision.fast->rule);
    return shown.empty() ? out : out + ": " + describe_some(shown);
}

/// A linearization of what came before the blocking completion, as entries; nothing if finding it
/// takes too much.
std::optional<std::vector<std::uint32_t>> Checker::order_before(const Partition& partition,
                                                                const Decision& decision) {
    if (decision.fast) {
        return decision.fast->ordered ? std::optional(decision.order) : std::nullopt;
    }
    const Partition before = truncate(partition, decision.blocking);
    std::vector<std::uint32_t> order;
    if (const auto found = check_fast(before, history_.values, model_)) {
        if (!found->ordered) return std::nullopt;
        order = found->order;
    } else {
        SearchResult searched = run_search(before);
        if (searched.end != SearchEnd::placed) return std::nullopt;
        order = std::move(searched.order);
    }
    std::vector<std::uint32_t> places;  // of its entries, in the whole
    for (std::uint32_t index = 0; places.size() < before.entries.size(); ++index) {
        const bool known = partition.entries[index].source == before.entries[places.size()].source;
        if (known) places.push_back(index);
    }
    for (std::uint32_t& entry : order) entry = places[entry];
    return order;
}

/// Tells how a linearization of what came before the blocking completion ends.
std::string Checker::describe_prefix(const Partition& partition, const Decision& decision) {
    const auto order = order_before(partition, decision);
    if (!order) return "the history before it is linearizable";
    const std::unique_ptr<Machine> machine = model_.start(history_.values);
    StateId state = machine->initial();
    for (const std::uint32_t index : *order) {
        const Entry& entry = partition.entries[index];
        state = machine->step(state, known_before(entry, decision.blocking));
        GEODE_ASSERT(state != rejected);
        result_.blocked->prefix.push_back(entry.source);
    }
    std::string out = "the " + std::to_string(order->size()) +
                      " operations before it can be ordered, leaving " + machine->describe(state);
    if (!order->empty()) {
        out.append(" after (").append(words(result_.blocked->prefix.back())).append(")");
    }
    return out;
}

std::string Checker::describe_concurrent() const {
    const std::vector<std::uint32_t>& concurrent = result_.blocked->concurrent;
    if (concurrent.empty()) return "no operation runs at the same time";
    return "at the same time: " + describe_some(concurrent);
}

std::string Checker::describe_some(const std::vector<std::uint32_t>& operations) const {
    std::string out;
    for (std::size_t index = 0; index < operations.size(); ++index) {
        if (index == described_operations_max) {
            return out + ", and " + std::to_string(operations.size() - index) + " more";
        }
        if (index > 0) out.append(", ");
        out.append("(").append(words(operations[index])).append(")");
    }
    return out;
}

/// Why a read of a never or not yet written value is impossible; empty if it is not that simple.
std::string Checker::reason(const Partition& partition, const Entry& blocking) const {
    const Operation& read = blocking.operation;
    const std::optional<ValueId> initial = model_.register_initial(history_.values);
    if (!initial || read.function != Function::read || read.result == initial) return {};
    bool written = false;
    for (const Entry& entry : partition.entries) {
        const Operation& write = entry.operation;
        if (write.function == Function::append) return {};
        const bool writes =
            write.function == Function::write ||
            (write.function == Function::cas && write.completion != Completion::refused);
        if (!writes || write.argument != read.result) continue;
        if (entry.invoked < blocking.completed) return {};
        written = true;
    }
    return written ? ", for that value is written only after it completed"
                   : ", for nobody writes that value";
}

std::string Checker::words(std::uint32_t operation) const {
    return describe(history_.operations[operation], history_.values) + " [operation " +
           std::to_string(operation) + "]";
}

std::string Checker::key_words(const Partition& partition) const {
    std::string out;
    if (partition.key != nil_value) {
        out.append(" for key ").append(history_.values.describe(partition.key));
    }
    if (partition.element) {
        out.append(" for element ").append(history_.values.describe(*partition.element));
    }
    return out;
}

}  // namespace

Result<void> check_understood(const History& history, const Model& model) {
    for (const Operation& operation : history.operations) {
        const bool known = model.understands(operation);
        const auto objection = known ? model.objection(operation, history.values) : std::nullopt;
        if (known && !objection) continue;
        return make_error(ErrorCode::invalid_argument,
                          "the model " + std::string(model.name()) +
                              (known ? " cannot take " : " has no such operation as ") +
                              describe(operation, history.values) +
                              (known ? ": " + *objection : std::string()));
    }
    return {};
}

Result<LinearizabilityResult> check_linearizability(const History& history, const Model& model,
                                                    const LinearizabilityOptions& options) {
    GEODE_TRY_VOID(check_understood(history, model));
    return Checker(history, model, options).run();
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/convergence.h"

#include <algorithm>
#include <map>

namespace geode::check {
namespace {

constexpr std::uint32_t none = UINT32_MAX;

Error unknown_operation(const History& history, const Operation& operation) {
    return make_error(ErrorCode::invalid_argument, "convergence knows no such operation as " +
                                                       describe(operation, history.values));
}

bool looks(const Operation& operation) {
    return operation.function == Function::read || operation.function == Function::contains;
}

/// Of one kind of change to one element: the acknowledged one invoked last, and the one that may
/// have taken effect last.
struct Changes {
    std::uint32_t surely = none;
    std::uint32_t perhaps = none;
};

struct ElementChanges {
    Changes additions;
    Changes removals;
};

/// Sorted, each once: a set may list an element more often.
std::vector<ValueId> held_by(const SetReplica& replica) {
    std::vector<ValueId> held = replica.elements;
    std::ranges::sort(held);
    held.erase(std::ranges::unique(held).begin(), held.end());
    return held;
}

class SetConvergence {
public:
    SetConvergence(const History& history, std::span<const SetReplica> replicas)
        : history_(history), replicas_(replicas), findings_(history) {}

    Result<Judgement> run();

private:
    void note(Changes& changes, std::uint32_t index) const;
    void judge(const SetReplica& replica, ValueId element, bool present);
    void compare();

    /// Whether nothing of `other` can have come after `changes.surely`.
    bool last_word(const Changes& changes, const Changes& other) const {
        if (changes.surely == none) return false;
        return other.perhaps == none ||
               operation(other.perhaps).completed < operation(changes.surely).invoked;
    }
    const Operation& operation(std::uint32_t index) const { return history_.operations[index]; }

    const History& history_;
    std::span<const SetReplica> replicas_;
    Findings findings_;
    std::map<ValueId, ElementChanges> elements_;
};

void SetConvergence::note(Changes& changes, std::uint32_t index) const {
    const Operation& change = operation(index);
    const bool ok = change.completion == Completion::ok;
    if (ok && (changes.surely == none || operation(changes.surely).invoked < change.invoked)) {
        changes.surely = index;
    }
    if (changes.perhaps == none || operation(changes.perhaps).completed < change.completed) {
        changes.perhaps = index;
    }
}

Result<Judgement> SetConvergence::run() {
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& one = operation(index);
        if (looks(one)) continue;
        const bool adds = one.function == Function::add;
        if (!adds && one.function != Function::remove) return unknown_operation(history_, one);
        if (one.completion == Completion::fail) continue;
        ElementChanges& element = elements_[one.argument];
        note(adds ? element.additions : element.removals, index);
    }
    for (const SetReplica& replica : replicas_) {
        const std::vector<ValueId> held = held_by(replica);
        for (const ValueId element : held) judge(replica, element, true);
        for (const auto& [element, changes] : elements_) {
            if (!std::ranges::binary_search(held, element)) judge(replica, element, false);
        }
    }
    compare();
    return std::move(findings_).judgement("convergence");
}

void SetConvergence::judge(const SetReplica& replica, ValueId element, bool present) {
    const auto found = elements_.find(element);
    const ElementChanges changes = found == elements_.end() ? ElementChanges{} : found->second;
    const std::string words = "replica " + replica.name + (present ? " holds " : " misses ") +
                              findings_.value_words(element);
    if (present && changes.additions.perhaps == none) {
        findings_.add("unexpected", words + ", which nobody added", {});
    } else if (present && last_word(changes.removals, changes.additions)) {
        findings_.add("resurrected",
                      words + ", though " + findings_.words(changes.removals.surely) +
                          " came after every addition",
                      {changes.additions.perhaps, changes.removals.surely});
    } else if (!present && last_word(changes.additions, changes.removals)) {
        std::vector<std::uint32_t> operations{changes.additions.surely};
        if (changes.removals.perhaps != none) operations.push_back(changes.removals.perhaps);
        findings_.add("lost",
                      words + ", though " + findings_.words(changes.additions.surely) +
                          " came after every removal",
                      std::move(operations));
    }
}

void SetConvergence::compare() {
    for (std::size_t index = 1; index < replicas_.size(); ++index) {
        const std::vector<ValueId> first = held_by(replicas_.front());
        const std::vector<ValueId> other = held_by(replicas_[index]);
        std::vector<ValueId> differ;
        std::ranges::set_symmetric_difference(first, other, std::back_inserter(differ));
        if (differ.empty()) continue;
        findings_.add("diverged",
                      "replicas " + replicas_.front().name + " and " + replicas_[index].name +
                          " differ in " + history_.values.describe_elements(differ),
                      {});
    }
}

}  // namespace

Result<Judgement> check_set_convergence(const History& history,
                                        std::span<const SetReplica> replicas) {
    return SetConvergence(history, replicas).run();
}

Result<Judgement> check_counter_convergence(const History& history,
                                            std::span<const CounterReplica> replicas,
                                            std::int64_t initial) {
    std::int64_t low = initial;
    std::int64_t high = initial;
    for (const Operation& operation : history.operations) {
        if (looks(operation)) continue;
        const bool adds = operation.function == Function::add;
        if (!adds && operation.function != Function::subtract) {
            return unknown_operation(history, operation);
        }
        if (operation.completion == Completion::fail) continue;
        std::int64_t amount = 1;
        if (operation.argument != nil_value) {
            if (history.values.kind(operation.argument) != ValueKind::integer) {
                return unknown_operation(history, operation);
            }
            amount = history.values.integer_of(operation.argument);
        }
        bool over = amount == INT64_MIN;
        if (!adds && !over) amount = -amount;
        const bool ok = operation.completion == Completion::ok;
        if (ok || amount < 0) over = over || __builtin_add_overflow(low, amount, &low);
        if (ok || amount > 0) over = over || __builtin_add_overflow(high, amount, &high);
        if (over) return unknown_operation(history, operation);
    }
    Findings findings(history);
    for (const CounterReplica& replica : replicas) {
        const std::string holds =
            "replica " + replica.name + " holds " + std::to_string(replica.value);
        if (replica.value < low || replica.value > high) {
            findings.add("miscounted",
                         holds + ", but what was added comes to " + std::to_string(low) +
                             (low == high ? "" : " to " + std::to_string(high)),
                         {});
        }
        if (replica.value != replicas.front().value) {
            findings.add("diverged",
                         holds + ", replica " + replicas.front().name + " " +
                             std::to_string(replicas.front().value),
                         {});
        }
    }
    return std::move(findings).judgement("convergence");
}

}  // namespace geode::check

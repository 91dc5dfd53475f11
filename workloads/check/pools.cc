// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/pools.h"

#include <algorithm>

#include "workloads/check/pool_rules.h"
#include "workloads/check/prefixes.h"

namespace geode::check {
namespace {

constexpr std::uint32_t none = UINT32_MAX;
constexpr std::string_view garbage_rule = "for nobody had put that value in";
constexpr std::string_view twice_rule = "for that value was put in once and taken twice";

bool puts(Function function) {
    return function == Function::enqueue || function == Function::push ||
           function == Function::insert;
}

/// What operations whose answer was never told did: took nothing, one value each of those that had
/// to go, or everything that would be left.
enum class Untold : std::uint8_t { took_nothing, took_in_turn, took_the_rest };

/// The least of the numbers that were added at a position or after it.
class EarliestAfter {
public:
    explicit EarliestAfter(std::size_t positions) : least_(positions + 1, pool_never) {}

    /// What lies beyond all positions is left out. O(log n).
    void add(std::int64_t position, std::int64_t number) {
        if (position >= static_cast<std::int64_t>(least_.size()) - 1) return;
        for (std::size_t at = least_.size() - 1 - static_cast<std::size_t>(position);
             at < least_.size(); at += at & (~at + 1)) {
            least_[at] = std::min(least_[at], number);
        }
    }
    std::int64_t at_or_after(std::int64_t position) const {
        std::int64_t least = pool_never;
        if (position >= static_cast<std::int64_t>(least_.size()) - 1) return least;
        for (std::size_t at = least_.size() - 1 - static_cast<std::size_t>(position); at > 0;
             at &= at - 1) {
            least = std::min(least, least_[at]);
        }
        return least;
    }

private:
    std::vector<std::int64_t> least_;  // a Fenwick tree from the last position back
};

class PoolCheck {
public:
    PoolCheck(const Partition& partition, const ValueTable& values, Discipline discipline)
        : partition_(partition), values_(values), discipline_(discipline) {}

    bool prepare();
    bool has_untold() const { return untold_; }
    /// What is wrong with the events before `limit`.
    std::optional<BrokenRule> broken(std::uint32_t limit, Untold untold);

private:
    std::optional<BrokenRule> gather(std::uint32_t limit, Untold untold);
    std::optional<BrokenRule> take(std::uint32_t index, std::uint32_t limit);
    void drop_what_need_not_be();
    void take_the_rest();
    std::vector<std::int64_t> deadlines(const std::vector<Held*>& left) const;
    void take_in_turn();

    const Entry& entry_at(std::uint32_t index) const { return partition_.entries[index]; }
    std::int64_t completed_of(std::uint32_t index, std::uint32_t limit) const {
        const std::uint32_t completed = entry_at(index).completed;
        return completed != pending && completed < limit ? completed : pool_never;
    }

    const Partition& partition_;
    const ValueTable& values_;
    Discipline discipline_;
    bool untold_ = false;
    std::vector<std::uint32_t> number_of_;   // by value id: index in held_, or none
    std::vector<std::uint32_t> priorities_;  // by number
    std::uint32_t count_ = 0;

    std::vector<Held> held_;  // by number, then only those that were put in
    std::vector<FoundEmpty> empties_;
    std::vector<std::int64_t> untold_takes_;  // invocations of operations never answered, rising
};

bool PoolCheck::prepare() {
    std::vector<ValueId> put;
    number_of_.assign(values_.count(), none);
    for (const Entry& entry : partition_.entries) {
        const Operation& operation = entry.operation;
        if (operation.function == Function::drain) return false;
        if (!puts(operation.function)) {
            if (operation.completion == Completion::unknown) untold_ = true;
            continue;
        }
        std::uint32_t& number = number_of_[operation.argument.value()];
        if (number != none || operation.argument == nil_value) return false;
        number = count_++;
        put.push_back(operation.argument);
    }
    priorities_.resize(count_);
    std::ranges::sort(put, [this](ValueId a, ValueId b) { return values_.less(a, b); });
    for (std::uint32_t rank = 0; rank < count_; ++rank) {
        priorities_[number_of_[put[rank].value()]] = rank;
    }
    return true;
}

std::optional<BrokenRule> PoolCheck::broken(std::uint32_t limit, Untold untold) {
    if (auto wrong = gather(limit, untold)) return wrong;
    if (discipline_ == Discipline::priority_queue) {
        return broken_priority_rule(std::move(held_), empties_);
    }
    if (auto wrong = broken_empty_rule(held_, empties_)) return wrong;
    return discipline_ == Discipline::queue ? broken_queue_rule(std::move(held_))
                                            : broken_stack_rule(std::move(held_));
}

std::optional<BrokenRule> PoolCheck::gather(std::uint32_t limit, Untold untold) {
    held_.assign(count_, Held{.put_invoked = pool_never});
    empties_.clear();
    untold_takes_.clear();
    const auto entries = static_cast<std::uint32_t>(partition_.entries.size());
    std::uint32_t begun = 0;
    for (; begun < entries && entry_at(begun).invoked < limit; ++begun) {
        const Operation& operation = entry_at(begun).operation;
        if (!puts(operation.function)) continue;
        Held& held = held_[number_of_[operation.argument.value()]];
        held.put_invoked = entry_at(begun).invoked;
        held.put_completed = completed_of(begun, limit);
        held.put = begun;
        held.priority = priorities_[number_of_[operation.argument.value()]];
    }
    for (std::uint32_t index = 0; index < begun; ++index) {
        if (puts(entry_at(index).operation.function)) continue;
        if (auto wrong = take(index, limit)) return wrong;
    }
    drop_what_need_not_be();
    if (untold == Untold::took_the_rest) take_the_rest();
    if (untold == Untold::took_in_turn) take_in_turn();
    return std::nullopt;
}

std::optional<BrokenRule> PoolCheck::take(std::uint32_t index, std::uint32_t limit) {
    const Entry& entry = entry_at(index);
    const bool done = completed_of(index, limit) != pool_never;
    // One that need not have happened can as well be later than what is never taken.
    const std::int64_t completed = done ? std::int64_t{entry.completed} : pool_never + 1;
    if (entry.operation.completion == Completion::unknown) {
        untold_takes_.push_back(entry.invoked);
        return std::nullopt;
    }
    if (entry.operation.result == nil_value) {
        if (done) empties_.push_back(FoundEmpty{entry.invoked, completed, index});
        return std::nullopt;
    }
    const std::uint32_t number = number_of_[entry.operation.result.value()];
    if (number == none || held_[number].put_invoked > completed) {
        if (!done) return std::nullopt;  // so it has not happened yet
        return BrokenRule{.rule = garbage_rule, .entries = {index}};
    }
    Held& held = held_[number];
    if (held.put_invoked == pool_never) return std::nullopt;
    if (held.take != none) {
        const bool other_done = held.take_completed < pool_never;
        if (done && other_done) {
            return BrokenRule{.rule = twice_rule, .entries = {index, held.take, held.put}};
        }
        // Of two of which one has to have happened it is that one, else the earlier.
        if (!done) return std::nullopt;
    }
    held.take = index;
    held.take_invoked = entry.invoked;
    held.take_completed = completed;
    return std::nullopt;
}

/// Leaves out values that need not have been put in.
void PoolCheck::drop_what_need_not_be() {
    std::erase_if(held_, [](const Held& held) {
        const bool put = held.put_completed != pool_never;
        const bool taken = held.take != none;
        return held.put_invoked == pool_never ||
               (!put && (!taken || held.take_completed > pool_never));
    });
}

/// Lets whatever is left be taken from the first time on that an untold operation may have.
void PoolCheck::take_the_rest() {
    if (untold_takes_.empty()) return;
    for (Held& held : held_) {
        const bool taken = held.take != none && held.take_completed < pool_never;
        if (!taken) held.take_invoked = std::min(held.take_invoked, untold_takes_.front());
    }
}

/// What some value had to make way for by then: in a queue one put in later, in a stack one below
/// it, in a priority queue a larger one.
std::vector<std::int64_t> PoolCheck::deadlines(const std::vector<Held*>& left) const {
    std::vector<const Held*> others;
    for (const Held& held : held_) others.push_back(&held);
    std::vector<std::size_t> order(left.size());
    for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
    // Others count for a value from the first on that its key is behind.
    const auto other_key = [this](const Held* other) {
        if (discipline_ == Discipline::queue) return -other->put_invoked;
        if (discipline_ == Discipline::stack) return other->put_completed;
        return -std::int64_t{other->priority};
    };
    const auto own_key = [this, &left](std::size_t index) {
        if (discipline_ == Discipline::queue) return -left[index]->put_completed;
        if (discipline_ == Discipline::stack) return left[index]->put_invoked;
        return -std::int64_t{left[index]->priority};
    };
    std::ranges::sort(others, {}, other_key);
    std::ranges::sort(order, {}, own_key);
    EarliestAfter earliest(partition_.events.size());
    std::vector<std::int64_t> out(left.size(), pool_never);
    std::size_t next = 0;
    for (const std::size_t index : order) {
        for (; next < others.size() && other_key(others[next]) < own_key(index); ++next) {
            earliest.add(others[next]->take_invoked, others[next]->take_completed);
        }
        // In a queue even what is taken before it is put in comes first.
        const bool queue = discipline_ == Discipline::queue;
        out[index] = earliest.at_or_after(queue ? 0 : left[index]->put_completed);
    }
    return out;
}

/// The values that had to make way get the untold operations in turn, the most urgent the earliest.
/// If that does not do for a queue, nothing does, but for operations that found it empty.
void PoolCheck::take_in_turn() {
    if (untold_takes_.empty()) return;
    std::vector<Held*> left;
    for (Held& held : held_) {
        if (held.take_completed > pool_never) left.push_back(&held);
    }
    const std::vector<std::int64_t> due = deadlines(left);
    std::vector<std::pair<std::int64_t, std::size_t>> urgent;
    for (std::size_t index = 0; index < left.size(); ++index) {
        // One that may have been taken by an operation that is known anyway needs no other.
        if (due[index] < std::min(left[index]->take_invoked, pool_never)) {
            urgent.emplace_back(due[index], index);
        }
    }
    std::ranges::sort(urgent);
    for (std::size_t index = 0; index < std::min(urgent.size(), untold_takes_.size()); ++index) {
        left[urgent[index].second]->take_invoked = untold_takes_[index];
    }
}

/// The assumption that decides the history exactly, or else one that only proves it wrong.
Untold exact_for(const Partition& partition, const PoolCheck& check, Discipline discipline) {
    if (!check.has_untold()) return Untold::took_nothing;
    const bool found_empty = std::ranges::any_of(partition.entries, [](const Entry& entry) {
        return !puts(entry.operation.function) && entry.pure;
    });
    const bool in_turn = discipline == Discipline::queue && !found_empty;
    return in_turn ? Untold::took_in_turn : Untold::took_the_rest;
}

}  // namespace

std::optional<PoolResult> check_pool(const Partition& partition, const ValueTable& values,
                                     Discipline discipline) {
    PoolCheck check(partition, values, discipline);
    if (!check.prepare()) return std::nullopt;
    const auto all = static_cast<std::uint32_t>(partition.events.size());
    const Untold exact = exact_for(partition, check, discipline);
    if (!check.broken(all, exact)) {
        const bool certain = exact != Untold::took_the_rest ||
                             !check.broken(all, Untold::took_nothing) ||
                             !check.broken(all, Untold::took_in_turn);
        return PoolResult{.verdict = certain ? Verdict::valid : Verdict::unknown};
    }
    PoolResult result{.verdict = Verdict::invalid};
    result.blocking =
        first_failing(all, [&](std::uint32_t limit) { return !check.broken(limit, exact); });
    const auto wrong = check.broken(result.blocking + 1, exact);
    GEODE_ASSERT(wrong.has_value());
    result.rule = wrong->rule;
    result.culprits = wrong->entries;
    return result;
}

}  // namespace geode::check

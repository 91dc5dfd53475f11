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

/// What operations whose answer was never told did: took nothing, or all that would be left.
enum class Untold : std::uint8_t { took_nothing, took_the_rest };

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
    void drop_what_need_not_be(Untold untold);

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
    std::int64_t untold_from_ = pool_never;  // first invocation of an operation never answered
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
    untold_from_ = pool_never;
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
    drop_what_need_not_be(untold);
    return std::nullopt;
}

std::optional<BrokenRule> PoolCheck::take(std::uint32_t index, std::uint32_t limit) {
    const Entry& entry = entry_at(index);
    const bool done = completed_of(index, limit) != pool_never;
    // One that need not have happened can as well be later than what is never taken.
    const std::int64_t completed = done ? std::int64_t{entry.completed} : pool_never + 1;
    if (entry.operation.completion == Completion::unknown) {
        untold_from_ = std::min(untold_from_, std::int64_t{entry.invoked});
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

/// Leaves out values that need not have been put in, and lets untold operations take.
void PoolCheck::drop_what_need_not_be(Untold untold) {
    std::erase_if(held_, [](const Held& held) {
        const bool put = held.put_completed != pool_never;
        const bool taken = held.take != none;
        return held.put_invoked == pool_never ||
               (!put && (!taken || held.take_completed > pool_never));
    });
    if (untold == Untold::took_nothing || untold_from_ == pool_never) return;
    for (Held& held : held_) {
        const bool taken = held.take != none && held.take_completed < pool_never;
        if (!taken) held.take_invoked = std::min(held.take_invoked, untold_from_);
    }
}

}  // namespace

std::optional<PoolResult> check_pool(const Partition& partition, const ValueTable& values,
                                     Discipline discipline) {
    PoolCheck check(partition, values, discipline);
    if (!check.prepare()) return std::nullopt;
    const auto all = static_cast<std::uint32_t>(partition.events.size());
    if (!check.broken(all, Untold::took_the_rest)) {
        const bool exact = !check.has_untold() || !check.broken(all, Untold::took_nothing);
        return PoolResult{.verdict = exact ? Verdict::valid : Verdict::unknown};
    }
    PoolResult result{.verdict = Verdict::invalid};
    result.blocking = first_failing(partition, [&](std::uint32_t limit) {
        return !check.broken(limit, Untold::took_the_rest);
    });
    const auto wrong = check.broken(result.blocking + 1, Untold::took_the_rest);
    GEODE_ASSERT(wrong.has_value());
    result.rule = wrong->rule;
    result.culprits = wrong->entries;
    return result;
}

}  // namespace geode::check

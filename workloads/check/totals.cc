// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/totals.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/hash_map.h"
#include "workloads/check/keyed_values.h"
#include "workloads/check/total_parts.h"

namespace geode::check {
namespace {

constexpr std::uint64_t lookup_salt = 0x746f;  // lookups only, never iterated

bool is_pair(ValueId id, const ValueTable& values) {
    return values.kind(id) == ValueKind::list && values.list_of(id).size() == 2;
}

class Bank {
public:
    Bank(const History& history, const BankOptions& options)
        : history_(history), options_(options), findings_(history), total_(options.total) {}

    Result<Judgement> run() {
        GEODE_TRY_VOID(check_functions(history_, {Function::read, Function::transfer}));
        for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
            if (!is_ok_read(history_.operations[index])) continue;
            GEODE_TRY_VOID(check_read(index));
        }
        return std::move(findings_).judgement(options_.negative_allowed ? "total" : "nonnegative");
    }

private:
    Result<void> check_read(std::uint32_t index) {
        const ValueTable& values = history_.values;
        const Operation& read = history_.operations[index];
        constexpr std::string_view wanted = "a read of balances by account";
        if (values.kind(read.result) != ValueKind::list) {
            return objection(history_, read, wanted);
        }
        std::int64_t sum = 0;
        bool complete = true;
        for (const ValueId element : values.list_of(read.result)) {
            if (!is_pair(element, values)) return objection(history_, read, wanted);
            const auto pair = values.list_of(element);
            check_account(index, pair[0]);
            if (values.kind(pair[1]) != ValueKind::integer) {
                complete = false;
                findings_.add("nil-balance",
                              findings_.words(index) + " shows no balance of account " +
                                  findings_.value_words(pair[0]),
                              {index});
                continue;
            }
            const std::int64_t balance = values.integer_of(pair[1]);
            if (balance < 0 && !options_.negative_allowed) {
                findings_.add("negative-balance",
                              findings_.words(index) + " shows account " +
                                  findings_.value_words(pair[0]) + " with " +
                                  std::to_string(balance),
                              {index});
            }
            if (__builtin_add_overflow(sum, balance, &sum)) {
                return objection(history_, read, "balances whose sum has 64 bits");
            }
        }
        if (complete) check_total(index, sum);
        return {};
    }

    void check_account(std::uint32_t index, ValueId account) {
        if (options_.accounts.empty()) return;
        const std::string name = history_.values.describe(account);
        if (std::ranges::find(options_.accounts, name) != options_.accounts.end()) return;
        findings_.add("unexpected-account",
                      findings_.words(index) + " shows account " + name + ", which there is not",
                      {index});
    }

    void check_total(std::uint32_t index, std::int64_t sum) {
        if (!total_) {
            total_ = sum;
            first_read_ = index;
        }
        if (sum == *total_) return;
        std::vector<std::uint32_t> operations{index};
        std::string words = findings_.words(index) + " shows a total of " + std::to_string(sum) +
                            " instead of " + std::to_string(*total_);
        if (first_read_) {
            operations.insert(operations.begin(), *first_read_);
            words.append(", which the first read showed");
        }
        findings_.add("wrong-total", std::move(words), std::move(operations));
    }

    const History& history_;
    const BankOptions& options_;
    Findings findings_;
    std::optional<std::int64_t> total_;
    std::optional<std::uint32_t> first_read_;
};

struct Bounds {
    std::int64_t low = 0;
    std::int64_t high = 0;
};

class CounterBounds {
public:
    CounterBounds(const History& history, std::int64_t initial)
        : history_(history), findings_(history), now_{initial, initial} {}

    Result<Judgement> run();

private:
    struct Moment {
        std::uint64_t position;
        std::uint32_t operation;
    };
    void pass(const Moment& moment);
    std::int64_t amount_of(const Operation& operation) const;

    const History& history_;
    Findings findings_;
    Bounds now_;
    std::map<std::uint32_t, Bounds> open_reads_;
};

Result<Judgement> CounterBounds::run() {
    GEODE_TRY_VOID(check_functions(history_, {Function::read, Function::add, Function::subtract}));
    std::vector<Moment> moments;
    std::int64_t reach = now_.high;  // how far from zero the counter can get
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& operation = history_.operations[index];
        if (operation.completion == Completion::fail) continue;
        const bool read = operation.function == Function::read;
        const ValueId counted = read ? operation.result : operation.argument;
        const bool integer = history_.values.kind(counted) == ValueKind::integer;
        if (!integer && (is_ok_read(operation) || counted != nil_value)) {
            return objection(history_, operation, "an integer");
        }
        if (read && operation.completion != Completion::ok) continue;
        const std::int64_t amount = read ? 0 : amount_of(operation);
        if (amount == INT64_MIN ||
            __builtin_add_overflow(std::max(reach, -reach), std::max(amount, -amount), &reach)) {
            return objection(history_, operation, "amounts whose sum has 64 bits");
        }
        moments.push_back({operation.invoked, index});
        if (operation.completed != never_completed) moments.push_back({operation.completed, index});
    }
    std::ranges::sort(moments, {}, &Moment::position);
    for (const Moment& moment : moments) pass(moment);
    return std::move(findings_).judgement("bounds");
}

std::int64_t CounterBounds::amount_of(const Operation& operation) const {
    const bool told = operation.argument != nil_value;
    const std::int64_t amount = told ? history_.values.integer_of(operation.argument) : 1;
    if (operation.function == Function::add || amount == INT64_MIN) return amount;
    return -amount;
}

/// Something is added at the latest, and taken away at the earliest, when it surely or perhaps was.
void CounterBounds::pass(const Moment& moment) {
    const Operation& operation = history_.operations[moment.operation];
    const bool begins = moment.position == operation.invoked;
    if (operation.function != Function::read) {
        const std::int64_t amount = amount_of(operation);
        std::int64_t& moved = (amount > 0) == begins ? now_.high : now_.low;
        moved += amount;
        for (auto& [read, seen] : open_reads_) {
            seen.low = std::min(seen.low, now_.low);
            seen.high = std::max(seen.high, now_.high);
        }
        return;
    }
    if (begins) {
        open_reads_[moment.operation] = now_;
        return;
    }
    const Bounds seen = open_reads_.at(moment.operation);
    open_reads_.erase(moment.operation);
    const std::int64_t value = history_.values.integer_of(operation.result);
    if (seen.low <= value && value <= seen.high) return;
    findings_.add("out-of-bounds",
                  findings_.words(moment.operation) + " shows " + std::to_string(value) +
                      ", but the counter was between " + std::to_string(seen.low) + " and " +
                      std::to_string(seen.high),
                  {moment.operation});
}

}  // namespace

Result<Judgement> check_bank(const History& history, const BankOptions& options) {
    return Bank(history, options).run();
}

Result<Judgement> check_counter_bounds(const History& history, std::int64_t initial) {
    return CounterBounds(history, initial).run();
}

Result<Judgement> check_unique_ids(const History& history) {
    GEODE_TRY_VOID(check_functions(history, {Function::generate}));
    Findings findings(history);
    HashMap<std::uint32_t, std::uint32_t> given(lookup_salt);
    for (std::uint32_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        if (operation.completion != Completion::ok) continue;
        const auto [first, fresh] = given.try_emplace(operation.result.value(), index);
        if (fresh) continue;
        findings.add("duplicate-id",
                     "the id " + findings.value_words(operation.result) + " went to " +
                         findings.words(first->second) + " and to " + findings.words(index),
                     {first->second, index});
    }
    return std::move(findings).judgement("unique-ids");
}

Result<Judgement> check_monotonic(const History& history, MonotonicScope scope) {
    GEODE_TRY_VOID(
        check_functions(history, {Function::read, Function::write, Function::add, Function::cas}));
    Findings findings(history);
    const bool per_process = scope == MonotonicScope::process;
    std::vector<std::uint32_t> by_completion;
    for (std::uint32_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        if (!is_ok_read(operation)) continue;
        if (history.values.kind(operation.result) != ValueKind::integer) {
            return objection(history, operation, "a read of an integer");
        }
        by_completion.push_back(index);
    }
    std::vector<std::uint32_t> by_invocation = by_completion;
    const auto& operations = history.operations;
    std::ranges::sort(by_completion, {}, [&](auto index) { return operations[index].completed; });
    // By process (or all together) and key: the read that has shown the most so far.
    std::map<std::pair<std::int64_t, ValueId>, std::uint32_t> largest;
    const auto value_of = [&](std::uint32_t index) {
        return history.values.integer_of(operations[index].result);
    };
    std::size_t next = 0;
    for (const std::uint32_t index : by_invocation) {
        const Operation& read = operations[index];
        for (; next < by_completion.size(); ++next) {
            const Operation& done = operations[by_completion[next]];
            if (done.completed > read.invoked) break;
            const auto place = largest.try_emplace({per_process ? done.process : 0, done.key},
                                                   by_completion[next]);
            std::uint32_t& most = place.first->second;
            if (value_of(by_completion[next]) > value_of(most)) most = by_completion[next];
        }
        const auto before = largest.find({per_process ? read.process : 0, read.key});
        if (before == largest.end() || value_of(before->second) <= value_of(index)) continue;
        findings.add("nonmonotonic",
                     findings.words(before->second) + " was followed by " + findings.words(index),
                     {before->second, index});
    }
    return std::move(findings).judgement(per_process ? "process" : "realtime");
}

Result<Judgement> check_sequence(const History& history) {
    GEODE_TRY_VOID(check_functions(history, {Function::read, Function::write, Function::add}));
    Findings findings(history);
    for (std::uint32_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        if (!is_ok_read(operation)) continue;
        const auto shown = keyed_result(operation, history.values);
        if (!shown) return objection(history, operation, "a read of a list");
        const auto seen = shown->elements;
        const auto first =
            std::ranges::find_if(seen, [](ValueId value) { return value != nil_value; });
        const auto gap = std::find(first, seen.end(), nil_value);
        if (gap == seen.end()) continue;
        findings.add("gap",
                     findings.words(index) + " has seen " + findings.value_words(*first) +
                         " but misses something written before it, at place " +
                         std::to_string(gap - seen.begin() + 1),
                     {index});
    }
    return std::move(findings).judgement("sequential");
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0

// Replicas that merge, by the definition: small ones, damaged at random, judged by the checker and
// by trying every order of the changes to each element.

#include <catch2/catch.hpp>

#include "tests/check/final_state_oracle.h"
#include "workloads/check/convergence.h"

namespace geode::check {
namespace {

using oracle::agree;
using oracle::fast_states;
using oracle::for_seeds;
using oracle::slow_states;
using oracle::Violations;

/// Additions and removals (or amounts) of a few elements, one process for each.
History draw_changes(Prng& random, bool counter) {
    History history;
    std::int64_t process = 0;
    for (const oracle::Interval& interval : oracle::draw_intervals(random, random.below(8))) {
        Completion completion = oracle::draw_completion(random);
        if (completion == Completion::refused) completion = Completion::ok;
        const bool first = random.below(3) != 0;
        const Function changes = counter ? Function::subtract : Function::remove;
        const auto drawn = static_cast<std::int64_t>(random.below(counter ? 7 : 2));
        const bool one = counter && random.below(4) == 0;
        history.operations.push_back(
            {.process = process++,
             .function = first ? Function::add : changes,
             .completion = completion,
             .argument = one ? nil_value : history.values.integer(counter ? drawn - 2 : drawn),
             .invoked = interval.invoked,
             .completed =
                 completion == Completion::unknown ? never_completed : interval.completed});
    }
    if (random.below(4) != 0) return history;
    history.operations.push_back({.process = process,
                                  .function = Function::read,
                                  .completion = Completion::ok,
                                  .invoked = 100,
                                  .completed = 101});
    return history;
}

Violations told(const Result<Judgement>& judged) {
    Violations out;
    if (!judged) return {{"error", judged.error().message}};
    for (const Anomaly& anomaly : judged->anomalies) out.emplace_back(anomaly.name, "");
    RC_ASSERT((judged->verdict == Verdict::valid) == out.empty());
    return out;
}

/// Whether the set may hold the element in the end, and whether it may not.
std::set<bool> presence_of(const History& history, ValueId element) {
    std::vector<oracle::Change<bool>> changes;
    for (const Operation& operation : history.operations) {
        const bool changed =
            operation.function == Function::add || operation.function == Function::remove;
        if (!changed || operation.argument != element) continue;
        if (operation.completion == Completion::fail) continue;
        changes.push_back({operation.function == Function::add,
                           operation.completion == Completion::ok, operation.invoked,
                           operation.completed});
    }
    return oracle::contents_left(changes, false);
}

void hold_sets(std::uint64_t states) {
    std::uint64_t sound = 0;
    for_seeds(states, [&](std::uint64_t seed) {
        Prng random(seed);
        History history = draw_changes(random, false);
        std::vector<ValueId> all;
        for (const std::int64_t value : {0, 1, 2}) all.push_back(history.values.integer(value));
        std::vector<SetReplica> replicas(1 + random.below(2));
        Violations expected;
        for (SetReplica& replica : replicas) {
            replica.name = "n";
            for (const ValueId element : all) {
                const std::set<bool> may = presence_of(history, element);
                const bool held = random.below(6) == 0 ? random.below(2) == 0 : may.contains(true);
                if (held) replica.elements.push_back(element);
                if (held && random.below(8) == 0) replica.elements.push_back(element);
                if (may.contains(held)) continue;
                const bool added =
                    std::ranges::any_of(history.operations, [&](const Operation& operation) {
                        return operation.function == Function::add &&
                               operation.argument == element &&
                               operation.completion != Completion::fail;
                    });
                expected.emplace_back(!held ? "lost" : added ? "resurrected" : "unexpected", "");
            }
            std::ranges::reverse(replica.elements);
        }
        const auto held = [](const SetReplica& replica) {
            return std::set<ValueId>(replica.elements.begin(), replica.elements.end());
        };
        if (held(replicas.front()) != held(replicas.back())) expected.emplace_back("diverged", "");
        if (expected.empty()) ++sound;
        agree(told(check_set_convergence(history, replicas)), expected);
    });
    CHECK(sound * 20 > states * 100);
}

void hold_counters(std::uint64_t states) {
    std::uint64_t sound = 0;
    for_seeds(states, [&](std::uint64_t seed) {
        Prng random(seed);
        const History history = draw_changes(random, true);
        std::set<std::int64_t> counts{10};
        for (const Operation& operation : history.operations) {
            const bool read = operation.function == Function::read;
            if (read || operation.completion == Completion::fail) continue;
            std::int64_t amount = 1;
            if (operation.argument != nil_value) {
                amount = history.values.integer_of(operation.argument);
            }
            if (operation.function == Function::subtract) amount = -amount;
            std::set<std::int64_t> after;
            for (const std::int64_t count : counts) {
                after.insert(count + amount);
                if (operation.completion == Completion::unknown) after.insert(count);
            }
            counts = after;
        }
        std::vector<CounterReplica> replicas;
        Violations expected;
        for (std::uint64_t left = 1 + random.below(2); left > 0; --left) {
            const auto off = static_cast<std::int64_t>(random.below(3)) - 1;
            replicas.push_back({"n", *counts.rbegin() + (random.below(2) == 0 ? 0 : off)});
            const std::int64_t value = replicas.back().value;
            if (value < *counts.begin() || value > *counts.rbegin()) {
                expected.emplace_back("miscounted", "");
            }
            if (value != replicas.front().value) expected.emplace_back("diverged", "");
        }
        if (expected.empty()) ++sound;
        agree(told(check_counter_convergence(history, replicas, 10)), expected);
    });
    CHECK(sound * 20 > states * 100);
}

TEST_CASE("convergence: agrees with its definitions", "[fast][prop]") {
    hold_sets(fast_states);
    hold_counters(fast_states);
}

TEST_CASE("convergence: agrees with its definitions on many replicas", "[slow][prop]") {
    hold_sets(slow_states);
    hold_counters(slow_states);
}

}  // namespace
}  // namespace geode::check

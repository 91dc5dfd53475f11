// SPDX-License-Identifier: Apache-2.0

// The fast checks of queues, stacks and priority queues against trying every order, over all
// histories of a few operations: every choice of operations, in every order of their events.

#include <catch2/catch.hpp>

#include "tests/check/object_oracle.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

/// One operation: what it puts in, or what it takes out and how that ended.
struct Atom {
    std::int64_t put = oracle::nothing;
    std::int64_t took = oracle::nothing;
    bool unknown = false;
};

/// Three values, each put in at most once; takes of each, of nothing, and one never answered.
const std::vector<Atom> atoms = {{.put = 1},
                                 {.put = 2},
                                 {.put = 3},
                                 {.took = 1},
                                 {.took = 2},
                                 {.took = 3},
                                 {.took = oracle::nothing},
                                 {.put = 2, .unknown = true},
                                 {.took = oracle::nothing, .unknown = true}};

struct Verdicts {
    std::uint64_t valid = 0;
    std::uint64_t invalid = 0;
};

/// The history of the atoms with their events in the order `events`: of each atom, first the
/// invocation, then the completion.
History build(std::string_view model, const std::vector<Atom>& chosen,
              const std::vector<std::size_t>& events) {
    const bool queue = model == "queue";
    const bool stack = model == "stack";
    const Function put = queue ? Function::enqueue : stack ? Function::push : Function::insert;
    const Function take = queue ? Function::dequeue : stack ? Function::pop : Function::extract_min;
    HistoryBuilder builder;
    std::vector<bool> invoked(chosen.size(), false);
    for (const std::size_t number : events) {
        const Atom& atom = chosen[number];
        const auto process = static_cast<std::int64_t>(number);
        const auto value = [&builder](std::int64_t one) {
            return one == oracle::nothing ? nil_value : builder.values().integer(one);
        };
        if (!invoked[number]) {
            invoked[number] = true;
            REQUIRE(builder.invoke({.process = process,
                                    .function = atom.put == oracle::nothing ? take : put,
                                    .argument = value(atom.put)}));
        } else if (atom.unknown) {
            REQUIRE(builder.info(process));
        } else {
            REQUIRE(builder.ok(process, value(atom.took)));
        }
    }
    return std::move(builder).finish();
}

void judge_all_orders(std::string_view model, const std::vector<Atom>& chosen, Verdicts& verdicts) {
    const auto judged_by = oracle::model_named(model);
    std::vector<std::size_t> events;
    for (std::size_t number = 0; number < chosen.size(); ++number) {
        events.push_back(number);
        events.push_back(number);
    }
    do {
        const History history = build(model, chosen, events);
        const auto result = check_linearizability(history, *judged_by);
        const std::string wrong = oracle::disagreement(model, history, *result);
        if (!wrong.empty()) FAIL(wrong << "\n" << to_json_lines(history).value());
        ++(result->verdict == Verdict::valid ? verdicts.valid : verdicts.invalid);
    } while (std::ranges::next_permutation(events).found);
}

/// Every choice of `count` different atoms, without the two that put in 2 together.
Verdicts judge_all(std::string_view model, std::size_t count) {
    Verdicts verdicts;
    std::vector<bool> chosen(atoms.size(), false);
    std::fill(chosen.end() - static_cast<std::ptrdiff_t>(count), chosen.end(), true);
    do {
        if (chosen[1] && chosen[7]) continue;
        std::vector<Atom> selected;
        for (std::size_t index = 0; index < atoms.size(); ++index) {
            if (chosen[index]) selected.push_back(atoms[index]);
        }
        judge_all_orders(model, selected, verdicts);
    } while (std::next_permutation(chosen.begin(), chosen.end()));
    return verdicts;
}

TEST_CASE("pools: all histories of three operations", "[fast]") {
    for (const std::string_view model : {"queue", "stack", "priority-queue"}) {
        const Verdicts verdicts = judge_all(model, 3);
        CHECK(verdicts.valid > 100);
        CHECK(verdicts.invalid > 100);
    }
}

TEST_CASE("pools: all histories of four operations", "[fast]") {
    for (const std::string_view model : {"queue", "stack", "priority-queue"}) {
        const Verdicts verdicts = judge_all(model, 4);
        CHECK(verdicts.valid > 1000);
        CHECK(verdicts.invalid > 1000);
    }
}

// 37 million histories, more than a minute.
TEST_CASE("pools: all histories of five operations", "[slow]") {
    for (const std::string_view model : {"queue", "stack", "priority-queue"}) {
        const Verdicts verdicts = judge_all(model, 5);
        CHECK(verdicts.valid > 1'000'000);
        CHECK(verdicts.invalid > 1'000'000);
    }
}

}  // namespace
}  // namespace geode::check

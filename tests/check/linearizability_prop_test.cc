// SPDX-License-Identifier: Apache-2.0

// The checker against trying everything: all small histories, and random ones of each shape.

#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "tests/check/oracle.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

using oracle::Shape;

std::string check_both_ways(const History& history, const Model& model,
                            const oracle::Value& initial) {
    for (const FastPaths fast_paths : {FastPaths::use, FastPaths::avoid}) {
        const auto result = check_linearizability(history, model, {.fast_paths = fast_paths});
        if (!result) return result.error().describe();
        const std::string wrong = oracle::disagreement(history, *result, initial);
        if (!wrong.empty()) {
            return wrong + (fast_paths == FastPaths::use ? " (fast)" : " (search)") + "\n" +
                   to_json_lines(history).value();
        }
    }
    return {};
}

void hold_against_oracle(const Shape& shape, const Model& model, const oracle::Value& initial) {
    constexpr std::uint64_t histories_per_case = 30;
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    for (std::uint64_t number = 0; number < histories_per_case; ++number) {
        const std::uint64_t one = mix_hash(number, seed);
        Shape drawn = shape;
        drawn.operations = 1 + Prng(one).below(shape.operations);
        const History history = oracle::RandomHistory(drawn, one).run();
        const std::string wrong = check_both_ways(history, model, initial);
        if (!wrong.empty()) RC_FAIL(wrong);
    }
}

/// One operation of the exhaustive enumeration.
struct Atom {
    Function function;
    Completion completion;
    std::int64_t expected;
    std::int64_t value;  // 0 is nil
};

ValueId value_in(ValueTable& values, std::int64_t value) {
    return value == 0 ? nil_value : values.integer(value);
}

/// The history of `atoms` whose events come in the order `events`: atom numbers, the first mention
/// of each its invocation, the second its completion.
History build(const std::vector<Atom>& atoms, const std::vector<std::size_t>& events) {
    HistoryBuilder builder;
    std::vector<bool> invoked(atoms.size(), false);
    for (const std::size_t number : events) {
        const Atom& atom = atoms[number];
        const auto process = static_cast<std::int64_t>(number);
        if (!invoked[number]) {
            invoked[number] = true;
            const bool reads = atom.function == Function::read;
            const ValueId argument = reads ? nil_value : value_in(builder.values(), atom.value);
            const ValueId expected = value_in(builder.values(), atom.expected);
            REQUIRE(builder.invoke({.process = process,
                                    .function = atom.function,
                                    .argument = argument,
                                    .expected = expected}));
            continue;
        }
        const bool reads = atom.function == Function::read;
        switch (atom.completion) {
            case Completion::ok:
                REQUIRE(builder.ok(process,
                                   reads ? value_in(builder.values(), atom.value) : nil_value));
                break;
            case Completion::refused: REQUIRE(builder.refuse(process)); break;
            case Completion::fail: REQUIRE(builder.fail(process)); break;
            case Completion::unknown: REQUIRE(builder.info(process)); break;
        }
    }
    return std::move(builder).finish();
}

/// Every history of `count` operations out of `menu`, in every overlap; how many there were.
std::size_t check_all(const std::vector<Atom>& menu, std::size_t count) {
    std::vector<std::size_t> events;
    for (std::size_t number = 0; number < count; ++number) events.insert(events.end(), 2, number);
    const std::unique_ptr<Model> model = make_register_model();
    std::size_t checked = 0;
    do {
        // Numbers stand in for operations in invocation order: skip the renamed copies.
        std::size_t next = 0;
        bool canonical = true;
        for (const std::size_t number : events) {
            canonical = canonical && number <= next;
            next = std::max(next, number + 1);
        }
        if (!canonical) continue;
        std::vector<std::size_t> choice(count, 0);
        while (true) {
            std::vector<Atom> atoms;
            for (const std::size_t index : choice) atoms.push_back(menu[index]);
            const std::string wrong = check_both_ways(build(atoms, events), *model, "n");
            ++checked;
            if (!wrong.empty()) FAIL(wrong);
            std::size_t digit = 0;
            while (digit < count && ++choice[digit] == menu.size()) choice[digit++] = 0;
            if (digit == count) break;
        }
    } while (std::next_permutation(events.begin(), events.end()));
    return checked;
}

TEST_CASE("check: agrees with trying everything on all histories of three", "[fast]") {
    const std::vector<Atom> menu{
        {Function::read, Completion::ok, 0, 0},     {Function::read, Completion::ok, 0, 1},
        {Function::read, Completion::ok, 0, 2},     {Function::write, Completion::ok, 0, 1},
        {Function::write, Completion::ok, 0, 2},    {Function::write, Completion::unknown, 0, 1},
        {Function::write, Completion::fail, 0, 2},  {Function::cas, Completion::ok, 1, 2},
        {Function::cas, Completion::refused, 1, 2}, {Function::cas, Completion::unknown, 1, 2},
        {Function::cas, Completion::ok, 2, 1},
    };
    REQUIRE(check_all(menu, 3) == 15 * 11 * 11 * 11);
}

TEST_CASE("check: agrees with trying everything on histories of four", "[fast]") {
    const std::vector<Atom> menu{
        {Function::read, Completion::ok, 0, 1},       {Function::read, Completion::ok, 0, 2},
        {Function::write, Completion::ok, 0, 1},      {Function::write, Completion::ok, 0, 2},
        {Function::write, Completion::unknown, 0, 1},
    };
    REQUIRE(check_all(menu, 4) == 105 * 5 * 5 * 5 * 5);
}

TEST_CASE("check: agrees with trying everything on more histories of four", "[slow]") {
    const std::vector<Atom> menu{
        {Function::read, Completion::ok, 0, 0},     {Function::read, Completion::ok, 0, 1},
        {Function::read, Completion::ok, 0, 2},     {Function::write, Completion::ok, 0, 1},
        {Function::write, Completion::ok, 0, 2},    {Function::write, Completion::unknown, 0, 1},
        {Function::cas, Completion::ok, 1, 2},      {Function::cas, Completion::refused, 1, 2},
        {Function::cas, Completion::unknown, 1, 2},
    };
    REQUIRE(check_all(menu, 4) == 105 * 9 * 9 * 9 * 9);
}

TEST_CASE("check: agrees with trying everything on random registers", "[fast][prop]") {
    const auto model = make_register_model();
    rc::prop("registers with cas",
             [&] { hold_against_oracle({.operations = 8, .processes = 4}, *model, "n"); });
    rc::prop("many unknown outcomes", [&] {
        hold_against_oracle({.operations = 8, .processes = 4, .values = 2, .unknown_percent = 60},
                            *model, "n");
    });
    rc::prop("several keys", [&] {
        hold_against_oracle({.operations = 8, .processes = 4, .keys = 2}, *model, "n");
    });
    rc::prop("unique writes, with lies", [&] {
        hold_against_oracle({.operations = 8,
                             .processes = 4,
                             .values = 1,
                             .cas = false,
                             .unique_writes = true,
                             .lie_percent = 0},
                            *model, "n");
    });
}

TEST_CASE("check: agrees with trying everything on random key-value stores", "[fast][prop]") {
    const auto model = make_kv_model();
    rc::prop("texts that grow", [&] {
        hold_against_oracle({.operations = 8, .processes = 4, .append = true, .lie_percent = 5},
                            *model, "t");
    });
    rc::prop("texts that grow, unknown outcomes", [&] {
        hold_against_oracle({.operations = 8,
                             .processes = 4,
                             .values = 2,
                             .append = true,
                             .unknown_percent = 50,
                             .lie_percent = 5},
                            *model, "t");
    });
    rc::prop("pieces told apart", [&] {
        hold_against_oracle({.operations = 9,
                             .processes = 4,
                             .append = true,
                             .unique_writes = true,
                             .lie_percent = 10},
                            *model, "t");
    });
}

/// Answers one read with the value of another.
void swap_two_reads(History& history, Prng& random) {
    std::vector<std::size_t> reads;
    for (std::size_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        const bool seen = operation.completion == Completion::ok;
        if (operation.function == Function::read && seen) reads.push_back(index);
    }
    if (reads.size() < 2) return;
    // Near each other: a value from far away is too easy to refute.
    const std::size_t place = random.below(reads.size() - 1);
    std::swap(history.operations[reads[place]].result, history.operations[reads[place + 1]].result);
}

TEST_CASE("check: zones and search agree on long histories", "[fast][prop]") {
    const auto model = make_register_model();
    rc::prop("verdict, blocking operation and witness", [&] {
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        Prng random(seed);
        const Shape shape{.operations = 20 + random.below(100),
                          .processes = 2 + random.below(6),
                          .cas = false,
                          .unique_writes = true,
                          .unknown_percent = random.below(20),
                          .lie_percent = 0};
        History history = oracle::RandomHistory(shape, seed).run();
        if (random.below(2) == 0) swap_two_reads(history, random);
        const auto fast = check_linearizability(history, *model);
        const auto searched =
            check_linearizability(history, *model, {.fast_paths = FastPaths::avoid});
        RC_ASSERT(fast->verdict == searched->verdict);
        RC_ASSERT(fast->blocked.has_value() == searched->blocked.has_value());
        if (fast->blocked) {
            const std::uint32_t blocking = fast->blocked->operation;
            RC_ASSERT(blocking == searched->blocked->operation);
            RC_ASSERT(oracle::explains(history, fast->blocked->prefix, "n", nil_value,
                                       history.operations[blocking].completed));
        } else {
            for (const auto& order : fast->witness) {
                RC_ASSERT(oracle::explains(history, order, "n", nil_value));
            }
        }
        RC_CLASSIFY(fast->verdict == Verdict::invalid);
    });
}

}  // namespace
}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/models.h"

#include <catch2/catch.hpp>

#include "tests/check/object_oracle.h"
#include "tests/check/oracle.h"
#include "workloads/check/text_states.h"

namespace geode::check {
namespace {

TEST_CASE("models: a register starts as asked", "[fast]") {
    ValueTable values;
    const ValueId seven = values.integer(7);
    const auto model = make_register_model(Literal{.kind = ValueKind::integer, .integer = 7});
    REQUIRE(model->start(values)->initial() == seven.value());
    REQUIRE(make_register_model()->start(values)->initial() == nil_value.value());
}

TEST_CASE("models: texts are equal exactly when their bytes are", "[fast]") {
    TextStates texts;
    const auto ab = texts.append(texts.append(TextStates::empty_text, "a"), "b");
    REQUIRE(ab == texts.append(TextStates::empty_text, "ab"));
    REQUIRE(texts.text(ab) == "ab");
    const auto abc = texts.append(ab, "c");
    REQUIRE(texts.is_prefix(ab, abc));
    REQUIRE(texts.is_prefix(abc, abc));
    REQUIRE_FALSE(texts.is_prefix(abc, ab));
    REQUIRE_FALSE(texts.is_prefix(texts.append(TextStates::empty_text, "b"), abc));
    REQUIRE(texts.find(ab, "c") == abc);
    REQUIRE_FALSE(texts.find(ab, "d").has_value());
    const std::string nul("\0\xff", 2);
    REQUIRE(texts.text(texts.append(ab, nul)) == "ab" + nul);
}

TEST_CASE("models: appending to what is not a text is not total", "[fast]") {
    ValueTable values;
    const Operation append{.function = Function::append, .argument = values.text("a")};
    const Operation number{.function = Function::write, .argument = values.integer(1)};
    const auto machine = make_kv_model()->start(values);
    machine->observe(append);
    REQUIRE(machine->total(append));
    machine->observe(number);
    REQUIRE_FALSE(machine->total(append));
    REQUIRE(machine->step(machine->step(machine->initial(), number), append) == rejected);
}

/// Whether a machine keeps the promises of models.h on `history`, along random walks.
void keeps_promises(const History& history, const Model& model, Prng& random) {
    const auto plain = model.start(history.values);
    const auto merging = model.start(history.values);
    std::vector<Operation> usable;
    for (const Operation& operation : history.operations) {
        // As in a partition: no failed operations, no reads without an answer.
        const bool unanswered =
            operation.function == Function::read && operation.completion == Completion::unknown;
        if (operation.completion == Completion::fail || unanswered) continue;
        usable.push_back(operation);
        merging->observe(operation);
    }
    StateId exact = plain->initial();
    StateId merged = merging->initial();
    for (int walked = 0; walked < 50 && !usable.empty(); ++walked) {
        for (const Operation& operation : usable) {
            const StateId next = plain->step(exact, operation);
            // A merged state answers as the exact one does.
            REQUIRE((next == rejected) == (merging->step(merged, operation) == rejected));
            if (plain->pure(operation) && next != rejected) REQUIRE(next == exact);
            if (plain->resets(operation)) {
                REQUIRE(next == plain->step(plain->initial(), operation));
            }
            if (plain->total(operation) || merging->total(operation)) REQUIRE(next != rejected);
            if (next != rejected && plain->pure(operation)) {
                REQUIRE(plain->may_lead_to(exact, operation));
                REQUIRE(merging->may_lead_to(merged, operation));
            }
        }
        const Operation& chosen = usable[random.below(usable.size())];
        const StateId next = plain->step(exact, chosen);
        if (next == rejected) continue;
        exact = next;
        merged = merging->step(merged, chosen);
    }
}

TEST_CASE("models: machines keep their promises on random walks", "[fast]") {
    Prng random(17);
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        keeps_promises(oracle::RandomHistory({.operations = 12}, seed).run(),
                       *make_register_model(), random);
        keeps_promises(oracle::RandomHistory({.operations = 12, .append = true}, seed).run(),
                       *make_kv_model(), random);
        for (const std::string_view name :
             {"mutex", "counter", "set", "list", "queue", "stack", "priority-queue"}) {
            keeps_promises(oracle::ObjectHistory({.model = name, .operations = 12}, seed).run(),
                           *oracle::model_named(name), random);
        }
    }
}

}  // namespace
}  // namespace geode::check

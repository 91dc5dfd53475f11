// SPDX-License-Identifier: Apache-2.0

// Every single-object model against trying every order, by search and by the fast checks.

#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "tests/check/object_oracle.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

using oracle::ObjectShape;

void hold_against_oracle(const ObjectShape& shape) {
    constexpr std::uint64_t histories_per_case = 40;
    const auto model = oracle::model_named(shape.model);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    for (std::uint64_t number = 0; number < histories_per_case; ++number) {
        const std::uint64_t one = mix_hash(number, seed);
        ObjectShape drawn = shape;
        drawn.operations = 1 + Prng(one).below(shape.operations);
        drawn.put_percent = 30 + Prng(one).below(50);
        drawn.processes = 1 + Prng(one + 1).below(shape.processes);  // few overlap little
        const History history = oracle::ObjectHistory(drawn, one).run();
        for (const FastPaths fast_paths : {FastPaths::use, FastPaths::avoid}) {
            const auto result = check_linearizability(history, *model, {.fast_paths = fast_paths});
            if (!result) RC_FAIL(result.error().describe());
            const std::string wrong = oracle::disagreement(shape.model, history, *result);
            if (wrong.empty()) continue;
            RC_FAIL(wrong + (fast_paths == FastPaths::use ? " (fast)" : " (search)") + "\n" +
                    to_json_lines(history).value());
        }
    }
}

TEST_CASE("objects: mutex, counter and list agree with trying every order", "[fast][prop]") {
    for (const std::string_view model : {"mutex", "counter", "list"}) {
        rc::prop("all answers", [model] {
            hold_against_oracle({.model = model, .operations = 8, .processes = 4});
        });
    }
    rc::prop("unique appends", [] {
        hold_against_oracle({.model = "list", .operations = 8, .processes = 4, .unique = true});
    });
}

TEST_CASE("objects: sets agree with trying every order", "[fast][prop]") {
    rc::prop("everything", [] { hold_against_oracle({.model = "set", .operations = 8}); });
    rc::prop("no reads of the whole", [] {
        hold_against_oracle(
            {.model = "set", .operations = 8, .unique = true, .whole_reads = false});
    });
    rc::prop("nothing is removed", [] {
        hold_against_oracle({.model = "set", .operations = 8, .unique = true, .removes = false});
    });
}

TEST_CASE("objects: queues agree with trying every order", "[fast][prop]") {
    for (const std::string_view model : {"queue", "stack", "priority-queue"}) {
        rc::prop("values put in again",
                 [model] { hold_against_oracle({.model = model, .operations = 8}); });
        rc::prop("every value once", [model] {
            hold_against_oracle({.model = model, .operations = 9, .processes = 4, .unique = true});
        });
        rc::prop("every value once, all outcomes known", [model] {
            hold_against_oracle({.model = model,
                                 .operations = 9,
                                 .processes = 4,
                                 .unique = true,
                                 .unknown_percent = 0});
        });
    }
}

}  // namespace
}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "sim/data/schedule.h"

using namespace geode;
using namespace geode::sim;

TEST_CASE("schedule: text round trips", "[fast][prop]") {
    rc::prop("any drawn schedule reads back as itself", [](std::uint64_t seed) {
        DrawOptions options;
        options.nodes = *rc::gen::inRange<std::uint32_t>(1, 12);
        options.clients = *rc::gen::inRange<std::uint32_t>(1, 8);
        options.duration = milliseconds(*rc::gen::inRange<std::int64_t>(1, 200'000));
        for (const FaultKindSpec& spec : fault_kinds()) {
            if (*rc::gen::arbitrary<bool>()) options.kinds.insert(spec.kind);
        }
        const Schedule schedule = draw_schedule(Prng(seed), options);
        const Result<Schedule> read = parse_schedule(to_json_text(schedule), "drawn");
        RC_ASSERT(read.has_value());
        RC_ASSERT(*read == schedule);
        RC_ASSERT(parse_fault_kinds(to_string(options.kinds)).value() == options.kinds);
    });
    rc::prop("damaged text gives an error or a valid schedule", [](std::uint64_t seed) {
        DrawOptions options;
        options.duration = seconds(10);
        options.kinds = *parse_fault_kinds("all");
        std::string text = to_json_text(draw_schedule(Prng(seed), options));
        const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size());
        text[at] = *rc::gen::character<char>();
        const Result<Schedule> read = parse_schedule(text, "damaged");
        if (read) RC_ASSERT(validate(*read).has_value());
        if (!read) RC_ASSERT(!read.error().message.empty());
    });
}

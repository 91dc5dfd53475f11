// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/config_cache.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <tuple>

#include "base/prng.h"

namespace geode::check {
namespace {

using Words = std::vector<std::uint64_t>;

TEST_CASE("cache: sets of crashed operations are equal by members", "[fast]") {
    CrashedSets sets;
    const std::uint32_t one_two = sets.with(sets.with(0, 2), 1);
    REQUIRE(one_two == sets.with(sets.with(0, 1), 2));
    REQUIRE(sets.members(one_two).size() == 2);
    REQUIRE(sets.contains(one_two, 0));
    REQUIRE(sets.contains(one_two, sets.with(0, 2)));
    REQUIRE_FALSE(sets.contains(one_two, sets.with(0, 3)));
    REQUIRE_FALSE(sets.contains(sets.with(0, 2), one_two));
}

TEST_CASE("cache: a configuration is dominated by one that can do as much", "[fast]") {
    CrashedSets sets;
    const std::uint32_t one = sets.with(0, 1);
    ConfigCache cache(1);
    const auto add = [&](std::uint32_t crashed, std::uint64_t free) {
        return cache.add({.position = 1, .state = 2, .crashed = crashed}, Words{0}, Words{free},
                         sets) != ConfigCache::dominated;
    };
    REQUIRE(add(one, 0b01));
    REQUIRE_FALSE(add(one, 0b01));
    REQUIRE_FALSE(add(one, 0));
    REQUIRE(add(one, 0b11));  // more is free
    REQUIRE(add(0, 0b10));    // fewer crashed used
    REQUIRE_FALSE(add(sets.with(one, 2), 0b10));
    REQUIRE(add(0, 0b01));
}

TEST_CASE("cache: tells apart what differs anywhere, over many growths", "[fast]") {
    CrashedSets sets;
    ConfigCache cache(2);
    Prng random(3);
    std::set<std::tuple<std::uint32_t, std::uint32_t, Words>> known;
    for (int round = 0; round < 20'000; ++round) {
        const Config config{.position = static_cast<std::uint32_t>(random.below(20)),
                            .state = static_cast<std::uint32_t>(random.below(20)),
                            .crashed = 0};
        const Words window{random.below(20), random.below(20)};
        const bool fresh = known.emplace(config.position, config.state, window).second;
        const std::uint32_t record = cache.add(config, window, Words{0, 0}, sets);
        REQUIRE((record != ConfigCache::dominated) == fresh);
        if (!fresh) continue;
        REQUIRE(cache.config(record).state == config.state);
        REQUIRE(cache.config(record).position == config.position);
        REQUIRE(std::ranges::equal(cache.window(record), window));
    }
}

}  // namespace
}  // namespace geode::check

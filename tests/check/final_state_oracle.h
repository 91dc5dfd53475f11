// SPDX-License-Identifier: Apache-2.0
#pragma once

// What may be left of one object when all is quiet: every order of its changes that keeps real time
// is tried, with every choice of those that may not have happened. And what the properties of final
// states share: random intervals, and lists of violations.

#include <rapidcheck.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "workloads/check/history.h"

namespace geode::check::oracle {

/// A change that leaves `content`.
template <class Content>
struct Change {
    Content content;
    bool sure = false;  ///< it happened
    std::uint64_t invoked = 0;
    std::uint64_t completed = never_completed;
};

/// The contents that may be left, beginning with `before`.
template <class Content>
std::set<Content> contents_left(const std::vector<Change<Content>>& changes, Content before) {
    std::set<Content> left;
    for (std::uint64_t choice = 0; choice < 1ULL << changes.size(); ++choice) {
        std::vector<std::size_t> order;
        bool complete = true;
        for (std::size_t index = 0; index < changes.size(); ++index) {
            const bool chosen = (choice >> index & 1) != 0;
            if (chosen) order.push_back(index);
            if (!chosen && changes[index].sure) complete = false;
        }
        if (!complete) continue;
        do {
            bool keeps = true;
            for (std::size_t at = 0; at < order.size(); ++at) {
                for (std::size_t later = at + 1; later < order.size(); ++later) {
                    const auto& first = changes[order[at]];
                    if (changes[order[later]].completed < first.invoked) keeps = false;
                }
            }
            if (keeps) left.insert(order.empty() ? before : changes[order.back()].content);
        } while (std::ranges::next_permutation(order).found);
    }
    return left;
}

/// Intervals of events that overlap at random.
struct Interval {
    std::uint64_t invoked = 0;
    std::uint64_t completed = 0;
};

inline std::vector<Interval> draw_intervals(Prng& random, std::uint64_t count) {
    std::vector<Interval> out;
    std::vector<std::size_t> running;
    for (std::uint64_t position = 0; out.size() < count || !running.empty(); ++position) {
        const bool begins =
            out.size() < count && (running.empty() || random.below(running.size() + 1) == 0);
        if (begins) {
            running.push_back(out.size());
            out.push_back({position, 0});
            continue;
        }
        const auto which = static_cast<std::ptrdiff_t>(random.below(running.size()));
        out[running[static_cast<std::size_t>(which)]].completed = position;
        running.erase(running.begin() + which);
    }
    return out;
}

inline Completion draw_completion(Prng& random) {
    constexpr Completion kinds[] = {Completion::ok,      Completion::ok,   Completion::ok,
                                    Completion::unknown, Completion::fail, Completion::refused};
    return kinds[random.below(6)];
}

inline constexpr std::uint64_t fast_states = 10;
inline constexpr std::uint64_t slow_states = 300;

using Violations = std::vector<std::pair<std::string, std::string>>;  // anomaly, element

inline std::string joined(const Violations& violations) {
    std::string out;
    for (const auto& [anomaly, element] : violations) {
        out.append(" ").append(anomaly).append(" (").append(element).append(")");
    }
    return out;
}

inline void agree(Violations found, Violations expected) {
    std::ranges::sort(found);
    std::ranges::sort(expected);
    if (found != expected) {
        RC_FAIL("found" + joined(found) + ", but by definition" + joined(expected));
    }
}

/// Holds a property for many seeds.
template <class Property>
void for_seeds(std::uint64_t states, Property property) {
    CHECK(rc::check([&] {
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        for (std::uint64_t number = 0; number < states; ++number) {
            property(mix_hash(number, seed));
        }
    }));
}

}  // namespace geode::check::oracle

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a history goes wrong, for checks that decide any prefix of it. Internal to them.

#include <cstdint>

namespace geode::check {

/// The first event with which the events before and including it no longer fit, given that those
/// before `bad` do not. `fits(limit)` decides the events before `limit`; what fits must still fit
/// with fewer events. O(log n) calls.
template <class Fits>
std::uint32_t first_failing(std::uint32_t bad, Fits fits) {
    std::uint32_t good = 0;
    while (bad - good > 1) {
        const std::uint32_t middle = good + (bad - good) / 2;
        (fits(middle) ? good : bad) = middle;
    }
    return good;
}

}  // namespace geode::check

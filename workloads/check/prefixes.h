// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a history goes wrong, for checks that decide any prefix of it. Internal to them.

#include "workloads/check/partition.h"

namespace geode::check {

/// The first completion event with which the events before and including it no longer fit, given
/// that all of them together do not. `fits(limit)` decides the events before `limit`; what fits
/// must still fit with fewer events. O(log n) calls.
template <class Fits>
std::uint32_t first_failing(const Partition& partition, Fits fits) {
    std::uint32_t good = 0;
    auto bad = static_cast<std::uint32_t>(partition.events.size());
    while (bad - good > 1) {
        const std::uint32_t middle = good + (bad - good) / 2;
        (fits(middle) ? good : bad) = middle;
    }
    GEODE_ASSERT(partition.events[good].completes);
    return good;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the parts of draw_schedule() share: magnitudes, what a crash loses, and the storms that are
// drawn as a whole because their faults only mean something together.

#include "sim/data/schedule.h"

namespace geode::sim {

/// No fault before, so that faults meet a working cluster.
inline constexpr Duration schedule_quiet_start = seconds(1);

/// Schedules are written in microseconds.
constexpr Duration whole_us(Duration time) {
    return microseconds(time.count() / 1'000);
}

/// Between the bounds, small ones as likely as large ones; negative half of the time if allowed.
std::int64_t magnitude(Prng& prng, std::int64_t low, std::int64_t high, bool either_sign);

/// Draws the parameters of a crash, as far as `kinds` allows them.
void draw_crash_details(Prng& prng, const FaultKinds& kinds, Fault& fault);

/// Some seconds in which no leader lasts; nothing in half of the draws, or without crashes.
std::vector<Fault> draw_unsteady_leaders(Prng prng, const DrawOptions& options);

}  // namespace geode::sim

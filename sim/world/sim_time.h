// SPDX-License-Identifier: Apache-2.0
#pragma once

// Virtual time: nanoseconds since the start of a run, the same for every node.
//
// Only the simulator sees it. Nodes see MonoTime and WallTime, which their SimClock derives from
// it and may distort; a type of its own keeps the three from being compared.

#include "base/time.h"

namespace geode::sim {

struct SimClockTag {
    using duration = Duration;
    using rep = Duration::rep;
    using period = Duration::period;
    using time_point = std::chrono::time_point<SimClockTag, Duration>;
    static constexpr bool is_steady = true;
};

using SimTime = SimClockTag::time_point;

/// `time + delay`, or the end of time instead of overflowing. `delay >= 0`.
constexpr SimTime after(SimTime time, Duration delay) {
    return delay > SimTime::max() - time ? SimTime::max() : time + delay;
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clock: one node's idea of time, and its timers.
//
// now() is monotonic but may run at a wrong rate; wall() may also be wrong, jump and go backwards.
// Timers are on now(). In simulation both may be skewed per node, and timers may fire late.

#include <cstdint>

#include "base/time.h"
#include "runtime/fiber.h"

namespace geode {

/// Names a pending timer of one Clock. 0 names none.
using TimerId = std::uint64_t;

class Clock {
public:
    virtual ~Clock() = default;

    /// Never decreases within one life of the node. Not comparable between nodes or restarts.
    virtual MonoTime now() const = 0;

    /// Nanoseconds since 1970 UTC as this node believes. For people and records, never for order.
    virtual WallTime wall() const = 0;

    /// Wakes `token` with WakeReason::timed_out once now() >= `when` (at once if it already is).
    /// `when == never` sets nothing and returns 0.
    virtual TimerId wake_at(MonoTime when, WakeToken token) = 0;

    /// Forgets a timer; a fired, cancelled or zero id is fine.
    virtual void cancel(TimerId timer) = 0;
};

}  // namespace geode

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Time types without a clock: durations and points that only a World can produce.
//
// MonoTime counts from an arbitrary origin of one node's monotonic clock; it is never compared
// between nodes. WallTime is nanoseconds since 1970-01-01 UTC as the node believes it, and may be
// wrong. Neither tag has a now(): that is what makes node logic deterministic.

#include <chrono>
#include <cstdint>

namespace geode {

using Duration = std::chrono::duration<std::int64_t, std::nano>;

struct MonoClockTag {
    using duration = Duration;
    using rep = Duration::rep;
    using period = Duration::period;
    using time_point = std::chrono::time_point<MonoClockTag, Duration>;
    static constexpr bool is_steady = true;
};
struct WallClockTag {
    using duration = Duration;
    using rep = Duration::rep;
    using period = Duration::period;
    using time_point = std::chrono::time_point<WallClockTag, Duration>;
    static constexpr bool is_steady = false;
};
using MonoTime = MonoClockTag::time_point;
using WallTime = WallClockTag::time_point;

/// A deadline that never comes. Use it only with a written reason.
inline constexpr MonoTime never = MonoTime::max();

constexpr Duration nanoseconds(std::int64_t n) {
    return Duration(n);
}
constexpr Duration microseconds(std::int64_t n) {
    return Duration(n * 1'000);
}
constexpr Duration milliseconds(std::int64_t n) {
    return Duration(n * 1'000'000);
}
constexpr Duration seconds(std::int64_t n) {
    return Duration(n * 1'000'000'000);
}

/// `time + duration`, or `never` instead of overflowing. `duration >= 0`.
constexpr MonoTime saturating_add(MonoTime time, Duration duration) {
    return duration > never - time ? never : time + duration;
}

}  // namespace geode

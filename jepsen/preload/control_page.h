// SPDX-License-Identifier: Apache-2.0
#pragma once

// ControlPage: the memory through which the harness tells a real node's clock and disk to
// misbehave.
//
// One file per node, mapped by the harness and by the library that is preloaded into geode-node
// (preload.cc). The page outlives the process, so a restarted node finds the same faults. The
// harness writes settings, the library counts what it really did. Every field is an atomic of its
// own; those that belong together are read under the sequence number: odd while being written.
//
// The pure functions below are all the arithmetic, for both sides and for tests. Times are
// nanoseconds of the real clocks. A clock that has run fast stays ahead when the fault ends: a
// monotonic clock must not go back.

#include <atomic>
#include <cstdint>

namespace geode::jepsen {

/// A clock's relation to the real one.
struct ClockSettings {
    std::int64_t rate_millionths = 1'000'000;
    std::int64_t since_ns = 0;        ///< monotonic time from which the rate holds
    std::int64_t ahead_ns = 0;        ///< of the real clock, at that time
    std::int64_t wall_offset_ns = 0;  ///< on top, of the wall clock
    std::int64_t wall_frozen_ns = 0;  ///< what it shows while it stands still; 0: it runs
};

/// How far ahead of the real clock the node's clocks are at monotonic time `now_ns`.
constexpr std::int64_t clock_ahead(const ClockSettings& settings, std::int64_t now_ns) {
    const std::int64_t elapsed = now_ns - settings.since_ns;
    const std::int64_t extra = settings.rate_millionths - 1'000'000;
    // In two steps: a day in nanoseconds times a million does not fit.
    return settings.ahead_ns + elapsed / 1'000'000 * extra +
           elapsed % 1'000'000 * extra / 1'000'000;
}

/// What the node's monotonic clock shows when the real one shows `now_ns`.
constexpr std::int64_t seen_monotonic(const ClockSettings& settings, std::int64_t now_ns) {
    return now_ns + clock_ahead(settings, now_ns);
}

/// What its wall clock shows when the real ones show `wall_ns` and `now_ns`.
constexpr std::int64_t seen_wall(const ClockSettings& settings, std::int64_t wall_ns,
                                 std::int64_t now_ns) {
    if (settings.wall_frozen_ns != 0) return settings.wall_frozen_ns;
    return wall_ns + clock_ahead(settings, now_ns) + settings.wall_offset_ns;
}

/// The settings that run on from `now_ns` at another rate without a jump.
constexpr ClockSettings with_rate(ClockSettings settings, std::int64_t rate_millionths,
                                  std::int64_t now_ns) {
    settings.ahead_ns = clock_ahead(settings, now_ns);
    settings.since_ns = now_ns;
    settings.rate_millionths = rate_millionths;
    return settings;
}

struct ControlPage {
    static constexpr std::uint64_t magic_value = 0x67656f64'65667031;  // "geodefp1"
    std::atomic<std::uint64_t> magic;

    // Settings of the clocks, under `sequence`.
    std::atomic<std::uint32_t> sequence;
    std::atomic<std::int64_t> rate_millionths;
    std::atomic<std::int64_t> since_ns;
    std::atomic<std::int64_t> ahead_ns;
    std::atomic<std::int64_t> wall_offset_ns;
    std::atomic<std::int64_t> wall_frozen_ns;

    // Settings that stand alone.
    std::atomic<std::int64_t> timer_late_mean_ns;  ///< 0: timers are on time
    std::atomic<std::int64_t> disk_factor;         ///< 1: as fast as it is
    std::atomic<std::int64_t> disk_stalled;        ///< not 0: disk calls wait
    std::atomic<std::int64_t> die_after_disk_ops;  ///< n above 0: the n-th disk call is the last

    // What was done.
    std::atomic<std::uint64_t> wall_reads_wrong;
    std::atomic<std::uint64_t> monotonic_reads_wrong;
    std::atomic<std::uint64_t> timers_late;
    std::atomic<std::uint64_t> disk_calls_slowed;
    std::atomic<std::uint64_t> disk_calls_stalled;
    std::atomic<std::uint64_t> disk_deaths;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

/// A consistent set of the clocks' settings.
inline ClockSettings read_clock(const ControlPage& page) {
    while (true) {
        const std::uint32_t before = page.sequence.load(std::memory_order_acquire);
        ClockSettings settings;
        settings.rate_millionths = page.rate_millionths.load(std::memory_order_relaxed);
        settings.since_ns = page.since_ns.load(std::memory_order_relaxed);
        settings.ahead_ns = page.ahead_ns.load(std::memory_order_relaxed);
        settings.wall_offset_ns = page.wall_offset_ns.load(std::memory_order_relaxed);
        settings.wall_frozen_ns = page.wall_frozen_ns.load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before % 2 == 0 && page.sequence.load(std::memory_order_relaxed) == before) {
            return settings;
        }
    }
}

/// One writer only.
inline void write_clock(ControlPage& page, const ClockSettings& settings) {
    page.sequence.fetch_add(1, std::memory_order_acq_rel);
    page.rate_millionths.store(settings.rate_millionths, std::memory_order_relaxed);
    page.since_ns.store(settings.since_ns, std::memory_order_relaxed);
    page.ahead_ns.store(settings.ahead_ns, std::memory_order_relaxed);
    page.wall_offset_ns.store(settings.wall_offset_ns, std::memory_order_relaxed);
    page.wall_frozen_ns.store(settings.wall_frozen_ns, std::memory_order_relaxed);
    page.sequence.fetch_add(1, std::memory_order_release);
}

}  // namespace geode::jepsen

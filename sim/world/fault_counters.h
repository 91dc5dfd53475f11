// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every fault proves its effect: per family, how often it was injected and how often it was seen.
//
// `injected` counts the times a fault was switched on. `observed` counts what it then did to
// somebody: deliveries held, connections reset, reads skewed, bytes lost. A family that is injected
// all through a sweep and never observed is a fault that looks on and is off, which is how four
// published simulators lost theirs; the sweep fails on it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"

namespace geode::sim {

/// The unit of `observed` is given with each family.
enum class FaultFamily : std::uint8_t {
    crash,              ///< lives ended
    pause,              ///< wakes held back
    partition,          ///< deliveries, resets and connection attempts held
    one_way_partition,  ///< as partition
    clog,               ///< as partition
    flap,               ///< as partition
    reset,              ///< connections reset
    refuse,             ///< connection attempts refused
    hang,               ///< connection attempts left unanswered
    delay,              ///< writes that travelled longer
    slow_link,          ///< writes that waited for bandwidth
    short_io,           ///< reads cut short and writes split
    bit_flip,           ///< bits flipped
    clock_offset,       ///< wall() reads with an offset
    clock_drift,        ///< now() reads that differ by the drift
    clock_step,         ///< wall() reads after a step
    clock_freeze,       ///< wall() reads of a frozen clock
    clock_rate,         ///< now() reads at a wrong rate
    timer_late,         ///< timers fired late
    disk_latency,       ///< disk operations slowed
    disk_stall,         ///< disk operations that waited for a stall to end
    torn_write,         ///< writes torn at a sector boundary
    lost_unsynced,      ///< unsynced bytes lost
    lost_names,         ///< unsynced name changes lost
    disk_full,          ///< writes refused
    disk_death,         ///< operations refused by a disk that died under its node
    read_error,         ///< reads failed
    sync_failure,       ///< syncs failed
    chaos_site,         ///< code-site faults fired
    packet_loss,        ///< writes that came late, as a lost packet is sent again
};
inline constexpr std::size_t fault_family_count =
    static_cast<std::size_t>(FaultFamily::packet_loss) + 1;

/// The enumerator's name.
std::string_view to_string(FaultFamily family);

struct FaultCount {
    std::uint64_t injected = 0;
    std::uint64_t observed = 0;
    friend bool operator==(const FaultCount&, const FaultCount&) = default;
};

class FaultCounters {
public:
    void injected(FaultFamily family, std::uint64_t count = 1) { at(family).injected += count; }
    void observed(FaultFamily family, std::uint64_t count = 1) { at(family).observed += count; }
    const FaultCount& operator[](FaultFamily family) const {
        return counts_[static_cast<std::size_t>(family)];
    }
    friend bool operator==(const FaultCounters&, const FaultCounters&) = default;

private:
    FaultCount& at(FaultFamily family) {
        GEODE_ASSERT(static_cast<std::size_t>(family) < fault_family_count);
        return counts_[static_cast<std::size_t>(family)];
    }
    std::array<FaultCount, fault_family_count> counts_{};
};

}  // namespace geode::sim

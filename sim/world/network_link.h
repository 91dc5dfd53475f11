// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one direction between two hosts does to bytes: latency, bandwidth, and what blocks it.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/prng.h"
#include "sim/world/fault_counters.h"
#include "sim/world/sim_time.h"

namespace geode::sim {

/// One-way latency: `base` plus an exponential of mean `jitter`.
struct LatencyProfile {
    Duration base{0};
    Duration jitter{0};

    /// One room: 0.3 ms + exp(0.5 ms).
    static constexpr LatencyProfile lan() { return {microseconds(300), microseconds(500)}; }
    /// Far away: 25, 50, 100 and 150 ms are the usual distances; a fiftieth of it as jitter.
    static constexpr LatencyProfile wan(Duration one_way) { return {one_way, one_way / 50}; }
    /// A host to itself.
    static constexpr LatencyProfile loopback() { return {microseconds(20), microseconds(5)}; }
};

/// One direction between two hosts. Blocks of several families add up; all must go.
struct NetworkLink {
    static constexpr std::array<FaultFamily, 4> block_families = {
        FaultFamily::partition, FaultFamily::one_way_partition, FaultFamily::clog,
        FaultFamily::flap};

    LatencyProfile profile = LatencyProfile::lan();
    Duration extra_delay{0};
    std::int64_t bytes_per_second = 0;  ///< 0: without limit
    SimTime busy_until;                 ///< of a link with limited bandwidth
    std::uint32_t flip_one_in = 0;      ///< writes; 0: none
    std::uint32_t loss_percent = 0;     ///< of writes that come late; 0: none
    std::array<std::uint16_t, block_families.size()> blocks{};

    static std::size_t block_index(FaultFamily family) {
        const auto* found = std::find(block_families.begin(), block_families.end(), family);
        GEODE_ASSERT_MSG(found != block_families.end(), "not a family that blocks links");
        return static_cast<std::size_t>(found - block_families.begin());
    }
    /// The family that blocks it, if any: the first in the order above.
    std::optional<FaultFamily> blocked_by() const {
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if (blocks[i] > 0) return block_families[i];
        }
        return std::nullopt;
    }
};

}  // namespace geode::sim

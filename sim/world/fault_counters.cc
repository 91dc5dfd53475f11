// SPDX-License-Identifier: Apache-2.0
#include "sim/world/fault_counters.h"

namespace geode::sim {
namespace {

constexpr std::array<std::string_view, fault_family_count> names = {
    "crash",        "pause",        "partition",     "one_way_partition",
    "clog",         "flap",         "reset",         "refuse",
    "hang",         "delay",        "slow_link",     "short_io",
    "bit_flip",     "clock_offset", "clock_drift",   "clock_step",
    "clock_freeze", "clock_rate",   "timer_late",    "disk_latency",
    "disk_stall",   "torn_write",   "lost_unsynced", "lost_names",
    "disk_full",    "disk_death",   "read_error",    "sync_failure",
    "chaos_site",   "packet_loss",
};
static_assert(!names.back().empty(), "a family without a name");

}  // namespace

std::string_view to_string(FaultFamily family) {
    GEODE_ASSERT(static_cast<std::size_t>(family) < fault_family_count);
    return names[static_cast<std::size_t>(family)];
}

}  // namespace geode::sim

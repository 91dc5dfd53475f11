// SPDX-License-Identifier: Apache-2.0
#pragma once

// Knobs: everything tunable of a run, drawn from the stream "protocol" (swarm testing).
//
// Odd settings reach states that sensible ones hide: small segments and compaction thresholds make
// snapshots frequent, a window of one makes pipelining stop and go. All values stay where the
// cluster must still work; what is drawn never excuses a failure. Timeouts fit the latency of the
// drawn network, since no protocol elects a leader faster than its messages travel.

#include <cstdint>
#include <string_view>

#include "base/prng.h"
#include "base/time.h"

namespace geode::sim {

enum class NetworkKind : std::uint8_t { lan, wan };

struct Knobs {
    NetworkKind network = NetworkKind::lan;
    Duration wan_one_way{0};  ///< mean one-way latency of a WAN

    Duration election_timeout_min = milliseconds(150);
    Duration election_timeout_max = milliseconds(300);
    Duration heartbeat_interval = milliseconds(50);
    std::uint32_t inflight_messages_max = 64;
    std::uint32_t append_entries_max = 256;
    std::uint64_t append_bytes_max = 1 << 20;
    std::uint64_t log_segment_bytes = 1 << 20;
    std::uint64_t log_backlog_bytes_max = 64 << 20;
    std::uint64_t compact_bytes = 4 << 20;
    std::uint64_t compact_entries = 10'000;
    std::uint64_t compact_keep_entries = 1'000;
    std::uint64_t state_write_buffer_bytes = 1 << 20;
    std::uint64_t snapshot_chunk_bytes = 64 << 10;
    std::uint32_t sessions_max = 10'000;
    std::uint32_t requests_max = 4096;

    Duration client_attempt_timeout = milliseconds(500);
    Duration operation_deadline = seconds(3);
    Duration think_time_mean = milliseconds(200);
    std::uint32_t register_keys = 4;
    std::uint32_t graph_vertices = 12;
    std::uint32_t append_keys = 3;       ///< lists in use at a time
    std::uint32_t appends_per_key = 16;  ///< then a list retires
    std::uint32_t bank_accounts = 5;
};

/// What a run has when it draws nothing: sensible settings on a LAN.
Knobs default_knobs();
/// A third of the runs has the defaults, the others draw each knob by itself.
Knobs draw_knobs(const Prng& protocol);
/// 3 to 7, from a stream of its own.
std::uint32_t draw_nodes(const Prng& protocol);

}  // namespace geode::sim

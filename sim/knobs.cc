// SPDX-License-Identifier: Apache-2.0
#include "sim/knobs.h"

#include <array>

#include "base/assert.h"

namespace geode::sim {
namespace {

template <class T, std::size_t n>
T pick(Prng& prng, const std::array<T, n>& choices) {
    return choices[prng.below(n)];
}

void draw_timeouts(Prng prng, Knobs& knobs) {
    knobs.network = prng.chance(1, 5) ? NetworkKind::wan : NetworkKind::lan;
    std::int64_t scale = 1;
    if (knobs.network == NetworkKind::wan) {
        constexpr std::array<std::int64_t, 4> one_way_ms = {25, 50, 100, 150};
        const std::int64_t one_way = pick(prng, one_way_ms);
        knobs.wan_one_way = milliseconds(one_way);
        scale = 1 + one_way / 20;
    }
    // 50/150-300 and 100/300-600 are the two profiles of the requirements; slow ones stress
    // clients instead.
    constexpr std::array<std::int64_t, 4> bases_ms = {150, 150, 300, 600};
    const std::int64_t base = pick(prng, bases_ms) * scale;
    knobs.election_timeout_min = milliseconds(base);
    knobs.election_timeout_max = milliseconds(prng.chance(1, 4) ? base * 3 / 2 : base * 2);
    knobs.heartbeat_interval = milliseconds(base / 3);
}

void draw_client(Prng prng, Knobs& knobs) {
    const Duration round_trips = 8 * knobs.wan_one_way;
    knobs.client_attempt_timeout =
        round_trips + milliseconds(prng.between(std::int64_t{100}, std::int64_t{1000}));
    knobs.operation_deadline =
        round_trips + milliseconds(prng.between(std::int64_t{500}, std::int64_t{5000}));
    knobs.think_time_mean = milliseconds(prng.between(std::int64_t{80}, std::int64_t{400}));
    knobs.register_keys = static_cast<std::uint32_t>(1 + prng.below(6));
    knobs.graph_vertices = static_cast<std::uint32_t>(3 + prng.below(20));
}

void draw_transactions(Prng prng, Knobs& knobs) {
    knobs.append_keys = static_cast<std::uint32_t>(1 + prng.below(5));
    constexpr std::array<std::uint32_t, 4> lengths = {4, 8, 16, 32};
    knobs.appends_per_key = pick(prng, lengths);
    knobs.bank_accounts = static_cast<std::uint32_t>(2 + prng.below(5));
}

}  // namespace

Knobs default_knobs() {
    return Knobs{};
}

Knobs draw_knobs(const Prng& protocol) {
    Knobs knobs;
    Prng prng = protocol.split("knobs");
    const bool sensible = prng.chance(1, 3);
    if (!sensible) draw_timeouts(protocol.split("timeouts"), knobs);
    draw_client(protocol.split("client"), knobs);
    draw_transactions(protocol.split("transactions"), knobs);
    if (sensible) return knobs;
    constexpr std::array<std::uint32_t, 4> windows = {1, 2, 8, 64};
    knobs.inflight_messages_max = pick(prng, windows);
    constexpr std::array<std::uint32_t, 5> batches = {1, 1, 3, 16, 256};
    knobs.append_entries_max = pick(prng, batches);
    constexpr std::array<std::uint64_t, 3> bytes = {4 << 10, 64 << 10, 1 << 20};
    knobs.append_bytes_max = pick(prng, bytes);
    constexpr std::array<std::uint64_t, 4> segments = {4 << 10, 16 << 10, 128 << 10, 1 << 20};
    knobs.log_segment_bytes = pick(prng, segments);
    constexpr std::array<std::uint64_t, 4> entries = {20, 100, 500, 10'000};
    knobs.compact_entries = pick(prng, entries);
    constexpr std::array<std::uint64_t, 3> kept = {0, 10, 100};
    knobs.compact_keep_entries = pick(prng, kept);
    constexpr std::array<std::uint64_t, 3> buffers = {64 << 10, 256 << 10, 1 << 20};
    knobs.state_write_buffer_bytes = pick(prng, buffers);
    // A few chunks travel per round trip: tiny ones would take minutes over a WAN.
    constexpr std::array<std::uint64_t, 3> chunks = {512, 4 << 10, 64 << 10};
    knobs.snapshot_chunk_bytes = pick(prng, chunks);
    if (knobs.network == NetworkKind::wan) knobs.snapshot_chunk_bytes = 64 << 10;
    constexpr std::array<std::uint32_t, 4> sessions = {4, 8, 100, 10'000};
    knobs.sessions_max = pick(prng, sessions);
    constexpr std::array<std::uint32_t, 3> requests = {4, 64, 4096};
    knobs.requests_max = pick(prng, requests);
    // Windows much larger than what a disk may have waiting lose most of what they send.
    constexpr std::array<std::uint64_t, 3> backlog_appends = {16, 64, 1024};
    knobs.log_backlog_bytes_max = pick(prng, backlog_appends) * knobs.append_bytes_max;
    GEODE_ASSERT(knobs.heartbeat_interval < knobs.election_timeout_min);
    return knobs;
}

std::uint32_t draw_nodes(const Prng& protocol) {
    return static_cast<std::uint32_t>(3 + protocol.split("nodes").below(5));
}

}  // namespace geode::sim

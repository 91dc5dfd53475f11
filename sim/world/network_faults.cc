// SPDX-License-Identifier: Apache-2.0
// The fault half of NetworkFabric: what the schedule executor calls.
#include <algorithm>

#include "sim/world/network_fabric.h"

namespace geode::sim {

void NetworkFabric::note(NodeId node, std::string_view what, std::uint64_t value) {
    engine_.note(EventKind::fault, node, what, digest(what), value);
}

// ---- blocking ----

void NetworkFabric::block(std::uint32_t from, std::uint32_t to, FaultFamily family) {
    GEODE_ASSERT_MSG(from != to, "a host always reaches itself");
    ++link(from, to).blocks[NetworkLink::block_index(family)];
}

void NetworkFabric::unblock(std::uint32_t from, std::uint32_t to, FaultFamily family) {
    std::uint16_t& blocks = link(from, to).blocks[NetworkLink::block_index(family)];
    GEODE_ASSERT_MSG(blocks > 0, "freed more often than blocked");
    --blocks;
    if (!link(from, to).blocked_by()) freed(from, to);
}

void NetworkFabric::freed(std::uint32_t from, std::uint32_t to) {
    for (const auto& [number, stream] : streams_) stream->unblocked(from, to);
}

std::uint32_t NetworkFabric::start_partition(const std::vector<std::vector<NodeId>>& groups) {
    const std::uint32_t name = next_partition_++;
    std::vector<LinkKey>& cut = partitions_[name];
    for (const auto& group : groups) {
        for (const auto& other : groups) {
            if (&group == &other) continue;
            for (const NodeId from : group) {
                for (const NodeId to : other) cut.emplace_back(host_of(from), host_of(to));
            }
        }
    }
    for (const auto& [from, to] : cut) {
        note(hosts_[from].node, "partition", hosts_[to].node.value());
        block(from, to, FaultFamily::partition);
    }
    if (!cut.empty()) engine_.faults().injected(FaultFamily::partition);
    return name;
}

void NetworkFabric::stop_partition(std::uint32_t partition) {
    const auto found = partitions_.extract(partition);
    if (found.empty()) return;  // heal() was first
    note(NodeId{}, "partition_end", partition);
    for (const auto& [from, to] : found.mapped()) unblock(from, to, FaultFamily::partition);
}

void NetworkFabric::start_block(NodeId from, NodeId to, FaultFamily family) {
    GEODE_ASSERT(family == FaultFamily::one_way_partition || family == FaultFamily::clog);
    note(from, to_string(family), to.value());
    engine_.faults().injected(family);
    block(host_of(from), host_of(to), family);
}

void NetworkFabric::stop_block(NodeId from, NodeId to, FaultFamily family) {
    GEODE_ASSERT(family == FaultFamily::one_way_partition || family == FaultFamily::clog);
    note(from, "block_end", to.value());
    if (link_between(from, to).blocks[NetworkLink::block_index(family)] == 0) return;  // healed
    unblock(host_of(from), host_of(to), family);
}

void NetworkFabric::start_flap(NodeId from, NodeId to, Duration period) {
    GEODE_ASSERT(period.count() > 0);
    note(from, "flap", to.value());
    engine_.faults().injected(FaultFamily::flap);
    const LinkKey key{host_of(from), host_of(to)};
    if (flaps_.contains(key)) return;
    Flap& flap = flaps_[key];
    flap.period = period;
    toggle(key, flap);
}

void NetworkFabric::toggle(LinkKey key, Flap& flap) {
    flap.down = !flap.down;
    if (flap.down) {
        block(key.first, key.second, FaultFamily::flap);
    } else {
        unblock(key.first, key.second, FaultFamily::flap);
    }
    flap.event = engine_.schedule_in(
        flap.period, *this,
        Event{EventKind::flapping, hosts_[key.first].node, key.first, key.second});
}

void NetworkFabric::stop_flap(NodeId from, NodeId to) {
    note(from, "flap_end", to.value());
    const LinkKey key{host_of(from), host_of(to)};
    const auto found = flaps_.extract(key);
    if (found.empty()) return;
    engine_.cancel(found.mapped().event);
    if (found.mapped().down) unblock(key.first, key.second, FaultFamily::flap);
}

// ---- slowing and damaging ----

void NetworkFabric::set_extra_delay(NodeId from, NodeId to, Duration delay) {
    GEODE_ASSERT(delay.count() >= 0);
    note(from, "delay", static_cast<std::uint64_t>(delay.count()));
    if (delay.count() > 0) engine_.faults().injected(FaultFamily::delay);
    link_between(from, to).extra_delay = delay;
}

void NetworkFabric::set_packet_loss(NodeId from, NodeId to, std::uint32_t percent) {
    GEODE_ASSERT(percent <= 100);
    note(from, "packet_loss", percent);
    if (percent > 0) engine_.faults().injected(FaultFamily::packet_loss);
    link_between(from, to).loss_percent = percent;
}

void NetworkFabric::set_bandwidth(NodeId from, NodeId to, std::int64_t bytes_per_second) {
    GEODE_ASSERT(bytes_per_second >= 0);
    note(from, "slow_link", static_cast<std::uint64_t>(bytes_per_second));
    if (bytes_per_second > 0) engine_.faults().injected(FaultFamily::slow_link);
    NetworkLink& path = link_between(from, to);
    path.bytes_per_second = bytes_per_second;
    path.busy_until = engine_.now();
}

void NetworkFabric::set_bit_flips(NodeId from, NodeId to, std::uint32_t one_in) {
    note(from, "bit_flip", one_in);
    if (one_in > 0) engine_.faults().injected(FaultFamily::bit_flip);
    link_between(from, to).flip_one_in = one_in;
}

// ---- hosts ----

void NetworkFabric::reset_connections(NodeId one, NodeId other) {
    note(one, "reset", other.value());
    engine_.faults().injected(FaultFamily::reset);
    const std::uint32_t first = host_of(one);
    const std::uint32_t second = host_of(other);
    for (const auto& [number, stream] : streams_) {
        const std::uint32_t from = stream->at(0).host;
        const std::uint32_t to = stream->at(1).host;
        if ((from == first && to == second) || (from == second && to == first)) stream->reset();
    }
}

void NetworkFabric::set_refuse(NodeId node, bool on) {
    note(node, "refuse", on ? 1 : 0);
    if (on) engine_.faults().injected(FaultFamily::refuse);
    hosts_[host_of(node)].refuse = on;
}

void NetworkFabric::set_hang(NodeId node, bool on) {
    note(node, "hang", on ? 1 : 0);
    if (on) engine_.faults().injected(FaultFamily::hang);
    hosts_[host_of(node)].hang = on;
}

void NetworkFabric::set_short_io(NodeId node, bool on) {
    note(node, "short_io", on ? 1 : 0);
    if (on) engine_.faults().injected(FaultFamily::short_io);
    hosts_[host_of(node)].short_io = on;
}

void NetworkFabric::heal() {
    note(NodeId{}, "network_heal", 0);
    for (const auto& [key, flap] : flaps_) engine_.cancel(flap.event);
    flaps_.clear();
    partitions_.clear();
    for (Host& host : hosts_) host.refuse = host.hang = host.short_io = false;
    for (std::uint32_t from = 0; from < hosts_.size(); ++from) {
        for (std::uint32_t to = 0; to < hosts_.size(); ++to) {
            NetworkLink& path = link(from, to);
            path.extra_delay = Duration(0);
            path.bytes_per_second = 0;
            path.flip_one_in = 0;
            path.loss_percent = 0;
            const bool blocked = path.blocked_by().has_value();
            path.blocks.fill(0);
            if (blocked) freed(from, to);
        }
    }
}

}  // namespace geode::sim

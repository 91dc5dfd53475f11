// SPDX-License-Identifier: Apache-2.0
#include "jepsen/active_faults.h"

#include <algorithm>

namespace geode::jepsen {
namespace {

using sim::Fault;
using sim::FaultKind;
using sim::leader_target;

std::string node_name(std::uint32_t node) {
    return "n" + std::to_string(node);
}

/// A host's own name, or "" for a leader where nothing runs.
std::string resolve_host(const std::string& host, const ClusterView& view) {
    if (host != leader_target) return host;
    if (view.leader) return node_name(*view.leader);
    return view.running.empty() ? std::string() : node_name(*view.running.begin());
}

void resolve_nodes(const Fault& fault, const ClusterView& view, ActiveFault& active) {
    for (const std::string& name : fault.nodes) {
        const std::string host = resolve_host(name, view);
        if (host.empty()) continue;
        const auto node = static_cast<std::uint32_t>(std::stoul(host.substr(1)));
        if (!std::ranges::count(active.nodes, node)) active.nodes.push_back(node);
    }
}

void resolve_groups(const Fault& fault, const ClusterView& view, ActiveFault& active) {
    const std::string leader = resolve_host(std::string(leader_target), view);
    const bool names_leader = std::ranges::any_of(fault.groups, [](const auto& group) {
        return std::ranges::count(group, leader_target) > 0;
    });
    std::vector<std::vector<std::string>> groups;
    for (const auto& group : fault.groups) {
        std::vector<std::string> hosts;
        for (const std::string& name : group) {
            const std::string host = resolve_host(name, view);
            if (host.empty()) continue;
            if (names_leader && host == leader && name != leader_target) continue;
            hosts.push_back(host);
        }
        groups.push_back(std::move(hosts));
    }
    for (const auto& group : groups) {
        for (const auto& other : groups) {
            if (&group == &other) continue;
            for (const std::string& from : group) {
                for (const std::string& to : other) active.links.push_back({from, to});
            }
        }
    }
}

void add_shape(const Fault& fault, LinkShape& shape) {
    const auto raise = [&](std::int64_t& percent) {
        percent = std::max(percent, fault.parameter("percent"));
    };
    switch (fault.kind) {
        case FaultKind::slow_link: {
            const std::int64_t bytes_per_s = fault.parameter("bytes_per_s");
            const bool slower = shape.bytes_per_s == 0 || bytes_per_s < shape.bytes_per_s;
            if (slower) shape.bytes_per_s = bytes_per_s;
            break;
        }
        case FaultKind::packet_duplicate: raise(shape.duplicate_percent); break;
        case FaultKind::packet_reorder: raise(shape.reorder_percent); break;
        default: shape.delay_us += fault.parameter("extra_us"); break;
    }
}

void add_links(const ActiveFault& active, NetworkState& network) {
    const Fault& fault = *active.fault;
    for (const sim::Link& link : active.links) {
        switch (fault.kind) {
            case FaultKind::packet_loss: {
                std::int64_t& percent = network.losses[link];
                percent = std::max(percent, fault.parameter("percent"));
                break;
            }
            case FaultKind::slow_link:
            case FaultKind::packet_duplicate:
            case FaultKind::packet_reorder:
            case FaultKind::delay: add_shape(fault, network.shapes[link]); break;
            case FaultKind::bit_flip: {
                const std::int64_t one_in = fault.parameter("one_in");
                const auto [at, is_new] = network.flips.emplace(link, one_in);
                if (!is_new) at->second = std::min(at->second, one_in);
                break;
            }
            default:
                if (active.down) network.blocked[fault.kind].insert(link);
                break;
        }
    }
}

/// False if the kind has nothing to do with clocks and disks.
bool add_controls(const Fault& fault, NodeControls& controls) {
    switch (fault.kind) {
        case FaultKind::clock_offset:
            controls.wall_offset_us += fault.parameter("offset_us");
            return true;
        case FaultKind::clock_freeze: controls.wall_frozen = true; return true;
        case FaultKind::clock_drift:
            controls.rate_millionths += fault.parameter("ppm");
            return true;
        case FaultKind::clock_rate:
            controls.rate_millionths += (fault.parameter("percent") - 100) * 10'000;
            return true;
        case FaultKind::timer_late:
            controls.timer_late_mean_us += fault.parameter("mean_us");
            return true;
        case FaultKind::disk_latency:
            controls.disk_factor = std::max(controls.disk_factor, fault.parameter("factor"));
            return true;
        case FaultKind::disk_stall: controls.disk_stalled = true; return true;
        default: return false;
    }
}

void add_nodes(const ActiveFault& active, LabState& state) {
    for (const std::uint32_t node : active.nodes) {
        switch (active.fault->kind) {
            case FaultKind::pause: state.paused.insert(node); break;
            case FaultKind::disk_full: state.full.insert(node); break;
            case FaultKind::refuse: state.network.refusing.insert(node); break;
            case FaultKind::hang: state.network.hung.insert(node); break;
            default: {
                NodeControls controls;
                const auto found = state.controls.find(node);
                if (found != state.controls.end()) controls = found->second;
                if (add_controls(*active.fault, controls)) state.controls[node] = controls;
                break;
            }
        }
    }
}

}  // namespace

ActiveFault resolve(const Fault& fault, const ClusterView& view) {
    ActiveFault active;
    active.fault = &fault;
    resolve_nodes(fault, view, active);
    resolve_groups(fault, view, active);
    for (const sim::Link& link : fault.links) {
        const sim::Link resolved{resolve_host(link.from, view), resolve_host(link.to, view)};
        const bool real = !resolved.from.empty() && !resolved.to.empty();
        // The leader to itself is no link, and clients never talk to each other.
        if (real && resolved.from != resolved.to && addresses_of(resolved)) {
            active.links.push_back(resolved);
        }
    }
    return active;
}

LabState state_of(const ActiveFaults& active) {
    LabState state;
    for (const auto& [index, fault] : active) {
        add_links(fault, state.network);
        add_nodes(fault, state);
    }
    for (auto& [node, controls] : state.controls) {
        // However many faults speed a clock up or down, it neither stands still nor runs backwards.
        controls.rate_millionths =
            std::clamp<std::int64_t>(controls.rate_millionths, 100'000, 10'000'000);
    }
    return state;
}

}  // namespace geode::jepsen

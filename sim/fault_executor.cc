// SPDX-License-Identifier: Apache-2.0
#include "sim/fault_executor.h"

#include <algorithm>

#include "base/probe.h"
#include "sim/data/power_loss.h"

namespace geode::sim {
namespace {

/// A process that met a full disk has given up, or is about to: whoever makes room restarts it. One
/// that is down is another fault's to start.
void restart(SimNode& machine) {
    if (!machine.running()) return;
    machine.crash(CrashKind::process);
    machine.boot();
}

}  // namespace

FaultExecutor::FaultExecutor(Cluster& cluster, const Schedule& schedule)
    : cluster_(cluster), schedule_(schedule), active_(schedule.faults.size()) {
    cluster_.on_election([this] { elected(); });
}

FaultExecutor::~FaultExecutor() {
    cluster_.on_election({});
}

// ---- when ----

void FaultExecutor::arm() {
    Simulation& simulation = cluster_.simulation();
    const SimTime begin = simulation.now();
    for (std::size_t i = 0; i < schedule_.faults.size(); ++i) {
        const Fault& fault = schedule_.faults[i];
        pending_.push_back(
            simulation.call_at(after(begin, fault.start), "fault starts", [this, i] { admit(i); }));
        if (!spec_of(fault.kind).lasts) continue;
        pending_.push_back(
            simulation.call_at(after(begin, fault.end()), "fault ends", [this, i] { stop(i); }));
    }
}

void FaultExecutor::heal_all() {
    for (const EventId event : pending_) cluster_.simulation().cancel(event);
    pending_.clear();
    waiting_.clear();
    for (std::size_t i = 0; i < active_.size(); ++i) {
        if (schedule_.faults[i].kind == FaultKind::disk_full && !active_[i].nodes.empty()) stop(i);
    }
    cluster_.simulation().heal_all();
    for (std::uint32_t i = 1; i <= cluster_.nodes(); ++i) cluster_.server(i).set_chaos(false);
    depth_.clear();
    cluster_.boot_all();
}

void FaultExecutor::admit(std::size_t index) {
    if (!schedule_.faults[index].after_election) return start(index);
    waiting_.push_back(index);
}

/// In the new leader's fiber: whatever it is about to send has not left it yet.
void FaultExecutor::elected() {
    Simulation& simulation = cluster_.simulation();
    for (const std::size_t index : std::exchange(waiting_, {})) {
        const Duration wait = *schedule_.faults[index].after_election;
        active_[index].waits = true;
        pending_.push_back(
            simulation.call_at(after(simulation.now(), wait), "fault starts", [this, index] {
                if (active_[index].waits) start(index);
            }));
    }
}

void FaultExecutor::start(std::size_t index) {
    const Fault& fault = schedule_.faults[index];
    Active& active = active_[index];
    active.waits = false;
    switch (spec_of(fault.kind).form) {
        case TargetForm::nodes:
            if (fault.kind == FaultKind::crash) return start_crash(fault, active);
            active.nodes = resolve_all(fault.nodes);
            for (const NodeId node : active.nodes) {
                if (enter(fault.kind, {node, NodeId{}})) set_node(fault, node, true);
            }
            break;
        case TargetForm::links:
            for (const Link& link : fault.links) {
                const Target target{resolve(link.from), resolve(link.to)};
                if (target.first.is_none() || target.second.is_none()) continue;
                if (target.first == target.second) continue;  // the leader, to itself
                active.links.push_back(target);
                if (enter(fault.kind, target)) set_link(fault, target.first, target.second, true);
            }
            break;
        case TargetForm::groups: start_groups(fault, active); break;
        case TargetForm::crash_switch: GEODE_UNREACHABLE("validate() refuses it");
    }
}

void FaultExecutor::stop(std::size_t index) {
    const Fault& fault = schedule_.faults[index];
    Active& active = active_[index];
    std::erase(waiting_, index);
    if (fault.kind == FaultKind::crash) stop_crash(active);
    if (active.partition != 0) cluster_.simulation().network().stop_partition(active.partition);
    if (fault.kind != FaultKind::crash) {
        for (const NodeId node : active.nodes) {
            if (leave(fault.kind, {node, NodeId{}})) set_node(fault, node, false);
        }
    }
    for (const Target& link : active.links) {
        if (leave(fault.kind, link)) set_link(fault, link.first, link.second, false);
    }
    active = {};
}

bool FaultExecutor::enter(FaultKind kind, Target target) {
    return depth_[{kind, target}]++ == 0;
}

bool FaultExecutor::leave(FaultKind kind, Target target) {
    const auto found = depth_.find({kind, target});
    if (found == depth_.end()) return false;  // healed meanwhile
    if (--found->second > 0) return false;
    depth_.erase(found);
    return true;
}

// ---- whom ----

NodeId FaultExecutor::resolve(std::string_view host) {
    if (host != leader_target) return cluster_.host_id(host);
    const NodeId leader = cluster_.leader();
    if (!leader.is_none()) return leader;
    GEODE_REACHED("sim.fault_without_leader");
    for (std::uint32_t i = 1; i <= cluster_.nodes(); ++i) {
        if (cluster_.server(i).running()) return Cluster::server_id(i);
    }
    return NodeId{};
}

std::vector<NodeId> FaultExecutor::resolve_all(const std::vector<std::string>& hosts) {
    std::vector<NodeId> nodes;
    for (const std::string& host : hosts) {
        const NodeId node = resolve(host);
        if (!node.is_none() && !std::ranges::count(nodes, node)) nodes.push_back(node);
    }
    return nodes;
}

// ---- what ----

void FaultExecutor::start_crash(const Fault& fault, Active& active) {
    const PowerLoss loss = power_loss_of(fault);
    const auto operations = static_cast<std::uint64_t>(fault.parameter("after_disk_ops"));
    for (const NodeId node : resolve_all(fault.nodes)) {
        SimNode& machine = cluster_.simulation().node(node);
        if (!machine.running()) continue;
        active.nodes.push_back(node);
        active.lives.push_back(machine.lives());
        machine.disk().set_power_loss_options(loss.options);
        machine.disk().set_power_loss_mode(loss.mode);
        if (operations == 0) {
            machine.crash(loss.loses() ? CrashKind::power_loss : CrashKind::process);
        } else {
            machine.crash_after_disk_ops(operations);
        }
    }
}

void FaultExecutor::stop_crash(const Active& active) {
    for (std::size_t i = 0; i < active.nodes.size(); ++i) {
        SimNode& machine = cluster_.simulation().node(active.nodes[i]);
        if (machine.lives() != active.lives[i]) continue;  // another fault has rebooted it
        machine.crash();  // the disk may have been too idle to reach its n-th operation
        machine.boot();
    }
}

void FaultExecutor::start_groups(const Fault& fault, Active& active) {
    std::vector<std::vector<NodeId>> groups;
    const NodeId leader = resolve(leader_target);
    bool names_leader = false;
    for (const auto& group : fault.groups) {
        names_leader = names_leader || std::ranges::count(group, leader_target) > 0;
    }
    for (const auto& group : fault.groups) {
        std::vector<NodeId> nodes;
        for (const std::string& host : group) {
            const NodeId node = resolve(host);
            // Where the token stands is where the leader goes, whatever its name says.
            if (node.is_none() || (names_leader && node == leader && host != leader_target)) {
                continue;
            }
            nodes.push_back(node);
        }
        groups.push_back(std::move(nodes));
    }
    if (fault.kind != FaultKind::flap) {
        active.partition = cluster_.simulation().network().start_partition(groups);
        return;
    }
    for (const auto& group : groups) {
        for (const auto& other : groups) {
            if (&group == &other) continue;
            for (const NodeId from : group) {
                for (const NodeId to : other) active.links.emplace_back(from, to);
            }
        }
    }
    for (const auto& [from, to] : active.links) {
        if (enter(fault.kind, {from, to})) set_link(fault, from, to, true);
    }
}

void FaultExecutor::set_node(const Fault& fault, NodeId node, bool on) {
    Simulation& simulation = cluster_.simulation();
    SimNode& machine = simulation.node(node);
    switch (fault.kind) {
        case FaultKind::pause: on ? machine.pause() : machine.resume(); break;
        case FaultKind::refuse: simulation.network().set_refuse(node, on); break;
        case FaultKind::hang: simulation.network().set_hang(node, on); break;
        case FaultKind::short_io: simulation.network().set_short_io(node, on); break;
        case FaultKind::disk_latency:
            machine.disk().set_slowness(on ? fault.parameter("factor") : 1);
            break;
        case FaultKind::disk_stall:
            if (on) machine.disk().start_stall(fault.length);
            if (!on) machine.disk().stop_stall();
            break;
        case FaultKind::chaos_site: machine.set_chaos(on); break;
        case FaultKind::disk_full:
            machine.disk().set_full(on);
            if (!on) restart(machine);
            break;
        default: set_clock(fault, node, on); break;
    }
}

void FaultExecutor::set_clock(const Fault& fault, NodeId node, bool on) {
    SimClock& clock = cluster_.simulation().node(node).clock();
    switch (fault.kind) {
        case FaultKind::clock_offset:
            clock.set_offset(on ? microseconds(fault.parameter("offset_us")) : Duration(0));
            break;
        case FaultKind::clock_drift: clock.set_drift(on ? fault.parameter("ppm") : 0); break;
        case FaultKind::clock_step:
            clock.step_wall(microseconds(fault.parameter("step_us")));
            depth_.erase({fault.kind, {node, NodeId{}}});  // no end will come
            break;
        case FaultKind::clock_freeze: on ? clock.freeze_wall() : clock.unfreeze_wall(); break;
        case FaultKind::clock_rate:
            clock.set_rate(on ? fault.parameter("percent") * 10'000 : 1'000'000);
            break;
        case FaultKind::timer_late:
            clock.set_timer_lateness(on ? microseconds(fault.parameter("mean_us")) : Duration(0));
            break;
        default: GEODE_UNREACHABLE("not a fault on a node");
    }
}

void FaultExecutor::set_link(const Fault& fault, NodeId from, NodeId to, bool on) {
    NetworkFabric& network = cluster_.simulation().network();
    const auto value = [&](std::string_view name) { return on ? fault.parameter(name) : 0; };
    const auto block = [&](FaultFamily family) {
        on ? network.start_block(from, to, family) : network.stop_block(from, to, family);
    };
    switch (fault.kind) {
        case FaultKind::one_way_partition: block(FaultFamily::one_way_partition); break;
        case FaultKind::clog: block(FaultFamily::clog); break;
        case FaultKind::slow_link: network.set_bandwidth(from, to, value("bytes_per_s")); break;
        case FaultKind::delay:
            network.set_extra_delay(from, to, microseconds(value("extra_us")));
            break;
        case FaultKind::bit_flip:
            network.set_bit_flips(from, to, static_cast<std::uint32_t>(value("one_in")));
            break;
        case FaultKind::flap:
            if (on) network.start_flap(from, to, microseconds(fault.parameter("period_us")));
            if (!on) network.stop_flap(from, to);
            break;
        case FaultKind::packet_loss:
            network.set_packet_loss(from, to, static_cast<std::uint32_t>(value("percent")));
            break;
        case FaultKind::packet_duplicate:
        case FaultKind::packet_reorder: break;  // a stream shows nothing of these
        case FaultKind::reset:
            network.reset_connections(from, to);
            depth_.erase({fault.kind, {from, to}});  // no end will come
            break;
        default: GEODE_UNREACHABLE("not a fault on a link");
    }
}

}  // namespace geode::sim

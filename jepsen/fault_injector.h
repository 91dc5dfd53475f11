// SPDX-License-Identifier: Apache-2.0
#pragma once

// FaultInjector: makes faults of a schedule happen to real processes, and counts what they did.
//
// The network's faults go through the Lab, crashes and pauses through signals, clocks and disks
// through each node's control page; what a crash takes from a disk is its ShadowDisk's to know.
// What this run cannot do (no privilege, no netem, no library) is never dropped silently: it is
// counted under its kind with the reason. `observed` counts effects, not intentions: packets that
// met a rule, connections that broke, processes seen stopped or reaped, clock reads answered
// wrongly, disk calls that waited.
//
// All calls suspend: commands and waits run in Offload.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jepsen/active_faults.h"
#include "jepsen/control_file.h"
#include "jepsen/lab.h"
#include "jepsen/process_cluster.h"
#include "jepsen/shadow_disk.h"
#include "runtime/world.h"
#include "sim/data/run_result.h"

namespace geode::jepsen {

struct NotInjected {
    std::uint64_t count = 0;
    std::string reason;
};

class FaultInjector {
public:
    /// All must outlive it. `lab` may be null: the nodes are on loopback. `pages` and `disks` are
    /// empty, or have one per node. `random` draws what a loss of power takes.
    FaultInjector(World& world, ProcessCluster& cluster, Lab* lab, std::vector<ControlFile>& pages,
                  std::vector<ShadowDisk>& disks, Prng random, std::string why_no_lab)
        : world_(world),
          cluster_(cluster),
          lab_(lab),
          pages_(pages),
          disks_(disks),
          random_(random),
          why_no_lab_(std::move(why_no_lab)) {}

    /// The fault begins. False if it cannot be done here or has no target. Error: a command
    /// failed, which ends the run.
    Result<bool> begin(std::size_t index, ActiveFault fault);
    /// It ends; nothing happens if it never began.
    Result<void> end(std::size_t index);
    /// A flap lets through what it blocked, or blocks again.
    Result<void> flip(std::size_t index);
    /// Everything ends; nodes that are down, for whatever reason, start.
    Result<void> heal_all();

    /// Whether the node's end is the doing of a fault, which then takes care of it.
    bool takes_end(const ProcessEnd& end);

    /// Counts by kind, as of now.
    Result<std::map<std::string, sim::FaultEffect>> effects();
    const std::map<std::string, NotInjected>& not_injected() const { return not_injected_; }

    /// Why faults of the kind cannot be injected here; "" if they can.
    std::string why_not(sim::FaultKind kind) const;

private:
    Result<void> apply();
    Result<void> begin_crash(ActiveFault& active);
    Result<void> end_crash(const ActiveFault& active);
    template <class Call>
    Result<void> with_room(std::uint32_t node, Call call);
    Result<void> lose_power(std::uint32_t node, const sim::PowerLoss& loss);
    Result<void> start(std::uint32_t node);
    Result<void> end_disk_full(const ActiveFault& active);
    Result<void> fill_disks(const std::set<std::uint32_t>& nodes);
    Result<void> reset(const ActiveFault& active);
    void leave_out(const std::string& kind, std::string reason);
    sim::FaultEffect& effect(sim::FaultKind kind);
    std::uint64_t page_counts(std::atomic<std::uint64_t> ControlPage::* counter) const;

    World& world_;
    ProcessCluster& cluster_;
    Lab* lab_;
    std::vector<ControlFile>& pages_;
    std::vector<ShadowDisk>& disks_;
    Prng random_;
    std::string why_no_lab_;
    ActiveFaults active_;
    std::set<std::uint32_t> paused_;
    std::set<std::uint32_t> full_;
    std::set<std::uint32_t> gave_up_;  ///< nodes that ended because of a full disk
    std::map<std::uint32_t, NodeControls> controls_;
    std::map<std::string, sim::FaultEffect> effects_;
    std::map<std::string, NotInjected> not_injected_;
};

}  // namespace geode::jepsen

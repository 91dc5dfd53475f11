// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lab: the network of a real run, in namespaces of its own (jepsen/lab_plan.h has its layout).
//
// enter() moves the calling process into new mount and network namespaces and builds everything
// there; below it, names of namespaces live on a file system that only this process sees. So the
// machine's own interfaces, firewall and mounts are never touched, and whatever way the process
// ends, the kernel takes all of it away. What the machine cannot do is found out by doing it, and
// kept by name.
//
// All calls block. enter() must come before the first thread.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "jepsen/command.h"
#include "jepsen/detour.h"
#include "jepsen/lab_plan.h"

namespace geode::jepsen {

class Lab {
public:
    /// Builds the namespaces. Error: `unavailable`, saying what the machine refuses; the process is
    /// then where it was.
    /// `seed` is for what happens to packets by chance.
    static Result<std::unique_ptr<Lab>> enter(LabPlan plan, std::uint64_t seed);

    /// What to put before a program's words so that it runs in the node's namespace. The process
    /// id stays that of the program.
    Words inside(std::uint32_t node) const;

    /// "netem (kernel has no sch_netem)" and so on: what enter() found missing.
    const std::vector<std::string>& missing() const { return missing_; }
    bool can_filter() const { return filter_; }
    bool can_limit() const { return limit_; }
    /// Delay, duplicate and reorder: with netem, or by a detour.
    bool can_delay() const { return netem_ || detour_ != nullptr; }
    bool has_netem() const { return netem_; }
    bool can_reset() const { return reset_; }

    /// Makes the network be in this state. Parts the machine cannot do are left out.
    Result<void> apply(const NetworkState& state);
    /// Breaks the established connections between two hosts, at the node's end; how many.
    Result<std::uint64_t> reset_connections(const sim::Link& link);
    /// Packets met so far, by kind of fault.
    Result<std::map<std::string, std::uint64_t>> counters();

    /// A file system of its own of that size on the directory, which must exist.
    Result<void> mount_small_disk(const std::string& directory, std::uint64_t bytes);
    /// Takes those file systems away, once nobody works on them. What they hold is gone with them,
    /// unless `keep` first moves it to the directory below.
    void unmount_small_disks(bool keep);

private:
    explicit Lab(LabPlan plan) : plan_(std::move(plan)) {}
    Result<void> build();
    void probe_filter();
    void probe_queues();
    Result<void> open_detour(std::uint64_t seed);
    Result<void> apply_shapes(const NetworkState& state);
    Result<void> read_shaped(std::uint32_t device);
    Words in_device(std::uint32_t node, Words words) const;

    LabPlan plan_;
    std::vector<std::string> missing_;
    std::vector<std::string> small_disks_;
    bool filter_ = false;
    bool limit_ = false;
    bool netem_ = false;
    bool reset_ = false;
    std::unique_ptr<Detour> detour_;    ///< null: not needed, or not to be had
    std::string rules_;                 ///< in force on the bridge
    std::string detours_;               ///< in force on the ports
    std::set<std::uint32_t> refusing_;  ///< nodes that refuse now
    std::map<std::uint32_t, std::map<std::string, LinkShape>> shapes_;
    std::map<std::string, std::uint64_t> shaped_;  ///< packets of classes that are gone, by kind
};

}  // namespace geode::jepsen

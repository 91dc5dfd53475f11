// SPDX-License-Identifier: Apache-2.0
#pragma once

// From faults of a schedule to what must be true of network and nodes while they last.
//
// Pure functions. A fault is resolved when it starts ("leader" becomes a node); while it lasts it
// is one ActiveFault. The state that all active faults together ask for is computed anew at every
// change, so faults that overlap need no counting: what the last of them asks for ends with it.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jepsen/lab_plan.h"
#include "sim/data/schedule.h"

namespace geode::jepsen {

struct ActiveFault {
    const sim::Fault* fault = nullptr;
    std::vector<std::uint32_t> nodes;  ///< TargetForm::nodes
    std::vector<sim::Link> links;      ///< the others; of groups every pair, both directions
    bool down = true;                  ///< of a flap: whether it is the time to block

    bool has_target() const { return !nodes.empty() || !links.empty(); }
};

/// Who is where when a fault starts.
struct ClusterView {
    std::optional<std::uint32_t> leader;  ///< that runs
    std::set<std::uint32_t> running;
};

/// As the simulator does it: "leader" is the leader, or the first running node, or nobody; in
/// groups a leader leaves the group that has it by its own name for the one that says "leader".
ActiveFault resolve(const sim::Fault& fault, const ClusterView& view);

/// What the control page of a node shall say (jepsen/preload/control_page.h).
struct NodeControls {
    std::int64_t rate_millionths = 1'000'000;  ///< of both clocks
    std::int64_t wall_offset_us = 0;
    bool wall_frozen = false;
    std::int64_t timer_late_mean_us = 0;
    std::int64_t disk_factor = 1;
    bool disk_stalled = false;
    friend bool operator==(const NodeControls&, const NodeControls&) = default;
};

struct LabState {
    NetworkState network;
    std::set<std::uint32_t> paused;
    std::set<std::uint32_t> full;                    ///< nodes without disk space
    std::map<std::uint32_t, NodeControls> controls;  ///< nodes with any
};

/// By index in the schedule.
using ActiveFaults = std::map<std::size_t, ActiveFault>;

LabState state_of(const ActiveFaults& active);

}  // namespace geode::jepsen

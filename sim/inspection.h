// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inspection: the look at a healed, quiet cluster — do all replicas hold the same state, and which?
//
// Works through the client protocol only, so what it finds is what any client would find.

#include <optional>
#include <string>

#include "sim/cluster.h"
#include "sim/workload_driver.h"

namespace geode::sim {

struct Inspection {
    bool done = false;
    std::optional<std::string> violation;  ///< replicas differ, or a node serves damaged data
    std::optional<std::string> stuck;      ///< no answer, or no agreement, within the bound
    std::optional<FinalGraph> graph;       ///< what every replica holds
};

/// Lets the driver read back, waits until the digests of all replicas are equal at one applied
/// index, and reads the whole graph. Runs in a fiber of `world`, a client's; suspends at most about
/// `bound`.
void inspect(Cluster& cluster, World& world, WorkloadDriver& driver, Duration bound,
             Inspection& into);

}  // namespace geode::sim

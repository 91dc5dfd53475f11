// SPDX-License-Identifier: Apache-2.0
#pragma once

// FaultExecutor: carries out a Schedule against a Cluster.
//
// Each fault becomes one call at its start and, if it lasts, one at its end. "leader" is resolved
// at the start; the end undoes what the start did, to the same hosts. A fault that waits for an
// election begins when one is won, and not at all if none is. Faults of one kind on one
// host may overlap in a schedule written by hand: the effect lasts until the last of them ends.
//
// A crash of a node that is down already does nothing, nor does its end. A crash that waits for
// the n-th disk operation happens at its end at the latest. All methods: outside any fiber.

#include <map>
#include <string>
#include <vector>

#include "sim/cluster.h"
#include "sim/data/schedule.h"

namespace geode::sim {

class FaultExecutor {
public:
    /// `schedule` must outlive the executor and fit the cluster's hosts.
    FaultExecutor(Cluster& cluster, const Schedule& schedule);
    ~FaultExecutor();
    FaultExecutor(const FaultExecutor&) = delete;
    FaultExecutor& operator=(const FaultExecutor&) = delete;

    /// Lets every fault happen, counted from now.
    void arm();
    /// Ends everything: pending faults are forgotten, lasting ones undone, crashed servers booted.
    void heal_all();

private:
    /// What a running fault was resolved to, so that its end undoes just that.
    struct Active {
        std::vector<NodeId> nodes;
        std::vector<std::uint32_t> lives;  ///< of nodes, for a crash: which one it ends
        std::vector<std::pair<NodeId, NodeId>> links;
        std::uint32_t partition = 0;
        bool waits = false;  ///< for an election
    };
    using Target = std::pair<NodeId, NodeId>;

    void admit(std::size_t index);
    void elected();
    void start(std::size_t index);
    void stop(std::size_t index);
    void start_crash(const Fault& fault, Active& active);
    void stop_crash(const Active& active);
    void start_groups(const Fault& fault, Active& active);
    void set_node(const Fault& fault, NodeId node, bool on);
    void set_clock(const Fault& fault, NodeId node, bool on);
    void set_link(const Fault& fault, NodeId from, NodeId to, bool on);
    NodeId resolve(std::string_view host);
    std::vector<NodeId> resolve_all(const std::vector<std::string>& hosts);
    /// Counts the fault on the target; true for the first start and the last stop.
    bool enter(FaultKind kind, Target target);
    bool leave(FaultKind kind, Target target);

    Cluster& cluster_;
    const Schedule& schedule_;
    std::vector<Active> active_;
    std::vector<EventId> pending_;
    std::vector<std::size_t> waiting_;  ///< faults that wait for an election
    std::map<std::pair<FaultKind, Target>, std::uint32_t> depth_;
};

}  // namespace geode::sim

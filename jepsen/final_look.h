// SPDX-License-Identifier: Apache-2.0
#pragma once

// FinalLook: the look at a healed, quiet cluster — do all replicas hold the same state, and which?
//
// Works through the client protocol only, so what it finds is what any client would find. The
// graph is read from one replica, in both directions, once their digests say it is everybody's.

#include <optional>
#include <string>

#include "jepsen/process_cluster.h"
#include "jepsen/workload.h"

namespace geode::jepsen {

struct FinalFindings {
    std::optional<std::string> violation;  ///< replicas differ, or one serves damaged data
    std::optional<std::string> stuck;      ///< no answer, or no agreement, within the bound
};

class FinalLook {
public:
    FinalLook(World& world, const ProcessCluster& cluster, Workload& workload)
        : world_(world), cluster_(cluster), workload_(workload) {}

    /// Lets the workload read back, waits until the digests of all replicas are equal at one
    /// applied index, and hands the graph to the workload. Suspends at most about `bound`.
    FinalFindings run(Duration bound);

private:
    bool replicas_agree(node::Client& client, FinalFindings& findings, std::string& note);
    Result<workloads::FinalGraph> read_replica(node::Client& client, std::uint32_t number);

    World& world_;
    const ProcessCluster& cluster_;
    Workload& workload_;
};

}  // namespace geode::jepsen

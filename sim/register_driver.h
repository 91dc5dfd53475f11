// SPDX-License-Identifier: Apache-2.0
#pragma once

// The register workload's history, and its judgement by the linearizability checker.
//
// RegisterHistory translates the generator's calls into check::History. Order is the order of the
// calls, which in one thread is real time; virtual nanoseconds are kept for people.

#include "sim/workload_driver.h"
#include "workloads/check/history.h"
#include "workloads/register.h"

namespace geode::sim {

class RegisterHistory : public workloads::RegisterRecorder {
public:
    void invoked(const workloads::RegisterCall& call) override;
    void completed(std::int64_t process, workloads::Ending ending,
                   std::optional<std::int64_t> seen) override;

    /// The history so far; the recorder is spent.
    check::History finish() { return std::move(builder_).finish(); }

private:
    check::HistoryBuilder builder_;
};

/// Why the history of registers, absent at first, is not linearizable; nothing if it is. Undecided
/// within the checker's budget counts as linearizable, and hits the probe
/// "sim.linearizability_undecided".
std::optional<std::string> judge_register_history(const check::History& history);

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Nemesis: carries out a fault schedule in real time, and watches the processes meanwhile.
//
// One fiber. Every few milliseconds it reads the nodes' logs for elections, looks for processes
// that ended, and does what is due. A step that is late (commands take milliseconds) is done late,
// never left out. Each fault's start and end goes into the OperationLog, with what "leader" was;
// one that cannot be injected here, or meets nobody, is there as skipped.

#include <optional>
#include <string>
#include <vector>

#include "jepsen/fault_injector.h"
#include "jepsen/leader_watch.h"
#include "jepsen/operation_log.h"

namespace geode::jepsen {

/// One thing to do with one fault.
struct NemesisStep {
    enum class Action : std::uint8_t { begin, flip, end };
    Duration at{0};  ///< from the beginning of the fault phase
    std::size_t fault = 0;
    Action action = Action::begin;
};
/// The steps of a schedule in order of time; ends come before beginnings of the same moment.
std::vector<NemesisStep> steps_of(const sim::Schedule& schedule);

class Nemesis {
public:
    /// All must outlive it.
    Nemesis(World& world, const sim::Schedule& schedule, ProcessCluster& cluster,
            FaultInjector& injector, LeaderWatch& leaders, OperationLog& log)
        : world_(world),
          schedule_(schedule),
          cluster_(cluster),
          injector_(injector),
          leaders_(leaders),
          log_(log) {}

    /// Runs the schedule to its duration, or until `stop` or a node ends by itself; then heals
    /// everything. Suspends. Error: a command failed.
    Result<void> run(const bool& stop);
    /// Looks at logs and processes for so long, without faults.
    void watch_for(Duration time, const bool& stop);

    /// "n2 was ended by signal 6": a process that no fault has ended. Nothing if all is well.
    const std::optional<std::string>& crash() const { return crash_; }

private:
    void look();
    Result<void> take(const NemesisStep& step);
    Result<void> begin(std::size_t index);
    Result<void> begin_awaited();
    ClusterView view() const;
    void note(std::string_view action, std::size_t index, const ActiveFault* resolved);

    World& world_;
    const sim::Schedule& schedule_;
    ProcessCluster& cluster_;
    FaultInjector& injector_;
    LeaderWatch& leaders_;
    OperationLog& log_;
    std::optional<std::string> crash_;
    std::set<std::size_t> begun_;
    std::set<std::size_t> waiting_;             ///< for an election
    std::map<std::size_t, MonoTime> begin_at_;  ///< an election has come
    bool elected_ = false;
};

}  // namespace geode::jepsen

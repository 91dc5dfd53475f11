// SPDX-License-Identifier: Apache-2.0
#pragma once

// The register workload's history, and its judgement by the linearizability checker.
//
// RegisterHistory translates the generator's calls into check::History. Order is the order of the
// calls, which in one thread is real time; nanoseconds, where a clock is given, are for people.

#include "workloads/check/history.h"
#include "workloads/record/stopwatch.h"
#include "workloads/register.h"

namespace geode::workloads {

class RegisterHistory : public RegisterRecorder {
public:
    RegisterHistory() = default;
    /// With times that count from now. `clock` must outlive the recorder.
    explicit RegisterHistory(Clock& clock) { start(clock); }
    /// The same later; what came before has no times.
    void start(Clock& clock) { stopwatch_.start(clock); }

    void invoked(const RegisterCall& call) override;
    void completed(std::int64_t process, Ending ending, std::optional<std::int64_t> seen) override;

    /// The history so far; the recorder is spent.
    check::History finish() { return std::move(builder_).finish(); }

private:
    Stopwatch stopwatch_;
    check::HistoryBuilder builder_;
};

/// One last linearizable read of each register, recorded as process `reader`, so that a write lost
/// at the end is missed by somebody. Suspends. An error leaves the read of unknown outcome.
Result<void> read_back_registers(node::Client& client, VertexId first_key, std::uint32_t keys,
                                 std::int64_t reader, RegisterRecorder& recorder,
                                 MonoTime deadline);

/// Why the history of registers, absent at first, is not linearizable; nothing if it is. Undecided
/// within the checker's budget counts as linearizable, and hits the probe
/// "sim.linearizability_undecided".
std::optional<std::string> judge_register_history(const check::History& history);

}  // namespace geode::workloads

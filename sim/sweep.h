// SPDX-License-Identifier: Apache-2.0
#pragma once

// SweepTally: many run results, one verdict.
//
// Pure bookkeeping over RunResults, so that results of several machines can be merged by feeding
// their JSON lines to one tally. The verdict of a sweep is the worst of its runs. A sweep of 100
// runs or more in which an enabled fault family never had an effect is void: it looked as if it
// tested something that it did not (its exit status is 2).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/data/run_result.h"

namespace geode::sim {

class SweepTally {
public:
    static constexpr std::uint64_t runs_min_for_effects = 100;

    /// `kinds`: what the sweep had enabled.
    explicit SweepTally(FaultKinds kinds) : kinds_(std::move(kinds)) {}

    void add(const RunResult& result);

    std::uint64_t runs() const { return runs_; }
    std::uint64_t failures() const { return failures_.size(); }
    /// Enabled families that were never observed; empty below runs_min_for_effects.
    std::vector<std::string> families_without_effect() const;
    /// Of the worst run; 2 if the sweep is void and nothing worse happened.
    int exit_status() const;
    double sim_s() const { return sim_s_; }
    double cpu_s() const { return cpu_s_; }

    /// The closing JSON line of a sweep.
    std::string summary_line(double wall_s) const;
    /// The same for a person, several lines.
    std::string summary_table(double wall_s) const;

private:
    struct ProbeHits {
        std::uint64_t hits = 0;
        std::uint64_t runs = 0;
        std::uint64_t first_seed = 0;
    };
    struct Failure {
        std::uint64_t seed;
        RunVerdict verdict;
        std::string reproduce;
        std::string explanation;
    };
    struct Worst {
        double value = 0;
        std::uint64_t seed = 0;
        void raise(double candidate, std::uint64_t whose) {
            if (candidate > value) *this = {candidate, whose};
        }
    };
    std::string verdict_lines() const;
    std::string fault_lines() const;

    FaultKinds kinds_;
    std::uint64_t runs_ = 0;
    std::map<RunVerdict, std::uint64_t> verdicts_;
    std::vector<Failure> failures_;
    std::map<std::string, FaultEffect> faults_;
    std::map<std::string, ProbeHits> probes_;
    OperationCounts ops_;
    std::uint64_t events_ = 0;
    std::uint64_t elections_ = 0;
    double sim_s_ = 0;
    double cpu_s_ = 0;
    Worst latency_ms_;
    Worst unavailable_s_;
    Worst cpu_of_one_s_;
};

/// The counter family under which the effect of `kind` is reported: its own name, but "partition"
/// for a bridge.
std::string_view effect_family(FaultKind kind);

}  // namespace geode::sim

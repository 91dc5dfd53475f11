// SPDX-License-Identifier: Apache-2.0
#pragma once

// WorkerPool: runs one job per seed in forked processes, and survives what a job does to its own.
//
// Each worker takes a batch of seeds, runs the job on each and sends one line per seed back through
// a pipe. When a worker dies, the seed it was at is reported as lost together with how it died and
// what it had said on stderr, and the rest of its batch goes to a new worker. A seed that uses more
// CPU time than allowed gets SIGXCPU; one that hangs without using any is killed by wall time.
//
// Outcomes are handed over in the order of the seeds, whatever order they finish in, so output does
// not depend on the number of workers. The parent is one thread and only waits in poll().

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace geode::cli {

struct WorkerPoolOptions {
    std::uint32_t jobs = 1;
    std::uint32_t seeds_per_worker = 16;
    std::uint32_t cpu_seconds_per_seed_max = 120;
    std::uint32_t tick_ms = 250;  ///< how often on_tick is called at least
};

/// What became of one seed.
struct SeedOutcome {
    std::uint64_t seed = 0;
    bool answered = false;
    std::string line;   ///< what the job returned, if it answered
    std::string death;  ///< "status 4", "signal 9 (Killed)", if it did not
    std::string said;   ///< what the worker said during this seed; at most its last 16 KiB
};

struct WorkerPoolCallbacks {
    /// Runs in a worker. The returned text must not contain a newline.
    std::function<std::string(std::uint64_t seed)> job;
    /// In the order of the seeds. False stops everything.
    std::function<bool(const SeedOutcome&)> on_outcome;
    /// `finished` seeds so far, in any order. Optional.
    std::function<void(std::uint64_t finished)> on_tick;
};

/// Runs the job on every seed; suspends nothing, blocks until done or stopped. Error: io_error, if
/// the system gives no process or pipe.
Result<void> run_workers(const WorkerPoolOptions& options, const std::vector<std::uint64_t>& seeds,
                         const WorkerPoolCallbacks& callbacks);

}  // namespace geode::cli

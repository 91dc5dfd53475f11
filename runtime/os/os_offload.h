// SPDX-License-Identifier: Apache-2.0
#pragma once

// OsOffload: a few worker threads for blocking calls.
//
// A fiber puts a job that lives on its own stack into a queue and parks uninterruptibly; a worker
// runs it and hands the fiber's wake token back through the loop, one post for all that finish
// together. A hop costs about 10 us, next to 100 us for a synced write.
//
// Invariants:
//  1. A job's frame outlives the job: the fiber leaves only after a worker has let go of it.
//  2. Everything shared between threads is in State, under its mutex.
//  3. After stop() no thread exists and no fiber waits here; calls then run inline.
//
// The queue is as long as there are waiting fibers, one job each; it has no other bound.

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/offload.h"
#include "runtime/os/event_loop.h"

namespace geode::os {

class OsOffload final : public Offload {
public:
    /// Starts `threads` (1 to 256) workers with all signals blocked.
    OsOffload(EventLoop& loop, std::uint32_t threads);
    ~OsOffload() override;
    OsOffload(const OsOffload&) = delete;
    OsOffload& operator=(const OsOffload&) = delete;

    /// Runs `work` on a worker and suspends until it is done. Runs it inline outside any fiber
    /// (startup, shutdown), after stop(), and in a fiber killed before the call.
    void run_blocking(FunctionRef<void()> work) override;

    /// Finishes every queued job, joins the workers, and makes the waiting fibers ready. Blocks.
    /// Idempotent.
    void stop();

private:
    struct Job;
    struct State;
    static void work_until_stopped(State& state);

    EventLoop& loop_;
    std::shared_ptr<State> state_;  ///< shared with posted deliveries
    std::vector<std::thread> threads_;
};

}  // namespace geode::os

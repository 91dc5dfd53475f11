// SPDX-License-Identifier: Apache-2.0
#pragma once

// FakeWorld: a scripted World for unit tests, on a real Scheduler and a MemoryDisk.
//
// Time stands still until the test moves it. Offload runs the work inline, with the calling fiber
// suspended once before and once after, so that other fibers get in between as they would with a
// worker thread. The network refuses everything; chaos never fires. One FakeWorld is one life:
//
//     MemoryDisk disk;
//     FakeWorld world(disk);
//     world.run([&] { ... code that suspends ... });   // asserts that it ended
//
// To crash: disk.die_at(n), run, world.kill(), destroy the node, disk.crash(loss, prng), and make a
// new FakeWorld over the same disk.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/world.h"
#include "tests/support/memory_disk.h"

namespace geode::test {

class ManualClock final : public Clock {
public:
    explicit ManualClock(Scheduler& scheduler) : scheduler_(scheduler) {}
    MonoTime now() const override { return now_; }
    WallTime wall() const override { return WallTime(now_.time_since_epoch()); }
    TimerId wake_at(MonoTime when, WakeToken token) override;
    void cancel(TimerId timer) override;
    /// Moves time on and wakes what is due, in order.
    void advance(Duration duration);

private:
    Scheduler& scheduler_;
    MonoTime now_{seconds(1)};
    TimerId next_id_ = 1;
    std::map<std::pair<MonoTime, TimerId>, WakeToken> timers_;
};

class FakeWorld final : public World,
                        private Network,
                        private Offload,
                        private Random,
                        private Trace,
                        private Chaos {
public:
    explicit FakeWorld(MemoryDisk& disk, std::uint64_t seed = 1);
    /// Kills the fibers that are left.
    ~FakeWorld() override;

    /// Runs `body` as a fiber, and all others, until none is ready. Asserts that `body` ended:
    /// what waits for time needs its own spawn(), run_ready() and manual().advance().
    void run(UniqueFunction<void()> body);
    void run_ready() { scheduler_.run_ready(); }
    /// Ends all fibers, as a crash does.
    void kill();
    ManualClock& manual() { return clock_; }
    /// Recorded events: "name key=value key=value".
    const std::vector<std::string>& events() const { return events_; }

    NodeId node() const override { return NodeId(1); }
    Clock& clock() override { return clock_; }
    Network& network() override { return *this; }
    Disk& disk() override { return disk_; }
    Offload& offload() override { return *this; }
    Random& random() override { return *this; }
    Trace& trace() override { return *this; }
    Chaos& chaos() override { return *this; }
    FiberGroup& fibers() override { return group_; }

private:
    Result<std::unique_ptr<Connection>> connect(const Address& to, MonoTime deadline) override;
    Result<std::unique_ptr<Listener>> listen(const Address& at) override;
    void run_blocking(FunctionRef<void()> work) override;
    Prng stream(std::string_view purpose) override { return prng_.split(purpose); }
    void record(std::string_view name, std::span<const TraceField> fields) override;
    bool fires(std::string_view) override { return false; }

    MemoryDisk& disk_;
    Prng prng_;
    Scheduler scheduler_;
    FiberGroup group_;
    ManualClock clock_;
    std::vector<std::string> events_;
};

}  // namespace geode::test

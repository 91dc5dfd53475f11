// SPDX-License-Identifier: Apache-2.0
#pragma once

// SimWorld: the World of one life of one simulated node.
//
// It ties the node's clock and disk and the fabric's network to a fiber group, and adds what is
// per life: random streams, trace, chaos and Offload. After die() every call returns an error or
// nothing and changes nothing; the object itself stays until the simulation ends, so that handles
// which outlive their node do no harm.

#include <string>

#include "runtime/world.h"
#include "sim/world/network_handles.h"
#include "sim/world/sim_clock.h"
#include "sim/world/sim_disk.h"

namespace geode::sim {

class SimWorld final : public World {
public:
    struct Parts {
        Engine& engine;
        NetworkFabric& network;
        SimClock& clock;
        SimDisk& disk;
        NodeId node;
        std::uint32_t life;
        bool chaos;
    };
    explicit SimWorld(const Parts& parts);
    SimWorld(const SimWorld&) = delete;
    SimWorld& operator=(const SimWorld&) = delete;

    NodeId node() const override { return node_; }
    Clock& clock() override { return clock_; }
    Network& network() override { return network_; }
    Disk& disk() override { return disk_; }
    Offload& offload() override { return offload_; }
    Random& random() override { return random_; }
    Trace& trace() override { return trace_; }
    Chaos& chaos() override { return chaos_; }
    FiberGroup& fibers() override { return fibers_; }

    bool alive() const { return alive_; }
    /// Ends the life for every handle; fibers are killed by the caller, afterwards.
    void die() { alive_ = false; }
    /// Switches code-site faults on or off.
    void set_chaos(bool on) { chaos_.set(on); }
    /// Asserts that no offloaded call is on this stack.
    void assert_may_suspend() const;

private:
    class LifeClock final : public Clock {
    public:
        LifeClock(SimWorld& world, SimClock& clock) : world_(world), clock_(clock) {}
        MonoTime now() const override;
        WallTime wall() const override;
        TimerId wake_at(MonoTime when, WakeToken token) override;
        void cancel(TimerId timer) override;

    private:
        SimWorld& world_;
        SimClock& clock_;
    };

    class LifeOffload final : public Offload, private EventHandler {
    public:
        LifeOffload(SimWorld& world, SimDisk& disk, Prng random)
            : world_(world), disk_(disk), random_(random) {}
        void run_blocking(FunctionRef<void()> work) override;
        bool running() const { return running_; }

    private:
        void on_event(const Event& event) override;
        SimWorld& world_;
        SimDisk& disk_;
        Prng random_;
        bool running_ = false;
    };

    class LifeRandom final : public Random {
    public:
        explicit LifeRandom(Prng root) : root_(root) {}
        Prng stream(std::string_view purpose) override { return root_.split(purpose); }

    private:
        Prng root_;
    };

    class LifeTrace final : public Trace {
    public:
        explicit LifeTrace(SimWorld& world) : world_(world) {}
        void record(std::string_view name, std::span<const TraceField> fields) override;

    private:
        SimWorld& world_;
    };

    // A quarter of the sites is on in a run, the same for all nodes; a quarter of the calls fires.
    class LifeChaos final : public Chaos {
    public:
        LifeChaos(SimWorld& world, Prng random, bool on)
            : world_(world), random_(random), on_(on) {}
        bool fires(std::string_view site) override;
        void set(bool on) { on_ = on; }

    private:
        SimWorld& world_;
        Prng random_;
        bool on_;
    };

    Engine& engine_;
    NodeId node_;
    bool alive_ = true;
    FiberGroup fibers_;
    LifeClock clock_;
    LifeNetwork network_;
    LifeDisk disk_;
    LifeOffload offload_;
    LifeRandom random_;
    LifeTrace trace_;
    LifeChaos chaos_;
};

}  // namespace geode::sim

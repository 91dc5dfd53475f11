// SPDX-License-Identifier: Apache-2.0
#pragma once

// SimNode: one simulated machine, and the lives of the program that runs on it.
//
// The machine (disk, clock, host name) lasts for the run. boot() makes a World and has the owner's
// factory build the program in it; crash() ends both in the one order that was measured to hold
// (facts: 4,500 crash and restart rounds, no leak, no lost acknowledgement):
//
//  1. handles die, so that nothing done on the way out has an effect;
//  2. fibers leave through their own code;
//  3. the program's object is destroyed (it drains and closes its LevelDB there);
//  4. the disk goes through the power-loss model;
//  5. connections break at the other end by the network's own rules.
//
// Client processes are SimNodes as well, without disk faults.

#include <memory>
#include <string>
#include <vector>

#include "sim/world/sim_world.h"

namespace geode::sim {

/// What runs on a node; destroyed in crash(), after its fibers are gone and its World is dead.
class NodeProgram {
public:
    virtual ~NodeProgram() = default;
};

class SimNode {
public:
    struct Options {
        NodeId id;
        std::string host;         ///< "n1", "c1"
        bool disk_faults = true;  ///< false: a power loss loses nothing
        bool chaos = false;
        DiskPrices disk_prices = {};
        /// Builds the program of a new life. Called from boot(), outside any fiber: it must not
        /// suspend, but may spawn fibers that do. The World outlives the program.
        UniqueFunction<std::unique_ptr<NodeProgram>(World&)> start = {};
        /// Told after each crash, also one that the disk began. May boot() again later, by a call.
        UniqueFunction<void(SimNode&)> on_down = {};
    };

    SimNode(Engine& engine, NetworkFabric& network, Options options);
    ~SimNode();
    SimNode(const SimNode&) = delete;
    SimNode& operator=(const SimNode&) = delete;

    // All of these are called from outside any fiber: from a call_at() or between steps.

    /// Begins a life. Not running before.
    void boot();
    /// Ends the life, paused or not. Does nothing if not running.
    void crash(CrashKind kind = CrashKind::power_loss);
    /// Freezes all its fibers; its clock, its timers and its system's network run on.
    void pause();
    void resume();
    /// The disk dies after `count` more operations, in the middle of what they are part of; the
    /// power loss is the next event. Running.
    void crash_after_disk_ops(std::uint64_t count);
    /// Switches code-site faults on or off, for this life and those to come.
    void set_chaos(bool on);
    /// Resumes, and ends the faults of clock and disk. Does not boot.
    void heal();

    bool running() const { return world_ != nullptr; }
    bool paused() const { return running() && world_->fibers().frozen(); }
    NodeId id() const { return options_.id; }
    const std::string& host() const { return options_.host; }
    /// How many lives have begun.
    std::uint32_t lives() const { return lives_; }
    /// Of the running life.
    World& world();
    NodeProgram* program() { return program_.get(); }
    SimClock& clock() { return clock_; }
    SimDisk& disk() { return disk_; }

private:
    void note(std::string_view what, std::uint64_t value);

    Engine& engine_;
    NetworkFabric& network_;
    Options options_;
    SimClock clock_;
    SimDisk disk_;
    std::uint32_t lives_ = 0;
    SimWorld* world_ = nullptr;  ///< the running life, last in worlds_
    std::vector<std::unique_ptr<SimWorld>> worlds_;
    std::unique_ptr<NodeProgram> program_;
};

}  // namespace geode::sim

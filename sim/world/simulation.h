// SPDX-License-Identifier: Apache-2.0
#pragma once

// Simulation: a cluster in one thread, in virtual time, from one seed.
//
//     Simulation sim({.seed = 7});
//     SimNode& n1 = sim.add_node({.id = NodeId(1), .host = "n1", .start = make_server});
//     n1.boot();
//     sim.call_at(at(seconds(3)), "cut", [&] { cut = sim.network().start_partition({{…}, {…}}); });
//     sim.run_until(at(seconds(60)));
//     sim.hash();
//
// The owner (the runner) adds nodes, executes its fault schedule by call_at() and the fault methods
// of network(), node.clock() and node.disk(), and reads hash, counters and trace at the end. Equal
// seeds and equal calls give equal hashes; an EventLog names the first event where they do not.

#include "sim/world/sim_node.h"

namespace geode::sim {

/// The virtual time `since_start` after the beginning of a run.
constexpr SimTime at(Duration since_start) {
    return SimTime(since_start);
}

class Simulation {
public:
    struct Options {
        std::uint64_t seed = 0;
        EventLog* event_log = nullptr;  ///< borrowed: records run 1, compares run 2
        std::size_t trace_ring_entries = 512;
        UniqueFunction<void(const TraceRecord&)> trace_sink = {};
        bool chaos = false;
        NetworkFabric::Options network = {};
    };
    explicit Simulation(Options options);
    /// Ends all lives without disk faults.
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    /// A new machine, not yet booted. Ids and host names are unique.
    SimNode& add_node(SimNode::Options options);
    SimNode& node(NodeId id);
    std::vector<SimNode*> nodes();

    SimTime now() const { return engine_.now(); }
    /// Runs everything due by `until` (>= now()), and leaves now() there.
    void run_until(SimTime until) { engine_.run_until(until); }
    void run_for(Duration duration) { engine_.run_until(after(engine_.now(), duration)); }
    /// One fiber switch or one event due by `until`; false if there is none.
    bool step(SimTime until = SimTime::max()) { return engine_.step(until); }

    /// Calls `action` at `when`, outside any fiber. `name` is a literal.
    EventId call_at(SimTime when, const char* name, UniqueFunction<void()> action) {
        return engine_.call_at(when, name, std::move(action));
    }
    void cancel(EventId id) { engine_.cancel(id); }

    NetworkFabric& network() { return network_; }
    /// Ends every lasting fault of network, clocks and disks, and resumes paused nodes. Crashed
    /// nodes stay down.
    void heal_all();

    Prng stream(std::string_view name) const { return engine_.stream(name); }
    std::uint64_t hash() const { return engine_.chain().hash(); }
    std::uint64_t events() const { return engine_.chain().count(); }
    FaultCounters& faults() { return engine_.faults(); }
    /// The last trace records, oldest first.
    std::vector<const TraceRecord*> trace_tail() const { return engine_.traces().tail(); }
    Engine& engine() { return engine_; }

private:
    Engine engine_;
    NetworkFabric network_;
    bool chaos_;
    std::map<NodeId, std::unique_ptr<SimNode>> nodes_;
};

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// World: everything a node may know of its surroundings, handed in by constructor.
//
// Node logic is the same object code in the simulator and in production because this is all it
// sees. A World belongs to one life of one node: after a crash or shutdown it is dead, its calls
// return errors and change nothing, and a restarted node gets a new one over the same disk.

#include "base/ids.h"
#include "base/prng.h"
#include "runtime/clock.h"
#include "runtime/disk.h"
#include "runtime/fiber.h"
#include "runtime/network.h"
#include "runtime/offload.h"
#include "runtime/trace.h"

namespace geode {

class Random {
public:
    virtual ~Random() = default;
    /// The stream for one purpose, the same for the same name within one life of the node.
    virtual Prng stream(std::string_view purpose) = 0;
};

class Chaos {
public:
    virtual ~Chaos() = default;
    /// Whether the rare code-site fault `site` happens now. Always false in production; in
    /// simulation a quarter of the sites is on in a run and fires on a quarter of the calls.
    virtual bool fires(std::string_view site) = 0;
};

class World {
public:
    virtual ~World() = default;
    virtual NodeId node() const = 0;
    virtual Clock& clock() = 0;
    virtual Network& network() = 0;
    virtual Disk& disk() = 0;
    virtual Offload& offload() = 0;
    virtual Random& random() = 0;
    virtual Trace& trace() = 0;
    virtual Chaos& chaos() = 0;
    virtual FiberGroup& fibers() = 0;

    /// Starts a fiber of this node. `name` is a literal.
    FiberHandle spawn(const char* name, UniqueFunction<void()> body) {
        return fibers().scheduler().spawn(fibers(), name, std::move(body));
    }
    Scheduler& scheduler() { return fibers().scheduler(); }
    MonoTime now() { return clock().now(); }
    MonoTime deadline_in(Duration duration) { return saturating_add(now(), duration); }

    /// Suspends until now() >= `when`. Throws Killed.
    void sleep_until(MonoTime when);
    void sleep_for(Duration duration) { sleep_until(deadline_in(duration)); }
};

}  // namespace geode

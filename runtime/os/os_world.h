// SPDX-License-Identifier: Apache-2.0
#pragma once

// OsWorld: the production World of one node, on an event loop.
//
//     EventLoop loop;
//     LineTraceSink sink;
//     GEODE_TRY(auto world, OsWorld::create(loop, {.node = NodeId(1), .data_dir = "/var/lib/geode",
//                                                  .trace_sink = &sink}));
//     SignalWatcher signals(loop, {SIGTERM, SIGINT}, [&](int) { loop.stop(); });
//     world->spawn("main", [&] { ... });
//     loop.run();
//     world->stop();   // before what the fibers refer to goes away
//
// Several Worlds may share a loop (a cluster in one process, tests). Ids, rather than pointers,
// name fibers in timers and waits, so nothing that completes late can reach a dead one.
//
// stop() is an orderly shutdown and not a crash: the network is dead and no fiber is left, but the
// disk still works, so that a storage engine can be closed after it. Blocking work then runs
// inline.

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/os/event_loop.h"
#include "runtime/os/trace_sink.h"
#include "runtime/world.h"

namespace geode::os {

class OsWorld final : public World {
public:
    struct Options {
        NodeId node = NodeId(0);            ///< 0 for programs that are no node, such as the shell
        std::string data_dir = {};          ///< "": no disk; every Disk call is `not_found`
        std::uint64_t random_seed = 0;      ///< 0: from the kernel
        std::uint32_t offload_threads = 4;  ///< 1..256
        TraceSink* trace_sink = nullptr;  ///< borrowed for the World's life; null drops all events
    };

    /// Opens the data directory (made if only its last component is missing) and starts the worker
    /// threads. Blocks. `loop` must outlive the World. Errors: as OsDisk::open_root().
    static Result<std::unique_ptr<OsWorld>> create(EventLoop& loop, Options options);
    /// stop(), if it has not been called.
    ~OsWorld() override;
    OsWorld(const OsWorld&) = delete;
    OsWorld& operator=(const OsWorld&) = delete;

    /// Closes listeners and connections, lets blocking work finish, joins the worker threads, and
    /// ends every fiber, in this order. Blocks as long as that work takes. On the loop's thread,
    /// outside any fiber. Idempotent.
    void stop();

    NodeId node() const override;
    Clock& clock() override;
    Network& network() override;
    Disk& disk() override;
    Offload& offload() override;
    Random& random() override;
    Trace& trace() override;
    Chaos& chaos() override;
    FiberGroup& fibers() override;

private:
    struct Parts;
    explicit OsWorld(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace geode::os

// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/os_world.h"

#include <sys/random.h>

#include <cerrno>

#include "base/assert.h"
#include "runtime/os/os_clock.h"
#include "runtime/os/os_disk.h"
#include "runtime/os/os_network.h"
#include "runtime/os/os_offload.h"

namespace geode::os {
namespace {

std::uint64_t kernel_seed() {
    std::uint64_t seed = 0;
    ssize_t count = 0;
    do {
        count = ::getrandom(&seed, sizeof seed, 0);
    } while (count < 0 && errno == EINTR);
    GEODE_ASSERT_MSG(count == sizeof seed, "getrandom never fails for 8 bytes");
    return seed;
}

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : root_(seed) {}
    Prng stream(std::string_view purpose) override { return root_.split(purpose); }

private:
    Prng root_;
};

class SinkTrace final : public Trace {
public:
    SinkTrace(Clock& clock, NodeId node, TraceSink* sink)
        : clock_(clock), node_(node), sink_(sink) {}
    void record(std::string_view name, std::span<const TraceField> fields) override {
        if (sink_ != nullptr) sink_->write(clock_.wall(), node_, name, fields);
    }

private:
    Clock& clock_;
    NodeId node_;
    TraceSink* sink_;
};

class NoChaos final : public Chaos {
public:
    bool fires(std::string_view) override { return false; }
};

}  // namespace

struct OsWorld::Parts {
    Parts(EventLoop& loop, const Options& options, std::unique_ptr<OsDisk> the_disk)
        : node(options.node),
          clock(loop),
          network(loop, clock),
          disk(std::move(the_disk)),
          offload(loop, options.offload_threads),
          random(options.random_seed != 0 ? options.random_seed : kernel_seed()),
          trace(clock, options.node, options.trace_sink),
          fibers(loop.scheduler()) {}

    NodeId node;
    OsClock clock;
    OsNetwork network;
    std::unique_ptr<OsDisk> disk;
    OsOffload offload;
    SeededRandom random;
    SinkTrace trace;
    NoChaos chaos;
    FiberGroup fibers;
};

Result<std::unique_ptr<OsWorld>> OsWorld::create(EventLoop& loop, Options options) {
    GEODE_TRY(std::unique_ptr<OsDisk> disk, OsDisk::open_root(options.data_dir));
    auto parts = std::make_unique<Parts>(loop, options, std::move(disk));
    return std::unique_ptr<OsWorld>(new OsWorld(std::move(parts)));
}

OsWorld::OsWorld(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

OsWorld::~OsWorld() {
    stop();
}

void OsWorld::stop() {
    Scheduler& scheduler = parts_->fibers.scheduler();
    GEODE_ASSERT_MSG(!scheduler.in_fiber(), "a fiber cannot end itself: use EventLoop::post()");
    parts_->network.stop();
    // Before the kill: fibers waiting for a worker cannot leave until it has let go of their stack.
    parts_->offload.stop();
    const bool ended = scheduler.kill(parts_->fibers);
    GEODE_ASSERT(ended);
    GEODE_ASSERT(parts_->fibers.size() == 0);
    GEODE_ASSERT(parts_->network.open_sockets() == 0);
}

NodeId OsWorld::node() const {
    return parts_->node;
}
Clock& OsWorld::clock() {
    return parts_->clock;
}
Network& OsWorld::network() {
    return parts_->network;
}
Disk& OsWorld::disk() {
    return *parts_->disk;
}
Offload& OsWorld::offload() {
    return parts_->offload;
}
Random& OsWorld::random() {
    return parts_->random;
}
Trace& OsWorld::trace() {
    return parts_->trace;
}
Chaos& OsWorld::chaos() {
    return parts_->chaos;
}
FiberGroup& OsWorld::fibers() {
    return parts_->fibers;
}

}  // namespace geode::os

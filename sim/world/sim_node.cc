// SPDX-License-Identifier: Apache-2.0
#include "sim/world/sim_node.h"

namespace geode::sim {

SimNode::SimNode(Engine& engine, NetworkFabric& network, Options options)
    : engine_(engine),
      network_(network),
      options_(std::move(options)),
      clock_(engine, options_.id, engine.stream("clock").split(options_.id.value())),
      disk_(engine, options_.id, engine.stream("disk").split(options_.id.value()),
            options_.disk_prices) {
    network_.add_host(options_.id, options_.host);
}

SimNode::~SimNode() {
    options_.on_down = {};
    crash(CrashKind::process);
}

void SimNode::note(std::string_view what, std::uint64_t value) {
    engine_.note(EventKind::lifecycle, options_.id, what, digest(what), value);
}

World& SimNode::world() {
    GEODE_ASSERT(running());
    return *world_;
}

void SimNode::boot() {
    GEODE_ASSERT(!running());
    GEODE_ASSERT(!engine_.scheduler().in_fiber());
    note("boot", ++lives_);
    clock_.start_life();
    network_.host_up(options_.id);
    const std::uint32_t life = disk_.start_life();
    worlds_.push_back(std::make_unique<SimWorld>(
        SimWorld::Parts{engine_, network_, clock_, disk_, options_.id, life, options_.chaos}));
    world_ = worlds_.back().get();
    if (options_.start) program_ = options_.start(*world_);
}

void SimNode::crash(CrashKind kind) {
    if (!running()) return;
    GEODE_ASSERT_MSG(!engine_.scheduler().in_fiber(), "crash() from inside a fiber");
    note("crash", static_cast<std::uint64_t>(kind));
    engine_.faults().injected(FaultFamily::crash);
    engine_.faults().observed(FaultFamily::crash);
    engine_.set_paused(options_.id, false);
    world_->die();
    clock_.end_life();
    disk_.end_life();
    const bool empty = engine_.scheduler().kill(world_->fibers());
    GEODE_ASSERT_MSG(empty, "a fiber survived its node");
    program_.reset();
    if (kind == CrashKind::power_loss && options_.disk_faults) disk_.lose_power();
    network_.host_down(options_.id, kind);
    world_ = nullptr;
    if (options_.on_down) options_.on_down(*this);
}

void SimNode::pause() {
    if (!running() || paused()) return;
    note("pause", 1);
    engine_.faults().injected(FaultFamily::pause);
    engine_.set_paused(options_.id, true);
    engine_.scheduler().freeze(world_->fibers());
}

void SimNode::resume() {
    if (!paused()) return;
    note("pause", 0);
    engine_.set_paused(options_.id, false);
    engine_.scheduler().thaw(world_->fibers());
}

void SimNode::crash_after_disk_ops(std::uint64_t count) {
    GEODE_ASSERT(running());
    disk_.crash_after_operations(count, [this, life = lives_] {
        engine_.call_at(engine_.now(), "crash_after_disk_ops", [this, life] {
            if (running() && lives_ == life) crash(CrashKind::power_loss);
        });
    });
}

void SimNode::set_chaos(bool on) {
    options_.chaos = on;
    if (running()) world_->set_chaos(on);
}

void SimNode::heal() {
    resume();
    clock_.heal();
    disk_.heal();
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#include "sim/world/sim_disk.h"

#include <algorithm>

namespace geode::sim {

using Operation = SimDisk::Operation;

SimDisk::SimDisk(Engine& engine, NodeId node, Prng random, DiskPrices prices)
    : engine_(engine), node_(node), random_(random), prices_(prices) {}

void SimDisk::note(std::string_view what, std::uint64_t value) {
    engine_.note(EventKind::fault, node_, what, digest(what), value);
}

// ---- life ----

std::uint32_t SimDisk::start_life() {
    GEODE_ASSERT(!alive_);
    alive_ = true;
    dead_under_node_ = false;
    cost_ = Duration(0);
    return ++life_;
}

void SimDisk::end_life() {
    GEODE_ASSERT(alive_);
    alive_ = false;
    locks_.clear();
    operations_left_.reset();
    on_death_ = {};
}

PowerLossReport SimDisk::lose_power() {
    GEODE_ASSERT(!alive_);
    FaultCounters& faults = engine_.faults();
    if (power_loss_options_.lose_data) faults.injected(FaultFamily::lost_unsynced);
    if (power_loss_options_.lose_names) faults.injected(FaultFamily::lost_names);
    if (power_loss_options_.tear) faults.injected(FaultFamily::torn_write);
    const PowerLossReport report = image_.power_loss(
        random_, power_loss_options_, power_loss_mode_ ? &*power_loss_mode_ : nullptr);
    faults.observed(FaultFamily::lost_unsynced, report.bytes_lost);
    faults.observed(FaultFamily::lost_names, report.names_lost);
    faults.observed(FaultFamily::torn_write, report.writes_torn);
    note("power_loss", static_cast<std::uint64_t>(report.mode));
    note("power_loss_bytes", report.bytes_lost);
    note("power_loss_names", report.names_lost);
    return report;
}

// ---- one operation ----

Result<void> SimDisk::begin(std::uint32_t life, Operation operation, std::uint64_t subject,
                            std::uint64_t payload, std::size_t bytes) {
    if (!current(life)) return make_error(ErrorCode::io_error, "the node is dead");
    GEODE_ASSERT_MSG(offloaded_ || !engine_.scheduler().in_fiber(),
                     "a fiber uses the disk outside Offload::run");
    engine_.note(EventKind::disk, node_, "",
                 (std::uint64_t{static_cast<std::uint8_t>(operation)} << 56) ^ subject, payload);
    if (operations_left_ && (*operations_left_)-- == 0) {
        operations_left_.reset();
        dead_under_node_ = true;
        note("disk_death", 0);
        on_death_();
    }
    if (dead_under_node_) {
        engine_.faults().observed(FaultFamily::disk_death);
        return make_error(ErrorCode::io_error, "the disk died");
    }
    cost_ += price(operation, bytes);
    return ask_faults(operation);
}

Duration SimDisk::price(Operation operation, std::size_t bytes) {
    Duration cost{0};
    switch (operation) {
        case Operation::sync:
        case Operation::sync_dir: cost = random_.between(prices_.sync_min, prices_.sync_max); break;
        case Operation::read:
        case Operation::write:
        case Operation::size:
        case Operation::truncate:
            cost = random_.between(prices_.small_min, prices_.small_max);
            break;
        default: cost = random_.between(prices_.name_min, prices_.name_max); break;
    }
    cost += Duration(static_cast<std::int64_t>(bytes) * 1'000'000'000 / prices_.bytes_per_second);
    if (slowness_ > 1) {
        cost *= slowness_;
        engine_.faults().observed(FaultFamily::disk_latency);
    }
    // It starts after what this call has already run up.
    const SimTime start = after(engine_.now(), cost_);
    if (stalled_until_ > start) {
        cost += stalled_until_ - start;
        engine_.faults().observed(FaultFamily::disk_stall);
    }
    return cost;
}

Result<void> SimDisk::ask_faults(Operation operation) {
    if (operation == Operation::write) return ask_room();
    if (read_error_one_in_ != 0 && operation == Operation::read &&
        random_.chance(1, read_error_one_in_)) {
        engine_.faults().observed(FaultFamily::read_error);
        return make_error(ErrorCode::io_error, "read error");
    }
    return {};
}

Result<void> SimDisk::ask_room() {
    if (!full_) return {};
    engine_.faults().observed(FaultFamily::disk_full);
    return make_error(ErrorCode::disk_full);
}

bool SimDisk::draw_sync_failure() {
    if (sync_failure_one_in_ == 0 || !random_.chance(1, sync_failure_one_in_)) return false;
    engine_.faults().observed(FaultFamily::sync_failure);
    return true;
}

// ---- faults ----

void SimDisk::set_slowness(std::int64_t factor) {
    GEODE_ASSERT(factor >= 1 && factor <= 10'000);
    note("disk_latency", static_cast<std::uint64_t>(factor));
    if (factor > 1) engine_.faults().injected(FaultFamily::disk_latency);
    slowness_ = factor;
}

void SimDisk::start_stall(Duration length) {
    GEODE_ASSERT(length.count() > 0);
    note("disk_stall", static_cast<std::uint64_t>(length.count()));
    engine_.faults().injected(FaultFamily::disk_stall);
    stalled_until_ = std::max(stalled_until_, after(engine_.now(), length));
}

void SimDisk::stop_stall() {
    note("disk_stall", 0);
    stalled_until_ = SimTime{};
}

void SimDisk::set_full(bool on) {
    note("disk_full", on ? 1 : 0);
    if (on) engine_.faults().injected(FaultFamily::disk_full);
    full_ = on;
}

void SimDisk::set_read_errors(std::uint32_t one_in) {
    note("read_error", one_in);
    if (one_in > 0) engine_.faults().injected(FaultFamily::read_error);
    read_error_one_in_ = one_in;
}

void SimDisk::set_sync_failures(std::uint32_t one_in) {
    note("sync_failure", one_in);
    if (one_in > 0) engine_.faults().injected(FaultFamily::sync_failure);
    sync_failure_one_in_ = one_in;
}

void SimDisk::crash_after_operations(std::uint64_t count, UniqueFunction<void()> on_death) {
    GEODE_ASSERT(alive_);
    note("crash_after_operations", count);
    engine_.faults().injected(FaultFamily::disk_death);
    operations_left_ = count;
    on_death_ = std::move(on_death);
}

void SimDisk::heal() {
    note("disk_heal", 0);
    slowness_ = 1;
    stalled_until_ = SimTime{};
    full_ = false;
    read_error_one_in_ = 0;
    sync_failure_one_in_ = 0;
    if (!dead_under_node_) operations_left_.reset();
}

}  // namespace geode::sim

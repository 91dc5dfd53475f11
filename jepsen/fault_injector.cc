// SPDX-License-Identifier: Apache-2.0
#include "jepsen/fault_injector.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/os/unique_fd.h"

namespace geode::jepsen {
namespace {

using sim::Fault;
using sim::FaultKind;

constexpr const char* no_preload = "libgeode_faults.so cannot be preloaded";

/// The kinds that are one setting of the control page, and the counter of each one's effect.
struct PageKind {
    FaultKind kind;
    std::atomic<std::uint64_t> ControlPage::* counter;
};
const PageKind page_kinds[] = {
    {FaultKind::clock_offset, &ControlPage::wall_reads_wrong},
    {FaultKind::clock_step, &ControlPage::wall_reads_wrong},
    {FaultKind::clock_freeze, &ControlPage::wall_reads_wrong},
    {FaultKind::clock_drift, &ControlPage::monotonic_reads_wrong},
    {FaultKind::clock_rate, &ControlPage::monotonic_reads_wrong},
    {FaultKind::timer_late, &ControlPage::timers_late},
    {FaultKind::disk_latency, &ControlPage::disk_calls_slowed},
    {FaultKind::disk_stall, &ControlPage::disk_calls_stalled},
};

const PageKind* find_page_kind(FaultKind kind) {
    const auto* const found = std::ranges::find(page_kinds, kind, &PageKind::kind);
    return found == std::end(page_kinds) ? nullptr : found;
}

/// Takes all space that is left on the file's disk.
Result<void> fill_disk(const std::string& path) {
    const os::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return make_error(ErrorCode::io_error, path + ": " + std::strerror(errno));
    const std::string block(64 << 10, 'x');
    std::size_t bytes = block.size();
    while (bytes > 0) {
        // Smaller and smaller pieces: the last page counts.
        if (::write(file.get(), block.data(), bytes) < 0) bytes /= 2;
    }
    return {};
}

Result<void> empty_disk(const std::string& path) {
    if (::unlink(path.c_str()) == 0) return {};
    return make_error(ErrorCode::io_error, path + ": " + std::strerror(errno));
}

}  // namespace

std::string FaultInjector::why_not(FaultKind kind) const {
    if (find_page_kind(kind) != nullptr) {
        return pages_.empty() ? no_preload : "";
    }
    switch (kind) {
        case FaultKind::crash:
        case FaultKind::pause: return "";
        case FaultKind::short_io:
            return "the kernel cuts reads and writes as it likes, not on demand";
        case FaultKind::chaos_site: return "code-site faults never fire in production";
        default: break;
    }
    if (lab_ == nullptr) return why_no_lab_;
    const auto missing = [&](bool there, std::string_view name) -> std::string {
        if (there) return {};
        for (const std::string& text : lab_->missing()) {
            if (text.starts_with(name)) return text;
        }
        return std::string(name);
    };
    switch (kind) {
        case FaultKind::slow_link: return missing(lab_->can_limit(), "htb");
        case FaultKind::delay:
        case FaultKind::packet_duplicate:
        case FaultKind::packet_reorder: return missing(lab_->can_delay(), "detour");
        case FaultKind::disk_full: return "";
        case FaultKind::reset: return missing(lab_->can_reset(), "ss --kill");
        default: return missing(lab_->can_filter(), "nftables");
    }
}

void FaultInjector::leave_out(const std::string& kind, std::string reason) {
    NotInjected& entry = not_injected_[kind];
    ++entry.count;
    entry.reason = std::move(reason);
}

sim::FaultEffect& FaultInjector::effect(FaultKind kind) {
    return effects_[std::string(sim::to_string(kind))];
}

Result<bool> FaultInjector::begin(std::size_t index, ActiveFault fault) {
    const FaultKind kind = fault.fault->kind;
    if (std::string reason = why_not(kind); !reason.empty()) {
        leave_out(std::string(sim::to_string(kind)), std::move(reason));
        return false;
    }
    if (!fault.has_target()) return false;
    ++effect(kind).injected;
    if (kind == FaultKind::reset) {
        GEODE_TRY_VOID(reset(fault));
        return true;
    }
    if (kind == FaultKind::clock_step) {
        for (const std::uint32_t node : fault.nodes) {
            pages_.at(node - 1).step_wall(fault.fault->parameter("step_us"));
        }
        return true;
    }
    if (kind == FaultKind::crash) GEODE_TRY_VOID(begin_crash(fault));
    active_[index] = std::move(fault);
    GEODE_TRY_VOID(apply());
    return true;
}

Result<void> FaultInjector::end(std::size_t index) {
    const auto ended = active_.extract(index);
    if (ended.empty()) return {};
    if (ended.mapped().fault->kind == FaultKind::crash) return end_crash(ended.mapped());
    GEODE_TRY_VOID(apply());
    if (ended.mapped().fault->kind == FaultKind::disk_full) return end_disk_full(ended.mapped());
    return {};
}

Result<void> FaultInjector::flip(std::size_t index) {
    const auto found = active_.find(index);
    if (found == active_.end()) return {};
    found->second.down = !found->second.down;
    return apply();
}

/// Keeps the nodes that this fault, and no other, takes down.
Result<void> FaultInjector::begin_crash(ActiveFault& active) {
    const Fault& fault = *active.fault;
    const std::int64_t operations = fault.parameter("after_disk_ops");
    const sim::PowerLoss loss = sim::power_loss_of(fault);
    if (disks_.empty()) {
        if (loss.options.lose_data) leave_out("lost_unsynced", no_preload);
        if (loss.options.tear) leave_out("torn_write", no_preload);
        if (loss.options.lose_names) leave_out("lost_names", no_preload);
    }
    std::erase_if(active.nodes, [&](std::uint32_t node) { return !cluster_.running(node); });
    for (const std::uint32_t node : active.nodes) {
        if (operations > 0 && !pages_.empty()) {
            pages_.at(node - 1).die_after_disk_ops(operations);
            continue;
        }
        if (operations > 0) leave_out("disk_death", no_preload);
        cluster_.kill(node);
        ++effect(FaultKind::crash).observed;
    }
    return {};
}

Result<void> FaultInjector::end_crash(const ActiveFault& active) {
    for (const std::uint32_t node : active.nodes) {
        if (!pages_.empty()) pages_.at(node - 1).die_after_disk_ops(0);
        if (cluster_.running(node) && active.fault->parameter("after_disk_ops") > 0) {
            // Its disk was too idle to reach the n-th call.
            cluster_.kill(node);
            ++effect(FaultKind::crash).observed;
        }
        if (cluster_.running(node)) continue;
        const sim::PowerLoss loss = sim::power_loss_of(*active.fault);
        if (loss.loses() && !disks_.empty()) GEODE_TRY_VOID(lose_power(node, loss));
        GEODE_TRY_VOID(start(node));
    }
    return {};
}

/// Runs the call, which may write the node's files anew. What fills a disk is not the node's, and
/// must not be in their way.
template <class Call>
Result<void> FaultInjector::with_room(std::uint32_t node, Call call) {
    const std::string filler = cluster_.disk_directory(node) + "/filler";
    const bool full = full_.contains(node);
    return world_.offload().run([&]() -> Result<void> {
        if (full) GEODE_TRY_VOID(empty_disk(filler));
        GEODE_TRY_VOID(call(disks_.at(node - 1)));
        return full ? fill_disk(filler) : Result<void>();
    });
}

Result<void> FaultInjector::lose_power(std::uint32_t node, const sim::PowerLoss& loss) {
    sim::PowerLossReport report;
    GEODE_TRY_VOID(with_room(node, [&](ShadowDisk& disk) -> Result<void> {
        GEODE_TRY(report, disk.lose_power(random_, loss));
        return {};
    }));
    const auto count = [this](FaultKind kind, bool asked, std::uint64_t lost) {
        if (!asked) return;
        ++effect(kind).injected;
        effect(kind).observed += lost;
    };
    count(FaultKind::lost_unsynced, loss.options.lose_data, report.bytes_lost);
    count(FaultKind::torn_write, loss.options.tear, report.writes_torn);
    count(FaultKind::lost_names, loss.options.lose_names, report.names_lost);
    return {};
}

/// Every start goes through here: the tale of the process that is gone must be taken note of before
/// another one goes on with it.
Result<void> FaultInjector::start(std::uint32_t node) {
    if (!disks_.empty()) {
        GEODE_TRY_VOID(with_room(node, [](ShadowDisk& disk) { return disk.resume(); }));
    }
    return cluster_.start(node);
}

/// Whoever made room starts the process again, given up or not. One that is down is another fault's
/// to start.
Result<void> FaultInjector::end_disk_full(const ActiveFault& active) {
    for (const std::uint32_t node : active.nodes) {
        if (full_.contains(node)) continue;  // of another fault
        if (cluster_.running(node)) {
            cluster_.kill(node);
        } else if (!gave_up_.contains(node)) {
            continue;
        }
        gave_up_.erase(node);
        GEODE_TRY_VOID(start(node));
    }
    return {};
}

/// Makes just these nodes' disks be full.
Result<void> FaultInjector::fill_disks(const std::set<std::uint32_t>& nodes) {
    for (std::uint32_t node = 1; node <= cluster_.nodes(); ++node) {
        const bool fill = nodes.contains(node);
        if (fill == full_.contains(node)) continue;
        const std::string file = cluster_.disk_directory(node) + "/filler";
        GEODE_TRY_VOID(
            world_.offload().run([&] { return fill ? fill_disk(file) : empty_disk(file); }));
        if (fill) full_.insert(node);
        if (!fill) full_.erase(node);
    }
    return {};
}

Result<void> FaultInjector::reset(const ActiveFault& active) {
    for (const sim::Link& link : active.links) {
        GEODE_TRY(const std::uint64_t broken,
                  world_.offload().run([&] { return lab_->reset_connections(link); }));
        effect(FaultKind::reset).observed += broken;
    }
    return {};
}

Result<void> FaultInjector::apply() {
    const LabState state = state_of(active_);
    for (std::uint32_t node = 1; node <= cluster_.nodes(); ++node) {
        const bool pause = state.paused.contains(node);
        if (pause && !paused_.contains(node)) {
            const bool stopped = world_.offload().run([&] { return cluster_.pause(node); });
            if (stopped) ++effect(FaultKind::pause).observed;
            paused_.insert(node);
        } else if (!pause && paused_.erase(node) != 0) {
            world_.offload().run([&] { return cluster_.resume(node); });
        }
        if (pages_.empty()) continue;
        const auto found = state.controls.find(node);
        const NodeControls wanted = found == state.controls.end() ? NodeControls() : found->second;
        if (wanted == controls_[node]) continue;
        controls_[node] = wanted;
        pages_.at(node - 1).set(wanted);
    }
    if (lab_ == nullptr) return {};
    GEODE_TRY_VOID(fill_disks(state.full));
    return world_.offload().run([&] { return lab_->apply(state.network); });
}

Result<void> FaultInjector::heal_all() {
    const ActiveFaults ended = std::exchange(active_, {});
    GEODE_TRY_VOID(apply());
    for (const auto& [index, active] : ended) {
        if (active.fault->kind == FaultKind::disk_full) GEODE_TRY_VOID(end_disk_full(active));
        if (active.fault->kind == FaultKind::crash) GEODE_TRY_VOID(end_crash(active));
    }
    for (ControlFile& page : pages_) page.die_after_disk_ops(0);
    for (std::uint32_t node = 1; node <= cluster_.nodes(); ++node) {
        if (!cluster_.running(node)) GEODE_TRY_VOID(start(node));
    }
    return {};
}

bool FaultInjector::takes_end(const ProcessEnd& end) {
    if (!end.by_signal && full_.contains(end.node)) {
        ++effect(FaultKind::disk_full).observed;
        gave_up_.insert(end.node);
        return true;
    }
    if (!end.by_signal || end.status != SIGKILL) return false;
    return std::ranges::any_of(active_, [&](const auto& entry) {
        const ActiveFault& active = entry.second;
        return active.fault->kind == FaultKind::crash &&
               active.fault->parameter("after_disk_ops") > 0 &&
               std::ranges::count(active.nodes, end.node) > 0;
    });
}

std::uint64_t FaultInjector::page_counts(std::atomic<std::uint64_t> ControlPage::* counter) const {
    std::uint64_t sum = 0;
    for (const ControlFile& page : pages_) sum += (page.page().*counter).load();
    return sum;
}

Result<std::map<std::string, sim::FaultEffect>> FaultInjector::effects() {
    std::map<std::string, sim::FaultEffect> effects = effects_;
    if (lab_ != nullptr) {
        GEODE_TRY(const auto packets, world_.offload().run([&] { return lab_->counters(); }));
        for (const auto& [name, count] : packets) {
            if (effects.contains(name)) effects[name].observed += count;
        }
    }
    for (const PageKind& page_kind : page_kinds) {
        const auto found = effects.find(std::string(sim::to_string(page_kind.kind)));
        if (found != effects.end()) found->second.observed += page_counts(page_kind.counter);
    }
    const auto crash = effects.find(std::string(sim::to_string(FaultKind::crash)));
    if (crash != effects.end()) crash->second.observed += page_counts(&ControlPage::disk_deaths);
    return Result<std::map<std::string, sim::FaultEffect>>(std::move(effects));
}

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
#include "jepsen/chaos_run.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "jepsen/client_world.h"
#include "jepsen/final_look.h"
#include "jepsen/nemesis.h"
#include "runtime/os/event_loop.h"
#include "runtime/os/os_world.h"
#include "runtime/os/signals.h"

namespace geode::jepsen {
namespace {

using sim::FaultKind;
using sim::RunVerdict;

constexpr Duration poll_interval = milliseconds(50);
/// Room for any workload here, and quickly filled.
constexpr std::uint64_t small_disk_bytes = std::uint64_t{128} << 20;

class ChaosRun {
public:
    ChaosRun(os::EventLoop& loop, const ChaosOptions& options, Lab* lab)
        : loop_(loop), options_(options), lab_(lab), progress_(options.schedule.clients) {}

    Result<ChaosReport> run();

private:
    Result<World*> new_world();
    Result<void> prepare();
    std::vector<NodePlace> places() const;
    AddressMap addresses(std::uint32_t client) const;
    Result<void> drive();
    Result<bool> boot();
    Result<void> start_clients();
    bool wait_for_answers();
    void stop_clients();
    void look_at_the_end(bool alive);
    void end_processes();
    void find(RunVerdict verdict, std::string explanation);
    Result<void> report();

    os::EventLoop& loop_;
    const ChaosOptions& options_;
    Lab* lab_;
    ChaosReport report_;
    std::vector<std::unique_ptr<os::OsWorld>> worlds_;
    std::vector<std::unique_ptr<ClientWorld>> client_worlds_;
    World* world_ = nullptr;  ///< of the harness itself, as one more client
    std::vector<ControlFile> pages_;
    std::vector<ShadowDisk> disks_;
    std::optional<ProcessCluster> cluster_;
    std::optional<OperationLog> log_;
    std::optional<LeaderWatch> leaders_;
    std::optional<FaultInjector> injector_;
    std::optional<Nemesis> nemesis_;
    std::unique_ptr<Workload> workload_;
    std::vector<std::unique_ptr<node::Client>> clients_;
    std::vector<FiberHandle> fibers_;
    std::vector<workloads::Progress> progress_;
    workloads::Control control_;
    bool interrupted_ = false;
};

/// The first finding of the worst kind stays.
void ChaosRun::find(RunVerdict verdict, std::string explanation) {
    sim::RunResult& result = report_.result;
    if (sim::severity(verdict) <= sim::severity(result.verdict)) {
        if (verdict != RunVerdict::pass) result.explanation += "\nand: " + explanation;
        return;
    }
    const std::string before = std::exchange(result.explanation, std::move(explanation));
    if (!before.empty()) result.explanation += "\nand: " + before;
    result.verdict = verdict;
}

Result<World*> ChaosRun::new_world() {
    os::OsWorld::Options options;
    options.random_seed = options_.seed * 1000 + worlds_.size() + 1;
    options.offload_threads = 1;
    GEODE_TRY(std::unique_ptr<os::OsWorld> world, os::OsWorld::create(loop_, options));
    worlds_.push_back(std::move(world));
    const auto number = static_cast<std::uint32_t>(client_worlds_.size() + 1);
    client_worlds_.push_back(std::make_unique<ClientWorld>(*worlds_.back(), addresses(number)));
    return client_worlds_.back().get();
}

/// Everybody knows a node by its address among peers; a client reaches it by one of its own.
AddressMap ChaosRun::addresses(std::uint32_t client) const {
    AddressMap map;
    for (std::uint32_t node = 1; lab_ != nullptr && node <= options_.schedule.nodes; ++node) {
        map[{node_address(0, node), client_port}] = {node_address(client, node), client_port};
    }
    return map;
}

std::vector<NodePlace> ChaosRun::places() const {
    std::vector<NodePlace> places;
    for (std::uint32_t node = 1; lab_ != nullptr && node <= options_.schedule.nodes; ++node) {
        NodePlace place;
        place.client = {node_address(0, node), client_port};
        place.cluster = {node_address(0, node), cluster_port};
        place.client_listen = {"0.0.0.0", client_port};
        place.cluster_listen = {"0.0.0.0", cluster_port};
        place.prefix = lab_->inside(node);
        places.push_back(std::move(place));
    }
    return places;
}

Result<void> ChaosRun::prepare() {
    ProcessClusterOptions processes;
    processes.node_binary = options_.node_binary;
    processes.directory = options_.directory;
    processes.nodes = options_.schedule.nodes;
    processes.places = places();
    GEODE_TRY(ProcessCluster cluster, ProcessCluster::create(std::move(processes)));
    cluster_.emplace(std::move(cluster));
    if (needs_preload(options_.schedule) && !options_.preload_library.empty()) {
        for (std::uint32_t node = 1; node <= options_.schedule.nodes; ++node) {
            const std::string path = fmt::format("{}/n{}.control", options_.directory, node);
            GEODE_TRY(ControlFile page, ControlFile::create(path));
            pages_.push_back(std::move(page));
            GEODE_TRY(ShadowDisk disk,
                      ShadowDisk::create(cluster_->disk_directory(node) + "/data",
                                         fmt::format("{}/n{}.journal", options_.directory, node)));
            // A node built with AddressSanitizer insists on being first otherwise.
            cluster_->add_prefix(
                node, {"/usr/bin/env", "ASAN_OPTIONS=verify_asan_link_order=0",
                       "LD_PRELOAD=" + options_.preload_library, "GEODE_FAULT_PAGE=" + path,
                       "GEODE_DISK_JOURNAL=" + disk.journal()});
            disks_.push_back(std::move(disk));
        }
    }
    const bool fills = std::ranges::any_of(options_.schedule.faults, [](const sim::Fault& fault) {
        return fault.kind == FaultKind::disk_full;
    });
    for (std::uint32_t node = 1; fills && lab_ != nullptr && node <= cluster_->nodes(); ++node) {
        GEODE_TRY_VOID(lab_->mount_small_disk(cluster_->disk_directory(node), small_disk_bytes));
    }
    std::vector<std::string> logs;
    for (std::uint32_t node = 1; node <= options_.schedule.nodes; ++node) {
        logs.push_back(cluster_->log_file(node));
    }
    leaders_.emplace(std::move(logs));
    injector_.emplace(*world_, *cluster_, lab_, pages_, disks_,
                      Prng(options_.seed).split("power_loss"), options_.why_no_lab);
    log_.emplace(world_->clock());
    nemesis_.emplace(*world_, options_.schedule, *cluster_, *injector_, *leaders_, *log_);
    WorkloadOptions tuning = options_.tuning;
    tuning.clients = options_.schedule.clients;
    tuning.pace.think_time_mean = Duration(static_cast<std::int64_t>(
        1e9 * options_.schedule.clients / std::max(options_.operations_per_s, 0.001)));
    workload_ = make_workload(options_.workload, tuning, world_->clock(), *log_);
    GEODE_ASSERT_MSG(workload_ != nullptr, "the caller knows the workloads");
    return {};
}

/// False if no node became leader.
Result<bool> ChaosRun::boot() {
    for (std::uint32_t node = 1; node <= cluster_->nodes(); ++node) {
        GEODE_TRY_VOID(cluster_->start(node));
    }
    const MonoTime deadline = world_->deadline_in(2 * options_.liveness_bound);
    while (!leaders_->leader() && !nemesis_->crash() && world_->now() < deadline) {
        nemesis_->watch_for(poll_interval, interrupted_);
        if (interrupted_) break;
    }
    if (nemesis_->crash()) {
        find(RunVerdict::crash, *nemesis_->crash() + " while the cluster started");
        return false;
    }
    if (!leaders_->leader()) {
        find(RunVerdict::no_liveness, fmt::format("no leader within {} s of the start",
                                                  2 * options_.liveness_bound / seconds(1)));
        return false;
    }
    return true;
}

Result<void> ChaosRun::start_clients() {
    for (std::uint32_t number = 1; number <= options_.schedule.clients; ++number) {
        World* const world = client_worlds_.at(number - 1).get();
        node::ClientOptions options;
        options.endpoints = cluster_->client_addresses();
        options.id = number;
        clients_.push_back(std::make_unique<node::Client>(*world, options));
        fibers_.push_back(world->spawn("client", [this, world, number] {
            workload_->run_client(*world, *clients_[number - 1], number, control_,
                                  progress_[number - 1]);
        }));
    }
    return {};
}

/// True once every client has had an answer since the heal.
bool ChaosRun::wait_for_answers() {
    std::vector<std::uint64_t> before;
    for (const workloads::Progress& progress : progress_) before.push_back(progress.ok);
    const MonoTime deadline = world_->deadline_in(options_.liveness_bound);
    while (!nemesis_->crash()) {
        std::uint32_t waiting = 0;
        for (std::size_t i = 0; i < progress_.size(); ++i) waiting += progress_[i].ok == before[i];
        if (waiting == 0) return true;
        if (world_->now() >= deadline) {
            find(RunVerdict::no_liveness,
                 fmt::format("{} of {} clients got no answer within {} s of the heal", waiting,
                             progress_.size(), options_.liveness_bound / seconds(1)));
            return false;
        }
        const bool never_stop = false;
        nemesis_->watch_for(poll_interval, never_stop);
    }
    return false;
}

void ChaosRun::stop_clients() {
    control_.stop = true;
    for (FiberHandle& fiber : fibers_) fiber.join();
}

void ChaosRun::look_at_the_end(bool alive) {
    if (alive) {
        FinalLook look(*world_, *cluster_, *workload_);
        const FinalFindings findings = look.run(options_.liveness_bound);
        if (findings.violation) find(RunVerdict::violation, *findings.violation);
        if (findings.stuck) find(RunVerdict::no_liveness, *findings.stuck);
    }
    const Judgement judgement = workload_->judge();
    report_.checked = judgement.checked;
    report_.anomalies = judgement.anomalies;
    if (judgement.verdict == check::Verdict::invalid) {
        find(RunVerdict::violation, judgement.explanation);
    } else if (judgement.verdict == check::Verdict::unknown && alive) {
        // Not a pass: a checker that gives up must not look like one that agrees.
        find(RunVerdict::unrecoverable, judgement.explanation);
    }
}

void ChaosRun::end_processes() {
    for (std::uint32_t node = 1; node <= cluster_->nodes(); ++node) {
        if (!cluster_->running(node)) continue;
        const int status = cluster_->terminate(node);
        if (status != 0) {
            find(RunVerdict::crash,
                 fmt::format("n{} ended with status {} when asked to stop", node, status));
        }
    }
}

Result<void> ChaosRun::drive() {
    GEODE_TRY(const bool booted, boot());
    if (!booted) return {};
    GEODE_TRY_VOID(start_clients());
    const Result<void> faulted = nemesis_->run(interrupted_);
    const std::int64_t healed_ns = log_->elapsed_ns();
    const bool alive = faulted && wait_for_answers();
    stop_clients();
    GEODE_TRY_VOID(faulted);
    if (nemesis_->crash()) {
        find(RunVerdict::crash, *nemesis_->crash() + "; its last words are in its log");
    }
    look_at_the_end(alive);
    GEODE_TRY(report_.result.faults, injector_->effects());
    end_processes();
    report_.result.unavailable_max_s = longest_silence_s(log_->events(), healed_ns);
    return {};
}

Result<void> ChaosRun::report() {
    sim::RunResult& result = report_.result;
    result.seed = options_.seed;
    result.schedule_hash = sim::schedule_hash(options_.schedule);
    result.workload = options_.workload;
    result.nodes = options_.schedule.nodes;
    result.duration = options_.schedule.duration;
    result.fault_kinds = options_.fault_kinds;
    result.network = lab_ != nullptr ? "namespaces" : "loopback";
    result.elections = leaders_->elections();
    std::vector<std::uint32_t> latencies_us;
    for (const workloads::Progress& progress : progress_) {
        result.ops.ok += progress.ok;
        result.ops.fail += progress.fail;
        result.ops.unknown += progress.unknown;
        latencies_us.insert(latencies_us.end(), progress.latencies_us.begin(),
                            progress.latencies_us.end());
    }
    if (!latencies_us.empty()) {
        std::ranges::sort(latencies_us);
        result.latency_p50_ms = latencies_us[latencies_us.size() / 2] / 1000.0;
        result.latency_max_ms = latencies_us.back() / 1000.0;
    }
    if (!result.passed()) result.schedule = options_.schedule;
    report_.not_injected = injector_->not_injected();
    if (lab_ != nullptr) report_.missing = lab_->missing();
    report_.events = log_->events();
    report_.wall_s = static_cast<double>(log_->elapsed_ns()) / 1e9;
    return {};
}

Result<ChaosReport> ChaosRun::run() {
    std::error_code failure;
    std::filesystem::create_directories(options_.directory, failure);
    if (failure) {
        return make_error(ErrorCode::io_error, options_.directory + ": " + failure.message());
    }
    // One World per client, and one more for the harness, whose links no fault touches.
    for (std::uint32_t i = 0; i <= options_.schedule.clients; ++i) {
        GEODE_TRY(world_, new_world());
    }
    GEODE_TRY_VOID(prepare());
    Result<void> outcome;
    world_->spawn("chaos", [&] {
        outcome = drive();
        loop_.stop();
    });
    {
        os::SignalWatcher signals(loop_, {SIGINT, SIGTERM}, [&](int) {
            if (std::exchange(interrupted_, true)) loop_.stop();
        });
        loop_.run();
    }
    for (auto& world : worlds_) world->stop();
    clients_.clear();
    GEODE_TRY_VOID(outcome);
    GEODE_TRY_VOID(report());
    return std::move(report_);
}

}  // namespace

bool needs_preload(const sim::Schedule& schedule) {
    constexpr FaultKind kinds[] = {FaultKind::clock_offset, FaultKind::clock_drift,
                                   FaultKind::clock_step,   FaultKind::clock_freeze,
                                   FaultKind::clock_rate,   FaultKind::timer_late,
                                   FaultKind::disk_latency, FaultKind::disk_stall};
    return std::ranges::any_of(schedule.faults, [&](const sim::Fault& fault) {
        if (fault.kind == FaultKind::crash) {
            return fault.parameter("after_disk_ops") > 0 || sim::power_loss_of(fault).loses();
        }
        return std::ranges::count(kinds, fault.kind) > 0;
    });
}

double longest_silence_s(const std::vector<Event>& events, std::int64_t until_ns) {
    std::int64_t longest_ns = 0;
    std::int64_t last_ns = 0;
    for (const Event& event : events) {
        if (event.time_ns > until_ns) break;
        if (!event.is_answer()) continue;
        longest_ns = std::max(longest_ns, event.time_ns - last_ns);
        last_ns = event.time_ns;
    }
    longest_ns = std::max(longest_ns, until_ns - last_ns);
    return static_cast<double>(longest_ns) / 1e9;
}

Result<ChaosReport> run_chaos(const ChaosOptions& options, Lab* lab) {
    os::EventLoop loop;
    return ChaosRun(loop, options, lab).run();
}

}  // namespace geode::jepsen

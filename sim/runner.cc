// SPDX-License-Identifier: Apache-2.0
#include "sim/runner.h"

#include <algorithm>

#include "base/probe.h"
#include "sim/fault_executor.h"
#include "sim/inspection.h"

namespace geode::sim {
namespace {

constexpr Duration slice = milliseconds(100);
constexpr std::size_t trace_tail_lines = 40;

double seconds_of(Duration duration) {
    return static_cast<double>(duration.count()) / 1e9;
}

std::map<std::string, std::uint64_t> probe_hits() {
    std::map<std::string, std::uint64_t> hits;
    for (const Probe& probe : all_probes()) {
        hits[probe.name] += probe.hits.load(std::memory_order_relaxed);
    }
    return hits;
}

/// One run in progress.
class Run {
public:
    Run(const RunOptions& options, RunHooks& hooks);
    RunResult execute();

private:
    void start_clients();
    bool step_slice();
    template <class Condition>
    bool run_until(Duration bound, Condition condition);
    void fault_phase();
    bool every_client_progressed();
    void liveness_phase();
    void stop_clients();
    void inspection_phase();
    void judge(RunResult& result);
    void fill(RunResult& result);
    void fill_clients(RunResult& result) const;
    std::uint64_t answered() const;
    void stuck(std::string what);

    const RunOptions& options_;
    RunHooks& hooks_;
    const Prng root_;
    const Schedule schedule_;
    const Knobs knobs_;
    const std::map<std::string, std::uint64_t> probes_before_ = probe_hits();
    std::unique_ptr<WorkloadDriver> driver_;
    std::vector<workloads::Progress> progress_;
    std::vector<std::uint64_t> answered_at_heal_;
    workloads::Control control_;
    Inspection inspection_;
    Cluster cluster_;  // after what its fibers use, so that they are gone first
    FaultExecutor executor_;
    Duration bound_{0};
    std::optional<std::string> stuck_;
    SimTime last_answer_;
    std::uint64_t answered_seen_ = 0;
    Duration outage_max_{0};
};

Knobs knobs_of(const RunOptions& options) {
    if (options.knobs) return *options.knobs;
    return draw_knobs(Prng(options.seed).split("protocol"));
}

ClusterOptions cluster_options(const RunOptions& options, const Schedule& schedule,
                               const Knobs& knobs, RunHooks& hooks) {
    ClusterOptions cluster;
    cluster.seed = options.seed;
    cluster.nodes = schedule.nodes;
    cluster.clients = schedule.clients;
    cluster.knobs = knobs;
    cluster.event_log = hooks.event_log;
    cluster.trace_ring_entries = trace_tail_lines;
    cluster.trace_sink = std::move(hooks.trace);
    return cluster;
}

std::unique_ptr<WorkloadDriver> driver_of(const RunOptions& options, const Schedule& schedule,
                                          const Knobs& knobs) {
    const WorkloadSetup setup{schedule.clients, schedule.duration, knobs, options.graph};
    if (options.make_driver != nullptr) return options.make_driver(setup);
    const WorkloadSpec* const spec = find_workload(options.workload);
    GEODE_ASSERT_MSG(spec != nullptr, "the caller has checked the name");
    return spec->make(setup);
}

Run::Run(const RunOptions& options, RunHooks& hooks)
    : options_(options),
      hooks_(hooks),
      root_(options.seed),
      schedule_(schedule_of(options)),
      knobs_(knobs_of(options)),
      driver_(driver_of(options, schedule_, knobs_)),
      progress_(schedule_.clients),
      answered_at_heal_(schedule_.clients),
      cluster_(cluster_options(options, schedule_, knobs_, hooks)),
      executor_(cluster_, schedule_),
      bound_(options.liveness_bound + 20 * knobs_.election_timeout_max +
             2 * knobs_.operation_deadline + 50 * knobs_.wan_one_way) {
    if (hooks_.current) hooks_.current(&cluster_.simulation());
}

// ---- running ----

std::uint64_t Run::answered() const {
    std::uint64_t count = 0;
    for (const workloads::Progress& progress : progress_) count += progress.ok;
    return count;
}

/// Runs a little; false once a finding ends the run.
bool Run::step_slice() {
    Simulation& simulation = cluster_.simulation();
    simulation.run_for(slice);
    const std::uint64_t now_answered = answered();
    const bool asking = !std::ranges::all_of(progress_, &workloads::Progress::finished);
    if (now_answered != answered_seen_ || !asking) last_answer_ = simulation.now();
    answered_seen_ = now_answered;
    outage_max_ = std::max(outage_max_, simulation.now() - last_answer_);
    return !cluster_.finding();
}

/// True as soon as the condition holds; false at the bound or on a finding.
template <class Condition>
bool Run::run_until(Duration bound, Condition condition) {
    const SimTime end = after(cluster_.simulation().now(), bound);
    while (!condition()) {
        if (cluster_.simulation().now() >= end || !step_slice()) return false;
    }
    return true;
}

void Run::stuck(std::string what) {
    if (!stuck_ && !cluster_.finding()) stuck_ = std::move(what);
}

void Run::start_clients() {
    cluster_.boot_clients();
    for (std::uint32_t number = 1; number <= cluster_.clients(); ++number) {
        World& world = cluster_.client_world(number);
        world.spawn("workload", [this, &world, number] {
            node::Client client(world, cluster_.client_options(number));
            driver_->run_client(world, client, number, control_, progress_[number - 1]);
        });
    }
}

void Run::fault_phase() {
    last_answer_ = cluster_.simulation().now();
    executor_.arm();
    start_clients();
    const SimTime end = after(cluster_.simulation().now(), schedule_.duration);
    while (cluster_.simulation().now() < end && step_slice()) {
    }
}

bool Run::every_client_progressed() {
    for (std::size_t i = 0; i < progress_.size(); ++i) {
        if (!progress_[i].finished && progress_[i].ok == answered_at_heal_[i]) return false;
    }
    return !cluster_.leader().is_none();
}

void Run::liveness_phase() {
    executor_.heal_all();
    for (std::size_t i = 0; i < progress_.size(); ++i) answered_at_heal_[i] = progress_[i].ok;
    if (!run_until(bound_, [this] { return every_client_progressed(); })) {
        std::string who;
        for (std::size_t i = 0; i < progress_.size(); ++i) {
            if (progress_[i].finished || progress_[i].ok != answered_at_heal_[i]) continue;
            who += " c" + std::to_string(i + 1);
        }
        return stuck("no progress within " + duration_text(bound_) + " after everything healed: " +
                     (who.empty() ? "there is no leader" : "no answer for" + who));
    }
    // Work that must be finished goes on as long as it gets on.
    while (!driver_->complete()) {
        const std::uint64_t before = answered();
        const auto got_on = [&] { return driver_->complete() || answered() > before; };
        if (!run_until(bound_, got_on)) {
            return stuck("the work does not complete after everything healed");
        }
    }
}

void Run::stop_clients() {
    control_.stop = true;
    const auto all_finished = [this] {
        return std::ranges::all_of(progress_, &workloads::Progress::finished);
    };
    if (!run_until(bound_, all_finished)) stuck("a client does not return from its operation");
}

void Run::inspection_phase() {
    World& world = cluster_.client_world(1);
    world.spawn("inspection",
                [this, &world] { inspect(cluster_, world, *driver_, bound_, inspection_); });
    if (!run_until(bound_ + seconds(300), [this] { return inspection_.done; })) {
        stuck("the inspection of the replicas does not end");
    }
    if (inspection_.stuck) stuck(*inspection_.stuck);
}

RunResult Run::execute() {
    cluster_.boot_all();
    const auto has_leader = [this] { return !cluster_.leader().is_none(); };
    if (run_until(bound_, has_leader)) {
        fault_phase();
        if (!cluster_.finding()) liveness_phase();
        if (!cluster_.finding()) stop_clients();
        if (!cluster_.finding() && !stuck_) inspection_phase();
    } else {
        stuck("no leader within " + duration_text(bound_) + " after boot");
    }
    RunResult result;
    fill(result);
    judge(result);
    if (hooks_.current) hooks_.current(nullptr);
    return result;
}

// ---- the result ----

void Run::judge(RunResult& result) {
    const FinalGraph* const graph = inspection_.graph ? &*inspection_.graph : nullptr;
    std::optional<std::string> wrong = cluster_.finding();
    if (!wrong) wrong = inspection_.violation;
    // Judged in any case, so that there is a history to look at.
    std::optional<std::string> seen = driver_->judge(graph);
    if (!wrong) wrong = std::move(seen);
    if (const auto edn = hooks_.history ? driver_->history_edn() : std::nullopt) {
        hooks_.history(*edn);
    }
    if (wrong) {
        result.verdict = RunVerdict::violation;
        result.explanation = *wrong;
    } else if (stuck_) {
        result.verdict = RunVerdict::no_liveness;
        result.explanation = *stuck_;
    }
    if (result.passed()) return;
    result.schedule = schedule_;
    for (const TraceRecord* record : cluster_.simulation().trace_tail()) {
        result.trace_tail.push_back(record->to_line());
    }
}

void Run::fill_clients(RunResult& result) const {
    std::vector<std::uint32_t> latencies_us;
    for (const workloads::Progress& progress : progress_) {
        result.ops.ok += progress.ok;
        result.ops.fail += progress.fail;
        result.ops.unknown += progress.unknown;
        latencies_us.insert(latencies_us.end(), progress.latencies_us.begin(),
                            progress.latencies_us.end());
    }
    if (latencies_us.empty()) return;
    const auto middle = latencies_us.begin() + std::ssize(latencies_us) / 2;
    std::nth_element(latencies_us.begin(), middle, latencies_us.end());
    result.latency_p50_ms = *middle / 1e3;
    result.latency_max_ms = std::ranges::max(latencies_us) / 1e3;
}

void Run::fill(RunResult& result) {
    Simulation& simulation = cluster_.simulation();
    result.seed = options_.seed;
    result.hash = simulation.hash();
    result.schedule_hash = schedule_hash(schedule_);
    result.workload = options_.workload;
    result.nodes = schedule_.nodes;
    result.duration = schedule_.duration;
    result.fault_kinds = to_string(options_.faults);
    if (options_.graph != nullptr) result.graph = options_.graph->name;
    result.network = knobs_.network == NetworkKind::lan
                         ? "lan"
                         : "wan" + std::to_string(knobs_.wan_one_way / milliseconds(1));
    result.sim_s = seconds_of(simulation.now().time_since_epoch());
    result.events = simulation.events();
    result.elections = cluster_.elections();
    result.unavailable_max_s = seconds_of(outage_max_);
    fill_clients(result);
    for (std::size_t i = 0; i < fault_family_count; ++i) {
        const auto family = static_cast<FaultFamily>(i);
        const FaultCount& count = simulation.faults()[family];
        if (count == FaultCount{}) continue;
        result.faults[std::string(to_string(family))] = {count.injected, count.observed};
    }
    for (const auto& [name, hits] : probe_hits()) {
        const auto before = probes_before_.find(name);
        result.probes[name] = hits - (before == probes_before_.end() ? 0 : before->second);
    }
    result.reproduce = reproduce_line(options_);
}

}  // namespace

RunResult run(const RunOptions& options, RunHooks hooks) {
    Run run(options, hooks);
    return run.execute();
}

RunResult verify(const RunOptions& options, UniqueFunction<void(Simulation*)> current) {
    EventLog log;
    const auto once = [&] {
        RunHooks hooks;
        hooks.event_log = &log;
        if (current) hooks.current = [&](Simulation* simulation) { current(simulation); };
        return run(options, std::move(hooks));
    };
    RunResult result = once();
    log.start_comparing();
    const RunResult again = once();
    std::optional<Divergence> divergence = log.divergence();
    if (!divergence && again.hash == result.hash) return result;
    result.verdict = RunVerdict::nondeterminism;
    if (divergence) {
        result.explanation = "two runs differ first at event " + std::to_string(divergence->index) +
                             "\n  run 1: " + divergence->first + "\n  run 2: " + divergence->second;
    } else {
        result.explanation = "two runs have different hashes and no differing event";
    }
    result.reproduce += " --verify";
    return result;
}

Schedule schedule_of(const RunOptions& options) {
    if (options.schedule) return *options.schedule;
    DrawOptions draw;
    draw.nodes = options.nodes;
    draw.clients = options.clients;
    draw.duration = options.duration;
    draw.kinds = options.faults;
    return draw_schedule(Prng(options.seed).split("faults"), draw);
}

std::string reproduce_line(const RunOptions& options) {
    std::string line = "geode-sim run --seed " + std::to_string(options.seed);
    if (options.schedule) {
        line += " --schedule ";
        line += options.schedule_file.empty() ? "SCHEDULE" : options.schedule_file;
    } else {
        line += " --nodes " + std::to_string(options.nodes);
        line += " --duration " + duration_text(options.duration);
        line += " --faults " + to_string(options.faults);
    }
    if (options.graph != nullptr && !options.graph->name.empty()) {
        return line + " --graph " + options.graph->name;
    }
    return line + " --workload " + options.workload;
}

}  // namespace geode::sim

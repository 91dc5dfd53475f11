// SPDX-License-Identifier: Apache-2.0
#include "jepsen/failover.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "cli/graph_files.h"
#include "graph/csv_load.h"
#include "node/client/client.h"
#include "runtime/os/event_loop.h"
#include "runtime/os/os_world.h"
#include "workloads/check/formats.h"
#include "workloads/check/linearizability.h"
#include "workloads/load.h"
#include "workloads/record/register_history.h"

namespace geode::jepsen {
namespace {

// Apart from any id of a loaded graph.
constexpr std::uint64_t first_written = 1'000'000'000'000;
constexpr std::uint64_t first_register = 2'000'000'000'000;
constexpr std::uint32_t registers = 4;
constexpr std::uint32_t load_clients = 8;
constexpr std::uint64_t load_batch = 500;
constexpr Duration settle_timeout = seconds(30);
constexpr Duration operation_timeout = seconds(5);

using workloads::Ending;

class Failover {
public:
    Failover(os::EventLoop& loop, ProcessCluster& cluster, const FailoverOptions& options)
        : loop_(loop), cluster_(cluster), options_(options) {}

    Result<FailoverReport> run();

private:
    Result<World*> new_world();
    node::ClientOptions client_options(std::uint64_t id) const;
    Result<void> start_cluster();
    Result<std::uint32_t> find_leader(Duration timeout);
    Result<void> load_graph();
    Result<void> start_clients();
    void write_forever(World& world);
    Result<void> kill_leader();
    void note_gap(MonoTime killed_at);
    Result<void> stop_clients();
    void judge();
    void judge_writes(const std::vector<graph::Vertex>& vertices);
    void judge_graph(const std::vector<graph::Vertex>& vertices, std::vector<graph::Edge> edges);
    void judge_replicas();
    void judge_history();
    void problem(std::string text) { report_.problems.push_back(std::move(text)); }
    Result<void> drive();

    os::EventLoop& loop_;
    ProcessCluster& cluster_;
    const FailoverOptions& options_;
    std::vector<std::unique_ptr<os::OsWorld>> worlds_;
    World* world_ = nullptr;  ///< of the run itself
    FailoverReport report_;
    cli::GraphFiles files_;

    workloads::Control control_;
    std::vector<workloads::Progress> progress_;
    std::vector<std::unique_ptr<node::Client>> clients_;
    std::vector<FiberHandle> fibers_;
    std::unique_ptr<workloads::RegisterHistory> history_;
    std::int64_t next_value_ = 1;

    std::uint64_t next_written_ = first_written;
    std::set<std::uint64_t> acknowledged_;
    std::vector<MonoTime> acknowledged_at_;
};

Result<World*> Failover::new_world() {
    os::OsWorld::Options options;
    options.random_seed = options_.seed * 1000 + worlds_.size() + 1;
    options.offload_threads = 1;
    GEODE_TRY(std::unique_ptr<os::OsWorld> world, os::OsWorld::create(loop_, options));
    worlds_.push_back(std::move(world));
    return worlds_.back().get();
}

node::ClientOptions Failover::client_options(std::uint64_t id) const {
    node::ClientOptions options;
    options.endpoints = cluster_.client_addresses();
    options.id = id;
    return options;
}

Result<void> Failover::start_cluster() {
    for (std::uint32_t i = 1; i <= cluster_.nodes(); ++i) GEODE_TRY_VOID(cluster_.start(i));
    GEODE_TRY([[maybe_unused]] const std::uint32_t leader, find_leader(settle_timeout));
    return {};
}

/// The node that says it leads, in the highest term said.
Result<std::uint32_t> Failover::find_leader(Duration timeout) {
    const MonoTime deadline = world_->deadline_in(timeout);
    node::Client client(*world_, client_options(0));
    while (world_->now() < deadline) {
        std::uint32_t leader = 0;
        Term term;
        for (std::uint32_t i = 1; i <= cluster_.nodes(); ++i) {
            const auto status =
                client.status(cluster_.client_address(i), world_->deadline_in(milliseconds(200)));
            if (!status || status->role != "leader" || status->term <= term) continue;
            leader = i;
            term = status->term;
        }
        if (leader != 0) return leader;
        world_->sleep_for(milliseconds(20));
    }
    return make_error(ErrorCode::timed_out, "no leader; see the nodes' log files");
}

Result<void> Failover::load_graph() {
    if (options_.graph_directory.empty()) return {};
    GEODE_TRY(files_, cli::read_graph_files(options_.graph_directory, options_.graph_prefix));
    report_.graph_vertices = files_.vertices.size();
    report_.graph_edges = files_.edges.size();
    workloads::LoadQueue queue(graph::to_batches(files_.vertices, {}, load_batch),
                               graph::to_batches({}, files_.edges, load_batch));
    std::vector<workloads::Progress> progress(load_clients);
    std::vector<FiberHandle> loaders;
    workloads::Pace pace;
    pace.think_time_mean = microseconds(100);
    pace.deadline = seconds(10);
    for (std::uint32_t i = 0; i < load_clients; ++i) {
        loaders.push_back(world_->spawn("loader", [&, i] {
            node::Client client(*world_, client_options(i));
            workloads::run_load_client(*world_, client, pace, control_, queue, progress[i]);
        }));
    }
    for (FiberHandle& loader : loaders) loader.join();
    if (!queue.complete()) return make_error(ErrorCode::unavailable, "the graph was not loaded");
    fmt::print(stderr, "loaded {} vertices and {} edges\n", report_.graph_vertices,
               report_.graph_edges);
    return {};
}

Result<void> Failover::start_clients() {
    progress_.resize(options_.register_clients);
    history_ = std::make_unique<workloads::RegisterHistory>(world_->clock());
    for (std::uint32_t i = 0; i < options_.register_clients; ++i) {
        GEODE_TRY(World * world, new_world());
        clients_.push_back(std::make_unique<node::Client>(*world, client_options(i)));
        fibers_.push_back(world->spawn("register client", [this, world, i] {
            workloads::RegisterOptions options;
            options.client = i;
            options.clients = options_.register_clients;
            options.first_key = VertexId(first_register);
            options.keys = registers;
            options.pace.think_time_mean = milliseconds(5);
            workloads::run_register_client(*world, *clients_[i], options, control_, next_value_,
                                           *history_, progress_[i]);
        }));
    }
    GEODE_TRY(World * writer, new_world());
    fibers_.push_back(writer->spawn("writer", [this, writer] { write_forever(*writer); }));
    return {};
}

void Failover::write_forever(World& world) {
    node::ClientOptions options = client_options(0);
    // The gap a client sees is what is measured, so this one is as eager as clients get.
    options.attempt_timeout = milliseconds(100);
    options.retry_delay_min = milliseconds(2);
    options.retry_delay_max = milliseconds(20);
    node::Client client(world, options);
    while (!control_.stop) {
        const std::uint64_t id = next_written_++;
        graph::Vertex vertex;
        vertex.id = VertexId(id);
        const auto outcome =
            client.write(graph::PutVertex{vertex}, world.deadline_in(operation_timeout));
        if (outcome && outcome->is_ok()) {
            acknowledged_.insert(id);
            acknowledged_at_.push_back(world.now());
        } else {
            ++report_.unknown;
        }
        world.sleep_for(options_.write_interval);
    }
}

Result<void> Failover::kill_leader() {
    GEODE_TRY(const std::uint32_t leader, find_leader(settle_timeout));
    const MonoTime killed_at = world_->now();
    cluster_.kill(leader);
    ++report_.kills;
    world_->sleep_for(options_.down_time);
    note_gap(killed_at);
    fmt::print(stderr, "kill {:>2}/{}: leader n{}, no acknowledged write for {:.0f} ms\n",
               report_.kills, options_.kills, leader, report_.gaps_ms.back());
    GEODE_TRY_VOID(cluster_.start(leader));
    world_->sleep_for(options_.between_kills);
    return {};
}

/// The longest time without an acknowledgement that touches the time since the kill.
void Failover::note_gap(MonoTime killed_at) {
    Duration longest{0};
    MonoTime previous = killed_at;
    const auto first =
        std::lower_bound(acknowledged_at_.begin(), acknowledged_at_.end(), killed_at);
    if (first != acknowledged_at_.begin()) previous = *(first - 1);
    for (auto at = first; at != acknowledged_at_.end(); ++at) {
        longest = std::max(longest, *at - previous);
        previous = *at;
    }
    longest = std::max(longest, world_->now() - previous);
    report_.gaps_ms.push_back(std::chrono::duration<double, std::milli>(longest).count());
}

Result<void> Failover::stop_clients() {
    control_.stop = true;
    for (FiberHandle& fiber : fibers_) fiber.join();
    report_.acknowledged = acknowledged_.size();
    for (const workloads::Progress& progress : progress_) {
        report_.register_operations += progress.ok;
        report_.unknown += progress.unknown;
    }
    return {};
}

void Failover::judge() {
    const auto leader = find_leader(settle_timeout);
    if (!leader) return problem(leader.error().describe());
    node::Client client(*world_, client_options(0));
    const Address at = cluster_.client_address(*leader);
    const auto vertices = client.scan_vertices(at, node::Consistency::linearizable,
                                               world_->deadline_in(settle_timeout));
    auto edges = client.scan_edges(at, graph::Direction::out, node::Consistency::linearizable,
                                   world_->deadline_in(settle_timeout));
    if (!vertices || !edges) {
        return problem("the leader's graph cannot be read: " +
                       (!vertices ? vertices.error() : edges.error()).describe());
    }
    judge_writes(*vertices);
    judge_graph(*vertices, *std::move(edges));
    judge_replicas();
    judge_history();
}

void Failover::judge_writes(const std::vector<graph::Vertex>& vertices) {
    std::set<std::uint64_t> present;
    for (const graph::Vertex& vertex : vertices) present.insert(vertex.id.value());
    for (const std::uint64_t id : acknowledged_) {
        if (!present.contains(id)) {
            problem(fmt::format("acknowledged vertex {} is not there", id));
        }
    }
}

void Failover::judge_graph(const std::vector<graph::Vertex>& vertices,
                           std::vector<graph::Edge> edges) {
    std::map<VertexId, const graph::Vertex*> found;
    for (const graph::Vertex& vertex : vertices) {
        if (vertex.id.value() < first_written) found.emplace(vertex.id, &vertex);
    }
    if (found.size() != files_.vertices.size()) {
        problem(fmt::format("{} vertices of the graph instead of {}", found.size(),
                            files_.vertices.size()));
    }
    for (const graph::Vertex& expected : files_.vertices) {
        const auto at = found.find(expected.id);
        if (at == found.end() || *at->second != expected) {
            return problem(fmt::format("vertex {} is missing or altered", expected.id.value()));
        }
    }
    std::vector<graph::Edge> expected = files_.edges;
    const auto by_key = [](const graph::Edge& a, const graph::Edge& b) { return a.key < b.key; };
    std::sort(expected.begin(), expected.end(), by_key);
    std::sort(edges.begin(), edges.end(), by_key);
    if (edges != expected) {
        problem(fmt::format("the edges are not those of the files ({} instead of {})", edges.size(),
                            expected.size()));
    }
}

/// All replicas at one applied index, with one digest.
void Failover::judge_replicas() {
    node::Client client(*world_, client_options(0));
    const MonoTime deadline = world_->deadline_in(settle_timeout);
    while (world_->now() < deadline) {
        std::set<std::pair<LogIndex, std::uint64_t>> digests;
        std::set<LogIndex> indexes;
        for (std::uint32_t i = 1; i <= cluster_.nodes(); ++i) {
            const auto digest =
                client.digest(cluster_.client_address(i), world_->deadline_in(seconds(10)));
            if (!digest) {
                indexes.insert(LogIndex());
                continue;
            }
            digests.insert(*digest);
            indexes.insert(digest->first);
        }
        if (indexes.size() == 1 && !indexes.begin()->is_none()) {
            if (digests.size() != 1) problem("replicas differ at the same applied index");
            return;
        }
        world_->sleep_for(milliseconds(50));
    }
    problem("the replicas did not reach one applied index");
}

void Failover::judge_history() {
    const check::History history = history_->finish();
    if (!options_.history_file.empty()) {
        const auto text = check::to_json_lines(history);
        std::ofstream file(options_.history_file, std::ios::binary);
        if (!text || !(file << *text)) problem("cannot write " + options_.history_file);
    }
    const auto model = check::make_register_model();
    const auto result = check::check_linearizability(history, *model);
    if (!result) return problem("the history cannot be checked: " + result.error().describe());
    if (result->verdict != check::Verdict::valid) {
        problem("the history is not linearizable: " + result->explanation);
    }
}

Result<void> Failover::drive() {
    GEODE_TRY_VOID(start_cluster());
    GEODE_TRY_VOID(load_graph());
    GEODE_TRY_VOID(start_clients());
    world_->sleep_for(seconds(1));
    for (std::uint32_t i = 0; i < options_.kills; ++i) GEODE_TRY_VOID(kill_leader());
    GEODE_TRY_VOID(stop_clients());
    judge();
    for (std::uint32_t i = 1; i <= cluster_.nodes(); ++i) {
        const int status = cluster_.terminate(i);
        if (status != 0) problem(fmt::format("n{} ended with status {}", i, status));
    }
    return {};
}

Result<FailoverReport> Failover::run() {
    GEODE_TRY(world_, new_world());
    Result<void> outcome;
    world_->spawn("failover", [&] {
        outcome = drive();
        loop_.stop();
    });
    loop_.run();
    for (auto& world : worlds_) world->stop();
    clients_.clear();
    GEODE_TRY_VOID(outcome);
    return std::move(report_);
}

}  // namespace

Result<FailoverReport> run_failover(ProcessCluster& cluster, const FailoverOptions& options) {
    os::EventLoop loop;
    return Failover(loop, cluster, options).run();
}

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
#include "cli/admin.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/graph_files.h"
#include "graph/csv_load.h"
#include "runtime/sync.h"

namespace geode::cli {
namespace {

using nlohmann::json;
using node::Client;
using node::RemoteStatus;

void complain(const std::string& text) {
    fmt::print(stderr, "geode: {}\n", text);
}

/// What each endpoint answered, asked all at once.
struct Answer {
    Address endpoint;
    Result<RemoteStatus> status = make_error(ErrorCode::timed_out);
};

std::vector<Answer> ask_all(World& world, const AdminOptions& options) {
    std::vector<Answer> answers;
    for (const Address& endpoint : options.endpoints) answers.push_back({endpoint});
    std::vector<FiberHandle> fibers;
    for (Answer& answer : answers) {
        fibers.push_back(world.spawn("status", [&world, &options, &answer] {
            Client client(world, {.endpoints = options.endpoints});
            answer.status = client.status(answer.endpoint, world.deadline_in(options.timeout));
        }));
    }
    for (FiberHandle& fiber : fibers) fiber.join();
    return answers;
}

/// The node that says of itself that it leads, in the highest term said; null if none does.
const RemoteStatus* find_leader(const std::vector<Answer>& answers) {
    const RemoteStatus* leader = nullptr;
    for (const Answer& answer : answers) {
        if (!answer.status || answer.status->role != "leader") continue;
        if (leader == nullptr || answer.status->term > leader->term) leader = &*answer.status;
    }
    // A node in a later term has seen, or is about to see, another leader elected.
    for (const Answer& answer : answers) {
        if (leader != nullptr && answer.status && answer.status->term > leader->term) {
            return nullptr;
        }
    }
    return leader;
}

json status_json(const Answer& answer) {
    json out{{"endpoint", answer.endpoint.to_string()}, {"reachable", answer.status.has_value()}};
    if (!answer.status) {
        out["error"] = answer.status.error().describe();
        return out;
    }
    const RemoteStatus& status = *answer.status;
    out.update({{"node", status.node.value()},
                {"cluster", status.cluster},
                {"role", status.role},
                {"term", status.term.value()},
                {"leader", status.leader.value()},
                {"commit", status.commit.value()},
                {"applied", status.applied.value()},
                {"first", status.first.value()},
                {"last", status.last.value()},
                {"healthy", status.healthy},
                {"version", status.version}});
    for (const RemoteStatus::Peer& peer : status.peers) {
        out["peers"].push_back({{"node", peer.node.value()},
                                {"match", peer.match.value()},
                                {"last_heard_ms", peer.since_heard / milliseconds(1)}});
    }
    return out;
}

json value_json(const graph::Value& value) {
    switch (value.kind()) {
        case graph::ValueKind::null: return nullptr;
        case graph::ValueKind::boolean: return value.boolean();
        case graph::ValueKind::int64: return value.int64();
        case graph::ValueKind::float64: return value.float64();
        case graph::ValueKind::string: return value.string();
        case graph::ValueKind::list: {
            json list = json::array();
            for (const graph::Value& element : value.list()) list.push_back(value_json(element));
            return list;
        }
    }
    return nullptr;
}

json properties_json(const graph::Properties& properties) {
    json out = json::object();
    for (const auto& [name, value] : properties) out[name] = value_json(value);
    return out;
}

/// JSON must be UTF-8; Geode's strings are bytes, so what is not is replaced in the output.
void print_json(const json& value, int indent = -1) {
    fmt::print("{}\n", value.dump(indent, ' ', false, json::error_handler_t::replace));
}

node::Consistency consistency(bool local) {
    return local ? node::Consistency::local : node::Consistency::linearizable;
}

std::string labels_text(const graph::Labels& labels) {
    std::string text;
    for (const std::string& label : labels) text += ":" + label;
    return text;
}

}  // namespace

int show_status(World& world, const AdminOptions& options) {
    const std::vector<Answer> answers = ask_all(world, options);
    const RemoteStatus* leader = find_leader(answers);
    int failures = 0;
    json all = json::array();
    if (!options.json) {
        fmt::print("{:<22} {:>4} {:<9} {:>5} {:>6} {:>10} {:>10} {:>6}  {}\n", "ENDPOINT", "NODE",
                   "ROLE", "TERM", "LEADER", "COMMIT", "APPLIED", "LAG", "STATUS");
    }
    for (const Answer& answer : answers) {
        if (!answer.status) ++failures;
        if (options.json) {
            all.push_back(status_json(answer));
        } else if (!answer.status) {
            fmt::print("{:<22} {:>4} {:<9} {:>5} {:>6} {:>10} {:>10} {:>6}  {}\n",
                       answer.endpoint.to_string(), "-", "-", "-", "-", "-", "-", "-",
                       "failed (" + answer.status.error().describe() + ")");
        } else {
            const RemoteStatus& status = *answer.status;
            const std::uint64_t lag = leader != nullptr && leader->commit > status.applied
                                          ? leader->commit - status.applied
                                          : 0;
            fmt::print("{:<22} {:>4} {:<9} {:>5} {:>6} {:>10} {:>10} {:>6}  {}\n",
                       answer.endpoint.to_string(), status.node.value(), status.role,
                       status.term.value(), status.leader.value(), status.commit.value(),
                       status.applied.value(), lag, status.healthy ? "healthy" : "failed");
        }
    }
    if (options.json) print_json(all, 2);
    return failures == 0 ? 0 : exit_failed;
}

int show_primary(World& world, const AdminOptions& options) {
    const std::vector<Answer> answers = ask_all(world, options);
    const RemoteStatus* leader = find_leader(answers);
    if (leader == nullptr) {
        complain("no node says that it leads");
        return exit_failed;
    }
    if (options.json) {
        print_json({{"node", leader->node.value()}, {"term", leader->term.value()}});
    } else {
        fmt::print("{}\n", leader->node.value());
    }
    return 0;
}

int show_health(World& world, const AdminOptions& options) {
    const std::vector<Answer> answers = ask_all(world, options);
    const RemoteStatus* leader = find_leader(answers);
    std::size_t up = 0;
    for (const Answer& answer : answers) {
        const bool healthy = answer.status.has_value() && answer.status->healthy;
        if (healthy) ++up;
        if (!options.json) {
            fmt::print("{:<22} {}\n", answer.endpoint.to_string(),
                       healthy          ? "healthy"
                       : !answer.status ? "failed (" + answer.status.error().describe() + ")"
                                        : "failed (its disk refused)");
        }
    }
    const std::size_t members = leader != nullptr ? leader->peers.size() + 1 : answers.size();
    int exit = exit_unhealthy;
    if (leader != nullptr && up * 2 > members) {
        exit = up >= std::max(members, answers.size()) ? exit_healthy : exit_degraded;
    }
    const char* words[] = {"healthy", "degraded", "unhealthy"};
    if (options.json) {
        print_json({{"status", words[exit]},
                    {"up", up},
                    {"members", members},
                    {"leader", leader != nullptr ? leader->node.value() : 0}});
    } else {
        fmt::print("cluster {}: {} of {} nodes, {}\n", words[exit], up, members,
                   leader != nullptr ? fmt::format("leader {}", leader->node.value())
                                     : std::string("no leader"));
    }
    return exit;
}

int get_vertex(World& world, const AdminOptions& options, VertexId id, bool local) {
    Client client(world, {.endpoints = options.endpoints});
    const auto vertex =
        client.get_vertex(id, world.deadline_in(options.timeout), consistency(local));
    if (!vertex) {
        complain(vertex.error().describe());
        return exit_failed;
    }
    if (!vertex->has_value()) {
        complain(fmt::format("there is no vertex {}", id.value()));
        return exit_failed;
    }
    const graph::Vertex& found = **vertex;
    if (options.json) {
        print_json({{"id", id.value()},
                    {"labels", found.labels},
                    {"properties", properties_json(found.properties)}});
    } else {
        fmt::print("({}{} {})\n", id.value(), labels_text(found.labels),
                   graph::to_text(found.properties));
    }
    return 0;
}

int show_neighbors(World& world, const AdminOptions& options, const NeighborsQuery& query) {
    Client client(world, {.endpoints = options.endpoints});
    Bytes after;
    std::uint32_t shown = 0;
    do {
        const std::uint32_t left = query.limit == 0 ? 0 : query.limit - shown;
        const auto page =
            client.neighbors(query.vertex, query.direction, query.type, left, after,
                             world.deadline_in(options.timeout), consistency(query.local));
        if (!page) {
            complain(page.error().describe());
            return exit_failed;
        }
        for (const graph::Edge& edge : page->edges) {
            if (options.json) {
                print_json({{"from", edge.key.from.value()},
                            {"type", edge.key.type},
                            {"to", edge.key.to.value()},
                            {"rank", edge.key.rank},
                            {"properties", properties_json(edge.properties)}});
            } else {
                fmt::print("{} {}\n", graph::to_text(edge.key), graph::to_text(edge.properties));
            }
        }
        shown += static_cast<std::uint32_t>(page->edges.size());
        after = page->next;
    } while (!after.empty() && (query.limit == 0 || shown < query.limit));
    return 0;
}

// ---- load ----

namespace {

/// Sends batches from several clients at once; the first failure stops them all.
class Loader {
public:
    Loader(World& world, const AdminOptions& options, const LoadOptions& load)
        : world_(world), options_(options), load_(load), started_(world.now()) {}

    bool send(std::vector<graph::Batch> batches, const char* what) {
        batches_ = std::move(batches);
        next_ = 0;
        what_ = what;
        std::vector<FiberHandle> fibers;
        for (std::uint32_t i = 0; i < load_.parallel; ++i) {
            fibers.push_back(world_.spawn("loader", [this, i] { run(i); }));
        }
        for (FiberHandle& fiber : fibers) fiber.join();
        show(true);
        return !failed_;
    }

private:
    void run(std::uint32_t id) {
        Client client(world_,
                      {.endpoints = options_.endpoints, .id = id, .attempt_timeout = seconds(5)});
        while (next_ < batches_.size() && !failed_) {
            const graph::Batch& batch = batches_[next_++];
            // A batch is sent until it is in, or long enough to give up on the cluster.
            const auto outcome =
                client.write(graph::Command(batch), world_.deadline_in(12 * options_.timeout));
            if (!outcome || !outcome->is_ok()) {
                complain(outcome ? outcome->message : outcome.error().describe());
                failed_ = true;
                return;
            }
            done_ += batch.commands.size();
            show(false);
        }
    }

    void show(bool finished) {
        if (!load_.progress) return;
        if (!finished && world_.now() - shown_at_ < milliseconds(100)) return;
        shown_at_ = world_.now();
        const double took = std::chrono::duration<double>(world_.now() - started_).count();
        fmt::print(stderr, "\r{:<9} batch {}/{}  {} elements  {:.0f}/s {}", what_, next_,
                   batches_.size(), done_, static_cast<double>(done_) / std::max(took, 1e-3),
                   finished ? "\n" : "");
        std::fflush(stderr);
    }

    World& world_;
    const AdminOptions& options_;
    const LoadOptions& load_;
    MonoTime started_;
    MonoTime shown_at_ = MonoTime{};
    const char* what_ = "";
    std::vector<graph::Batch> batches_;
    std::size_t next_ = 0;
    std::uint64_t done_ = 0;
    bool failed_ = false;
};

}  // namespace

int load(World& world, const AdminOptions& options, const LoadOptions& load) {
    auto files = read_graph_files(load.directory, load.prefix);
    if (!files) {
        complain(files.error().message);
        return 2;
    }
    const std::size_t vertices = files->vertices.size();
    const std::size_t edges = files->edges.size();
    const MonoTime started = world.now();
    Loader loader(world, options, load);
    // Edges need their ends, so all vertices go first.
    if (!loader.send(graph::to_batches(std::move(files->vertices), {}, load.batch), "vertices") ||
        !loader.send(graph::to_batches({}, std::move(files->edges), load.batch), "edges")) {
        return exit_failed;
    }
    const double took = std::chrono::duration<double>(world.now() - started).count();
    if (options.json) {
        print_json({{"vertices", vertices}, {"edges", edges}, {"seconds", took}});
    } else {
        fmt::print("loaded {} vertices and {} edges in {:.2f} s\n", vertices, edges, took);
    }
    return 0;
}

}  // namespace geode::cli

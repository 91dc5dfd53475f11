// SPDX-License-Identifier: Apache-2.0
#include "sim/inspection.h"

#include <map>

#include "sim/graph_diff.h"

namespace geode::sim {
namespace {

constexpr Duration poll_interval = milliseconds(100);
constexpr Duration scan_deadline = seconds(60);

std::string server_name(std::uint32_t number) {
    return "n" + std::to_string(number);
}

Result<FinalGraph> read_replica(Cluster& cluster, World& world, node::Client& client,
                                std::uint32_t server) {
    const Address endpoint = cluster.client_address(server);
    const MonoTime deadline = world.deadline_in(scan_deadline);
    constexpr node::Consistency local = node::Consistency::local;
    FinalGraph graph;
    GEODE_TRY(graph.vertices, client.scan_vertices(endpoint, local, deadline));
    GEODE_TRY(graph.out_edges, client.scan_edges(endpoint, graph::Direction::out, local, deadline));
    GEODE_TRY(graph.in_edges, client.scan_edges(endpoint, graph::Direction::in, local, deadline));
    return graph;
}

/// Names the first record in which two replicas of one applied index differ.
std::string describe_difference(Cluster& cluster, World& world, node::Client& client,
                                std::uint32_t one, std::uint32_t other, LogIndex index) {
    const std::string left_name = server_name(one);
    const std::string right_name = server_name(other);
    std::string text = "replicas differ: " + left_name + " and " + right_name +
                       " at applied index " + std::to_string(index.value());
    Result<FinalGraph> left = read_replica(cluster, world, client, one);
    Result<FinalGraph> right = read_replica(cluster, world, client, other);
    if (!left || !right) {
        return text + ", and " + (left ? right_name : left_name) +
               " cannot be read: " + (left ? right : left).error().describe();
    }
    const DiffNames names{left_name, right_name};
    std::optional<std::string> where = first_difference(left->vertices, right->vertices, names);
    if (!where) where = first_difference(left->out_edges, right->out_edges, names);
    if (!where) where = first_key_difference(left->in_edges, right->in_edges, names);
    return text + ": " + where.value_or("outside the graph, in sessions or metadata");
}

/// One round over all replicas: true if they agree, with `note` saying what was seen if not.
bool replicas_agree(Cluster& cluster, World& world, node::Client& client, Inspection& into,
                    std::string& note) {
    std::map<LogIndex, std::pair<std::uint32_t, std::uint64_t>> seen;  // index -> server, digest
    bool all = true;
    note = "applied:";
    for (std::uint32_t server = 1; server <= cluster.nodes(); ++server) {
        const auto digest =
            client.digest(cluster.client_address(server), world.deadline_in(seconds(5)));
        note += " " + server_name(server) + "=";
        note += digest ? std::to_string(digest->first.value()) : digest.error().describe();
        if (!digest) {
            all = false;
            continue;
        }
        const auto [place, is_new] = seen.try_emplace(digest->first, server, digest->second);
        if (!is_new && place->second.second != digest->second) {
            into.violation = describe_difference(cluster, world, client, place->second.first,
                                                 server, digest->first);
            return false;
        }
    }
    return all && seen.size() == 1;
}

}  // namespace

void inspect(Cluster& cluster, World& world, WorkloadDriver& driver, Duration bound,
             Inspection& into) {
    node::Client client(world, cluster.client_options(1));
    if (const Result<void> read = driver.read_back(world, client, world.deadline_in(bound));
        !read) {
        into.stuck = "after the heal a final read failed: " + read.error().describe();
    }
    const MonoTime deadline = world.deadline_in(bound);
    std::string note;
    while (!into.stuck && !replicas_agree(cluster, world, client, into, note)) {
        if (into.violation) break;
        if (world.now() >= deadline) {
            into.stuck = "replicas do not catch up with each other (" + note + ")";
        } else {
            world.sleep_for(poll_interval);
        }
    }
    if (!into.stuck && !into.violation) {
        Result<FinalGraph> graph = read_replica(cluster, world, client, 1);
        if (graph) {
            into.graph = *std::move(graph);
        } else if (graph.code() == ErrorCode::corrupt) {
            into.violation = "n1 holds damaged data: " + graph.error().describe();
        } else {
            into.stuck = "n1 cannot be read: " + graph.error().describe();
        }
    }
    into.done = true;
}

}  // namespace geode::sim

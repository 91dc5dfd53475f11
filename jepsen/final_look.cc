// SPDX-License-Identifier: Apache-2.0
#include "jepsen/final_look.h"

#include <fmt/format.h>

#include <map>

namespace geode::jepsen {
namespace {

constexpr Duration poll_interval = milliseconds(100);
constexpr Duration one_answer = seconds(10);
constexpr Duration scan_bound = seconds(120);

}  // namespace

Result<workloads::FinalGraph> FinalLook::read_replica(node::Client& client, std::uint32_t number) {
    const Address endpoint = cluster_.client_address(number);
    const MonoTime deadline = world_.deadline_in(scan_bound);
    constexpr node::Consistency local = node::Consistency::local;
    workloads::FinalGraph graph;
    GEODE_TRY(graph.vertices, client.scan_vertices(endpoint, local, deadline));
    GEODE_TRY(graph.out_edges, client.scan_edges(endpoint, graph::Direction::out, local, deadline));
    GEODE_TRY(graph.in_edges, client.scan_edges(endpoint, graph::Direction::in, local, deadline));
    return Result<workloads::FinalGraph>(std::move(graph));
}

/// One round over all replicas: true if they agree, with `note` saying what was seen if not.
bool FinalLook::replicas_agree(node::Client& client, FinalFindings& findings, std::string& note) {
    std::map<LogIndex, std::pair<std::uint32_t, std::uint64_t>> seen;  // index -> node, digest
    bool all = true;
    note = "applied:";
    for (std::uint32_t number = 1; number <= cluster_.nodes(); ++number) {
        const auto digest =
            client.digest(cluster_.client_address(number), world_.deadline_in(one_answer));
        note +=
            fmt::format(" n{}={}", number,
                        digest ? std::to_string(digest->first.value()) : digest.error().describe());
        if (!digest) {
            all = false;
            continue;
        }
        const auto [place, is_new] = seen.try_emplace(digest->first, number, digest->second);
        if (!is_new && place->second.second != digest->second) {
            findings.violation = fmt::format("replicas differ: n{} and n{} at applied index {}",
                                             place->second.first, number, digest->first.value());
            return false;
        }
    }
    return all && seen.size() == 1;
}

FinalFindings FinalLook::run(Duration bound) {
    FinalFindings findings;
    node::ClientOptions options;
    options.endpoints = cluster_.client_addresses();
    node::Client client(world_, options);
    if (const auto read = workload_.read_back(world_, client, world_.deadline_in(bound)); !read) {
        findings.stuck = "after the heal a last read failed: " + read.error().describe();
        return findings;
    }
    const MonoTime deadline = world_.deadline_in(bound);
    std::string note;
    while (!replicas_agree(client, findings, note)) {
        if (findings.violation) break;
        if (world_.now() >= deadline) {
            findings.stuck = "replicas do not catch up with each other (" + note + ")";
            return findings;
        }
        world_.sleep_for(poll_interval);
    }
    Result<workloads::FinalGraph> graph = read_replica(client, 1);
    if (graph) {
        workload_.take_graph(*graph);
    } else if (graph.code() == ErrorCode::corrupt) {
        findings.violation = "n1 holds damaged data: " + graph.error().describe();
    } else {
        findings.stuck = "n1 cannot be read: " + graph.error().describe();
    }
    return findings;
}

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0

// Of a polygraph's graph, what the recording tells beside reads and writes: moments of real time,
// and a first guess at the order of commits.

#include <algorithm>

#include "base/hash_map.h"
#include "workloads/check/txn/polygraph_graph.h"

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t session_salt = 0x7365;

}  // namespace

/// One barrier before each run of beginnings that follows an end.
void PolygraphGraph::number_barriers() {
    struct End {
        std::uint64_t at;
        std::uint32_t node;
    };
    std::vector<End> ends;
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        const Transaction& transaction = history_.transactions[index_.sources[node]];
        if (transaction.completed != never_completed) ends.push_back({transaction.completed, node});
    }
    std::ranges::sort(ends, {}, &End::at);
    barrier_before_.assign(index_.count(), no_node);
    barrier_after_.assign(index_.count(), no_node);
    std::size_t next = 0;
    for (std::uint32_t node = 0; node < index_.count(); ++node) {  // as they began
        const std::size_t over = next;
        const std::uint64_t begun = history_.transactions[index_.sources[node]].invoked;
        while (next < ends.size() && ends[next].at < begun) {
            barrier_after_[ends[next++].node] = first_barrier_ + barriers_;
        }
        if (next > over) ++barriers_;
        if (barriers_ > 0) barrier_before_[node] = first_barrier_ + barriers_ - 1;
    }
}

/// A place in time for each node: mostly right.
std::vector<std::uint64_t> PolygraphGraph::places() const {
    std::vector<std::uint64_t> place(index_.count());
    if (!history_.timed) return places_by_session();
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        place[node] = history_.transactions[index_.sources[node]].completed;
    }
    // Of unknown outcome: before the first that read from it.
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        for (const RegisterRead& read : index_.reads_of(node)) {
            if (read.writer == no_node) continue;
            const Transaction& writer = history_.transactions[index_.sources[read.writer]];
            if (writer.completion == Completion::ok) continue;
            place[read.writer] = std::min(place[read.writer], place[node]);
        }
    }
    return place;
}

/// Without times: sessions in turns, each in its order even if the level does not keep it.
std::vector<std::uint64_t> PolygraphGraph::places_by_session() const {
    struct Latest {
        std::uint64_t turn = 0;
        std::uint32_t node = no_node;
    };
    std::vector<std::uint64_t> place(index_.count());
    std::vector<std::uint32_t> before(index_.count(), no_node);
    HashMap<std::int64_t, Latest> sessions(session_salt);
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        Latest& latest = sessions[history_.transactions[index_.sources[node]].process];
        before[node] = latest.node;
        latest.node = node;
        place[node] = (latest.turn++ << 32) | node;
    }
    if (order_ != KeptOrder::none) return place;
    OrderedGraph order(index_.count());
    const auto known = [&](const auto& each) {
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            if (before[node] != no_node) each(before[node], node);
            for (const RegisterRead& read : index_.reads_of(node)) {
                if (read.writer != no_node) each(read.writer, node);
            }
        }
    };
    if (!order.seal(known, place)) return place;
    for (std::uint32_t node = 0; node < index_.count(); ++node) place[node] = order.position(node);
    return place;
}

/// Among what could come next, the earliest; auxiliary nodes as early as they can.
std::vector<std::uint64_t> PolygraphGraph::priorities() const {
    const std::vector<std::uint64_t> place = places();
    std::vector<std::uint64_t> priorities(nodes_, 0);
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        priorities[high(node)] = 1 + std::min(place[node], UINT64_MAX - 1);
        priorities[low(node)] = priorities[high(node)];
        if (two_ && history_.timed) {
            priorities[low(node)] = 1 + history_.transactions[index_.sources[node]].invoked;
        }
    }
    return priorities;
}

}  // namespace geode::check::txn

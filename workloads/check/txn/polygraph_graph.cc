// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph_graph.h"

#include <algorithm>

#include "base/hash_map.h"

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t session_salt = 0x7365;

}  // namespace

PolygraphGraph::PolygraphGraph(const TxnHistory& history, const RegisterIndex& index,
                               const VersionChains& versions, const PolygraphOptions& options)
    : history_(history),
      index_(index),
      versions_(versions),
      level_(options.level),
      two_(options.level == StrongLevel::snapshot || options.level == StrongLevel::prefix),
      reads_are_edges_(options.level != StrongLevel::parallel_snapshot),
      real_time_(options.order == KeptOrder::real_time && history.timed) {}

bool PolygraphGraph::build() {
    number_nodes();
    graph_.emplace(nodes_);
    add_transactions();
    add_barriers();
    add_versions();
    for (std::uint32_t key = 0; key < index_.keys.size(); ++key) add_initial(key);
    return graph_->seal(priorities());
}

void PolygraphGraph::number_nodes() {
    transaction_nodes_ = index_.count() * (two_ ? 2 : 1);
    nodes_ = transaction_nodes_;
    join_.assign(versions_.chains.size(), no_node);
    hub_.assign(index_.keys.size(), no_node);
    if (reads_are_edges_) {
        for (std::size_t chain = 0; chain < versions_.chains.size(); ++chain) {
            if (!versions_.readers_of(versions_.chains[chain].tail).empty()) {
                join_[chain] = nodes_++;
            }
        }
        for (std::uint32_t key = 0; key < index_.keys.size(); ++key) {
            if (!versions_.initial_readers_of(key).empty()) hub_[key] = nodes_++;
        }
    }
    first_barrier_ = nodes_;
    if (real_time_) number_barriers();
}

/// One barrier before each run of beginnings that follows an end.
void PolygraphGraph::number_barriers() {
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        const Transaction& transaction = history_.transactions[index_.sources[node]];
        moments_.push_back({.at = transaction.invoked, .node = node, .ends = false});
        if (transaction.completed != never_completed) {
            moments_.push_back({.at = transaction.completed, .node = node, .ends = true});
        }
    }
    std::ranges::sort(moments_, {}, &Moment::at);
    bool ended = false;
    for (const Moment& moment : moments_) {
        if (!moment.ends && ended) ++nodes_;
        ended = moment.ends;
    }
}

std::uint32_t PolygraphGraph::add_name(LinkKind kind, std::uint32_t key) {
    names_.push_back({.kind = kind, .key = key});
    GEODE_ASSERT(names_.size() < own_labels);
    return static_cast<std::uint32_t>(names_.size() - 1);
}

void PolygraphGraph::known(std::uint32_t from, std::uint32_t to, LinkKind kind, std::uint32_t key) {
    graph_->add_known(from, to, add_name(kind, key));
}

void PolygraphGraph::add_transactions() {
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        if (two_) known(low(node), high(node), LinkKind::process);
        if (index_.before[node] != no_node) {
            known(high(index_.before[node]), low(node), LinkKind::process);
        }
        for (const RegisterRead& read : index_.reads_of(node)) {
            if (read.writer == no_node) continue;
            known(high(read.writer), low(node), LinkKind::wr, read.key);
        }
    }
}

void PolygraphGraph::add_barriers() {
    std::uint32_t barrier = no_node;
    std::uint32_t next = first_barrier_;
    std::vector<std::uint32_t> ended;
    for (const Moment& moment : moments_) {
        if (moment.ends) {
            ended.push_back(moment.node);
            continue;
        }
        if (!ended.empty()) {
            if (barrier != no_node) known(barrier, next, LinkKind::realtime);
            barrier = next++;
            for (const std::uint32_t node : ended) known(high(node), barrier, LinkKind::realtime);
            ended.clear();
        }
        if (barrier != no_node) known(barrier, low(moment.node), LinkKind::realtime);
    }
    GEODE_ASSERT(next == nodes_);
    moments_ = {};
}

/// Readers of a version come before the next of its chain, if it has one, or else reach the join.
void PolygraphGraph::add_versions() {
    if (!reads_are_edges_) return;
    for (std::uint32_t number = 0; number < versions_.chains.size(); ++number) {
        const Chain& chain = versions_.chains[number];
        for (std::uint32_t at = chain.head; at != chain.tail; at = versions_.after[at]) {
            const std::uint32_t next = versions_.node[versions_.after[at]];
            for (const std::uint32_t reader : versions_.readers_of(at)) {
                known(low(reader), high(next), LinkKind::rw, chain.key);
            }
        }
        if (join_[number] == no_node) continue;
        for (const std::uint32_t reader : versions_.readers_of(chain.tail)) {
            known(low(reader), join_[number], LinkKind::rw, chain.key);
        }
        if (level_ != StrongLevel::snapshot) {
            known(high(versions_.node[chain.tail]), join_[number], LinkKind::ww, chain.key);
        }
    }
}

void PolygraphGraph::add_initial(std::uint32_t key) {
    const std::span<const Chain> chains = versions_.chains_of(key);
    const std::uint32_t begin = versions_.chains_begin[key];
    const auto first = std::ranges::find_if(chains, &Chain::first);
    if (first != chains.end()) {
        const auto number = begin + static_cast<std::uint32_t>(first - chains.begin());
        for (std::uint32_t other = begin; other < versions_.chains_begin[key + 1]; ++other) {
            if (other == number) continue;
            const Edges edges = edges_of({.before = number, .after = other}, 0);
            for (std::uint32_t at = 0; at < edges.count; ++at) {
                known(edges.edge[at].from, edges.edge[at].to, LinkKind::ww, key);
            }
        }
    }
    if (hub_[key] == no_node) return;
    for (const std::uint32_t reader : versions_.initial_readers_of(key)) {
        known(low(reader), hub_[key], LinkKind::rw, key);
    }
    for (const Chain& chain : chains) {
        if (first != chains.end() && &chain != &*first) continue;
        known(hub_[key], high(versions_.node[chain.head]), LinkKind::rw, key);
    }
}

PolygraphGraph::Edges PolygraphGraph::edges_of(const ChainPair& pair, std::uint32_t label) const {
    const std::uint32_t tail = high(versions_.node[versions_.chains[pair.before].tail]);
    const std::uint32_t head = versions_.node[versions_.chains[pair.after].head];
    const std::uint32_t join = join_[pair.before];
    switch (level_) {
        case StrongLevel::parallel_snapshot:
            return {.count = 1, .edge = {{tail, low(head), label}, {}}};
        case StrongLevel::snapshot:
            return {.count = join == no_node ? 1U : 2U,
                    .edge = {{tail, low(head), label}, {join, high(head), label}}};
        case StrongLevel::prefix:
        case StrongLevel::serializable:
            return {.count = 1, .edge = {{join == no_node ? tail : join, high(head), label}, {}}};
    }
    GEODE_UNREACHABLE("StrongLevel out of range");
}

/// A place in time for each node: the first guess at the order, mostly right.
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
    HashMap<std::int64_t, Latest> sessions(session_salt);
    OrderedGraph order(index_.count());
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        Latest& latest = sessions[history_.transactions[index_.sources[node]].process];
        if (latest.node != no_node) order.add_known(latest.node, node, 0);
        latest.node = node;
        place[node] = (latest.turn++ << 32) | node;
        for (const RegisterRead& read : index_.reads_of(node)) {
            if (read.writer != no_node) order.add_known(read.writer, node, 0);
        }
    }
    if (!order.seal(place)) return place;
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

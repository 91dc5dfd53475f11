// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph_graph.h"

#include <algorithm>
#include <iterator>

namespace geode::check::txn {

PolygraphGraph::PolygraphGraph(const TxnHistory& history, const RegisterIndex& index,
                               const VersionChains& versions, const PolygraphOptions& options)
    : history_(history),
      index_(index),
      versions_(versions),
      level_(options.level),
      order_(options.order),
      two_(options.level == StrongLevel::snapshot || options.level == StrongLevel::prefix),
      reads_are_edges_(options.level != StrongLevel::parallel_snapshot),
      real_time_(options.order == KeptOrder::real_time && history.timed) {
    number_nodes();
}

bool PolygraphGraph::build() {
    graph_.reset();
    graph_.emplace(nodes_, transaction_nodes_);
    const auto known = [this](const auto& each) {
        for_known(
            [&each](std::uint32_t from, std::uint32_t to, const EdgeMeaning&) { each(from, to); });
    };
    return graph_->seal(known, priorities());
}

std::size_t PolygraphGraph::add_forced(std::vector<ChainPair> pairs) {
    const std::size_t before = forced_.size();
    std::ranges::sort(pairs);
    std::vector<ChainPair> all;
    all.reserve(before + pairs.size());
    std::ranges::set_union(forced_, pairs, std::back_inserter(all));
    forced_ = std::move(all);
    return forced_.size() - before;
}

void PolygraphGraph::number_nodes() {
    transaction_nodes_ = index_.count() * (two_ ? 2 : 1);
    nodes_ = transaction_nodes_;
    join_.assign(versions_.chains.size(), no_node);
    hub_.assign(index_.keys.size(), no_node);
    if (reads_are_edges_) {
        for (std::size_t chain = 0; chain < versions_.chains.size(); ++chain) {
            const auto readers = versions_.readers_of(versions_.chains[chain].tail);
            if (readers.empty()) continue;
            join_[chain] = readers.size() == 1 ? low(readers.front()) : nodes_++;
        }
        for (std::uint32_t key = 0; key < index_.keys.size(); ++key) {
            if (!versions_.initial_readers_of(key).empty()) hub_[key] = nodes_++;
        }
    }
    first_barrier_ = nodes_;
    if (real_time_) number_barriers();
    nodes_ += barriers_;
}

template <class Each>
void PolygraphGraph::for_known(const Each& each) const {
    for_transactions(each);
    if (real_time_) for_barriers(each);
    if (reads_are_edges_) for_versions(each);
    for (std::uint32_t key = 0; key < index_.keys.size(); ++key) for_initial(key, each);
    for (const ChainPair& pair : forced_) for_pair(pair, Ground::forced, each);
}

template <class Each>
void PolygraphGraph::for_transactions(const Each& each) const {
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        if (two_) each(low(node), high(node), EdgeMeaning{.kind = LinkKind::process});
        if (index_.before[node] != no_node) {
            each(high(index_.before[node]), low(node), EdgeMeaning{.kind = LinkKind::process});
        }
        for (const RegisterRead& read : index_.reads_of(node)) {
            if (read.writer == no_node) continue;
            each(high(read.writer), low(node), EdgeMeaning{.kind = LinkKind::wr, .key = read.key});
        }
    }
}

template <class Each>
void PolygraphGraph::for_barriers(const Each& each) const {
    constexpr EdgeMeaning meaning{.kind = LinkKind::realtime};
    for (std::uint32_t barrier = 1; barrier < barriers_; ++barrier) {
        each(first_barrier_ + barrier - 1, first_barrier_ + barrier, meaning);
    }
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        if (barrier_before_[node] != no_node) each(barrier_before_[node], low(node), meaning);
        if (barrier_after_[node] != no_node) each(high(node), barrier_after_[node], meaning);
    }
}

/// Readers of a version come before the next of its chain, if it has one, or else reach the join.
template <class Each>
void PolygraphGraph::for_versions(const Each& each) const {
    for (std::uint32_t number = 0; number < versions_.chains.size(); ++number) {
        const Chain& chain = versions_.chains[number];
        const EdgeMeaning read{.kind = LinkKind::rw, .key = chain.key};
        for (std::uint32_t at = chain.head; at != chain.tail; at = versions_.after[at]) {
            const std::uint32_t next = versions_.node[versions_.after[at]];
            for (const std::uint32_t reader : versions_.readers_of(at)) {
                each(low(reader), high(next), read);
            }
        }
        if (join_[number] == no_node || is_transaction(join_[number])) continue;
        for (const std::uint32_t reader : versions_.readers_of(chain.tail)) {
            each(low(reader), join_[number], read);
        }
        if (level_ != StrongLevel::snapshot) {
            each(high(versions_.node[chain.tail]), join_[number],
                 EdgeMeaning{.kind = LinkKind::ww, .key = chain.key});
        }
    }
}

/// Who read the initial state comes before every chain, or before the first, which does.
template <class Each>
void PolygraphGraph::for_initial(std::uint32_t key, const Each& each) const {
    const std::span<const Chain> chains = versions_.chains_of(key);
    const std::uint32_t begin = versions_.chains_begin[key];
    const auto first = std::ranges::find_if(chains, &Chain::first);
    if (first != chains.end()) {
        const auto number = begin + static_cast<std::uint32_t>(first - chains.begin());
        for (std::uint32_t other = begin; other < versions_.chains_begin[key + 1]; ++other) {
            if (other == number) continue;
            for_pair({.before = number, .after = other}, Ground::seen, each);
        }
    }
    if (hub_[key] == no_node) return;
    const EdgeMeaning read{.kind = LinkKind::rw, .key = key};
    for (const std::uint32_t reader : versions_.initial_readers_of(key)) {
        each(low(reader), hub_[key], read);
    }
    for (const Chain& chain : chains) {
        if (first != chains.end() && &chain != &*first) continue;
        each(hub_[key], high(versions_.node[chain.head]), read);
    }
}

template <class Each>
void PolygraphGraph::for_pair(const ChainPair& pair, Ground ground, const Each& each) const {
    const Edges edges = edges_of(pair, known_label);
    for (std::uint32_t at = 0; at < edges.count; ++at) {
        const GraphEdge& edge = edges.edge[at];
        each(edge.from, edge.to, meaning_of(pair, edge.from, ground));
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

EdgeMeaning PolygraphGraph::meaning_of(const ChainPair& pair, std::uint32_t from,
                                       Ground ground) const {
    const Chain& chain = versions_.chains[pair.before];
    const bool writes = from == high(versions_.node[chain.tail]);
    return {.kind = writes ? LinkKind::ww : LinkKind::rw, .key = chain.key, .ground = ground};
}

/// Of the edges of a cycle that are known; where several say so, the one that takes least.
std::vector<EdgeMeaning> PolygraphGraph::known_meanings(std::span<const GraphEdge> cycle) const {
    const auto rank = [](const EdgeMeaning& meaning) {
        if (meaning.ground != Ground::seen) return 3;
        if (meaning.kind == LinkKind::realtime) return 2;
        return meaning.kind == LinkKind::process ? 1 : 0;
    };
    std::vector<std::optional<EdgeMeaning>> best(cycle.size());
    std::vector<bool> on_cycle(nodes_);
    for (const GraphEdge& edge : cycle) on_cycle[edge.from] = true;
    for_known([&](std::uint32_t from, std::uint32_t to, const EdgeMeaning& meaning) {
        if (!on_cycle[from]) return;
        for (std::size_t at = 0; at < cycle.size(); ++at) {
            if (cycle[at].from != from || cycle[at].to != to) continue;
            if (!best[at] || rank(meaning) < rank(*best[at])) best[at] = meaning;
        }
    });
    std::vector<EdgeMeaning> meanings(cycle.size());
    for (std::size_t at = 0; at < cycle.size(); ++at) {
        GEODE_ASSERT(best[at] || cycle[at].label != known_label);
        if (best[at]) meanings[at] = *best[at];
    }
    return meanings;
}

Cycle PolygraphGraph::links_of(std::span<const GraphEdge> cycle,
                               const std::function<EdgeMeaning(const GraphEdge&)>& own) const {
    std::vector<EdgeMeaning> meanings = known_meanings(cycle);
    for (std::size_t at = 0; at < cycle.size(); ++at) {
        if (cycle[at].label != known_label) meanings[at] = own(cycle[at]);
    }
    const auto first = std::ranges::find_if(
        cycle, [this](const GraphEdge& edge) { return is_transaction(edge.from); });
    GEODE_ASSERT(first != cycle.end());
    const auto start = static_cast<std::size_t>(first - cycle.begin());
    Cycle links;
    Link link;
    for (std::size_t step = 0; step < cycle.size(); ++step) {
        const std::size_t at = (start + step) % cycle.size();
        const GraphEdge& edge = cycle[at];
        const EdgeMeaning& meaning = meanings[at];
        if (is_transaction(edge.from)) {
            link = {.from = transaction_of(edge.from), .kind = meaning.kind, .key = meaning.key};
        }
        if (meaning.ground != Ground::seen) link.ground = meaning.ground;
        if (!is_transaction(edge.to)) continue;
        link.to = transaction_of(edge.to);
        if (link.from != link.to) links.push_back(link);
    }
    return links;
}

std::uint64_t PolygraphGraph::bytes() const {
    return graph_->bytes() + forced_.size() * sizeof(ChainPair) +
           (join_.size() + hub_.size() + barrier_before_.size() + barrier_after_.size()) *
               sizeof(std::uint32_t);
}

}  // namespace geode::check::txn

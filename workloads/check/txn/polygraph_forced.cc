// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph_forced.h"

#include <algorithm>

#include "workloads/check/txn/chain_clocks.h"

namespace geode::check::txn {
namespace {

// Clocks take at most this part of the bytes that are left.
constexpr std::uint64_t clocks_share = 2;
constexpr std::uint32_t columns_max = 256;
// Where more chains are needed than there are columns, the others have their turn after the first.
constexpr std::uint32_t turns_max = 8;
// How far behind a chain those that follow it are looked for; nearly always it is the next.
constexpr std::size_t window = 8;

/// Puts transactions on chains: each session on one, up to the last of its transactions that
/// anybody read from. A session that begins with having seen that one goes on with the chain.
class SessionChains {
public:
    SessionChains(const RegisterIndex& index, const PolygraphGraph& shape)
        : index_(index),
          shape_(shape),
          last_(index.count()),
          had_turn_(index.session_count),
          chain_(index.count()) {
        std::vector<bool> read(index.count());
        for (const RegisterRead& one : index.reads) {
            if (one.writer != no_node) read[one.writer] = true;
        }
        std::vector<std::uint32_t> last(index.session_count, no_node);
        for (std::uint32_t node = 0; node < index.count(); ++node) {
            if (read[node]) last[index.session[node]] = node;
        }
        for (std::uint32_t session = 0; session < index.session_count; ++session) {
            const bool worth_it = last[session] != no_node && index.position[last[session]] > 0;
            had_turn_[session] = !worth_it;
            sessions_left_ += worth_it ? 1 : 0;
            if (worth_it) last_[last[session]] = true;
        }
    }

    /// Sessions that are worth a chain and have not been on one.
    std::uint32_t sessions_left() const { return sessions_left_; }

    /// A new turn: those that have been on a chain are on none, others may be.
    void start_turn(std::uint32_t columns) {
        columns_ = columns;
        lengths_.clear();
        over_.clear();
    }

    /// As ChainClocks asks.
    ChainPlace place_of(std::uint32_t graph_node, ChainClocks::Row row) {
        if (!shape_.is_transaction(graph_node)) return {};
        const std::uint32_t node = shape_.transaction_of(graph_node);
        std::uint32_t& chain = chain_[node];
        if (graph_node == shape_.low(node)) chain = chain_of(node, row);
        if (chain == ChainPlace::none) return {};
        if (graph_node == shape_.high(node) && last_[node]) over_.push_back(chain);
        return {.chain = chain, .place = lengths_[chain]++};
    }

private:
    std::uint32_t chain_of(std::uint32_t node, ChainClocks::Row row) {
        if (index_.position[node] > 0) {
            const std::uint32_t before = index_.before[node];
            return last_[before] ? ChainPlace::none : chain_[before];
        }
        if (had_turn_[index_.session[node]]) return ChainPlace::none;
        const auto seen = std::ranges::find_if(
            over_, [&](std::uint32_t chain) { return row[chain] == lengths_[chain]; });
        if (seen == over_.end() && lengths_.size() == columns_) return ChainPlace::none;
        had_turn_[index_.session[node]] = true;
        --sessions_left_;
        if (seen == over_.end()) {
            lengths_.push_back(0);
            return static_cast<std::uint32_t>(lengths_.size() - 1);
        }
        const std::uint32_t chain = *seen;
        over_.erase(seen);
        return chain;
    }

    const RegisterIndex& index_;
    const PolygraphGraph& shape_;
    std::uint32_t columns_ = 0;
    std::uint32_t sessions_left_ = 0;
    std::vector<bool> last_;              // of its session on a chain, by transaction
    std::vector<bool> had_turn_;          // by session; or not worth it
    std::vector<std::uint32_t> chain_;    // by transaction, as far as the turn has come
    std::vector<std::uint32_t> lengths_;  // by chain
    std::vector<std::uint32_t> over_;     // chains whose session is
};

/// Goes through the chains of all keys with the clocks of one turn.
class Forcing {
public:
    Forcing(const VersionChains& versions, const PolygraphGraph& shape, StrongLevel level,
            const ChainClocks& clocks, Telling telling)
        : versions_(versions),
          shape_(shape),
          level_(level),
          clocks_(clocks),
          telling_(telling),
          order_(versions, shape, level) {}

    void run(std::uint32_t keys, ForcedPairs& found) && {
        for (std::uint32_t key = 0; key < keys; ++key) {
            if (versions_.chains_of(key).size() < 2) continue;
            const std::span<const std::uint32_t> chains = order_.sorted(key);
            for (std::size_t at = 0; at + 1 < chains.size(); ++at) look_behind(chains, at);
        }
        found.pairs.insert(found.pairs.end(), pairs_.begin(), pairs_.end());
        found.steps += steps_ + order_.steps();
    }

private:
    /// Up to the first chain that is forced to follow; those after it mostly follow that one.
    void look_behind(std::span<const std::uint32_t> chains, std::size_t at) {
        const std::size_t end = std::min(chains.size(), at + 1 + window);
        for (std::size_t next = at + 1; next < end; ++next) {
            const ChainPair pair{.before = chains[at], .after = chains[next]};
            const ChainPair reverse{.before = pair.after, .after = pair.before};
            if (impossible(reverse)) {
                add(pair);
                return;
            }
            if (impossible(pair)) add(reverse);
        }
    }

    /// Whether known edges exclude the pair.
    bool impossible(const ChainPair& pair) {
        const PolygraphGraph::Edges edges = shape_.edges_of(pair, known_label);
        steps_ += edges.count;
        for (std::uint32_t at = 0; at < edges.count; ++at) {
            if (clocks_.reaches(edges.edge[at].to, edges.edge[at].from)) return true;
        }
        if (level_ != StrongLevel::parallel_snapshot) return false;
        // There reads are not edges: nobody may read a version who knows of a later one.
        const Chain& before = versions_.chains[pair.before];
        const std::uint32_t head = versions_.node[versions_.chains[pair.after].head];
        return std::ranges::any_of(versions_.readers_of(before.tail), [&](std::uint32_t reader) {
            ++steps_;
            return clocks_.reaches(shape_.high(head), shape_.low(reader));
        });
    }

    void add(const ChainPair& pair) {
        const PolygraphGraph::Edges edges = shape_.edges_of(pair, known_label);
        bool known = telling_ == Telling::news;
        for (std::uint32_t at = 0; at < edges.count; ++at) known = known && follows(edges.edge[at]);
        if (!known) pairs_.push_back(pair);
    }

    /// Whether the edge says nothing new.
    bool follows(const GraphEdge& edge) {
        if (shape_.is_transaction(edge.from)) return clocks_.reaches(edge.from, edge.to);
        const auto readers = shape_.graph().known_before(edge.from);
        steps_ += readers.size();
        return std::ranges::all_of(readers, [&](std::uint32_t reader) {
            return reader == edge.to || clocks_.reaches(reader, edge.to);
        });
    }

    const VersionChains& versions_;
    const PolygraphGraph& shape_;
    StrongLevel level_;
    const ChainClocks& clocks_;
    Telling telling_;
    PolygraphOverlaps order_;
    std::vector<ChainPair> pairs_;
    std::uint64_t steps_ = 0;
};

}  // namespace

ForcedPairs find_forced_pairs(const RegisterIndex& index, const VersionChains& versions,
                              const PolygraphGraph& shape, const PolygraphOptions& options,
                              Telling telling) {
    ForcedPairs found;
    if (options.order == KeptOrder::none) return found;
    const std::uint64_t nodes = shape.graph().count();
    const std::uint64_t left =
        options.budget.bytes_max - std::min(options.budget.bytes_max, shape.bytes());
    SessionChains chains(index, shape);
    const auto place_of = [&](std::uint32_t node, ChainClocks::Row row) {
        return chains.place_of(node, row);
    };
    for (std::uint32_t turn = 0; turn < turns_max && chains.sessions_left() > 0; ++turn) {
        std::uint32_t columns = std::min(columns_max, chains.sessions_left());
        while (columns > 0 && ChainClocks::bytes(nodes, columns) > left / clocks_share) --columns;
        if (columns == 0) break;
        chains.start_turn(columns);
        const ChainClocks clocks(shape.graph(), columns, place_of);
        found.steps += clocks.steps();
        Forcing(versions, shape, options.level, clocks, telling)
            .run(static_cast<std::uint32_t>(index.keys.size()), found);
        found.bytes = std::max(found.bytes, ChainClocks::bytes(nodes, columns) +
                                                found.pairs.size() * sizeof(ChainPair));
    }
    return found;
}

}  // namespace geode::check::txn

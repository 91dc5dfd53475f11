// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/graph.h"

#include <algorithm>

#include "base/hash_map.h"

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t process_salt = 0x7072;

constexpr std::uint32_t none = UINT32_MAX;

struct Moment {
    std::uint64_t position;
    std::uint32_t transaction;
};

/// The completions of counted transactions, in order.
std::vector<Moment> completions_of(const TxnHistory& history, const std::vector<bool>& counts) {
    std::vector<Moment> moments;
    moments.reserve(history.transactions.size());
    for (std::uint32_t index = 0; index < history.transactions.size(); ++index) {
        const Transaction& transaction = history.transactions[index];
        if (!counts[index] || transaction.completed == never_completed) continue;
        moments.push_back(Moment{transaction.completed, index});
    }
    // Clients take turns, so this is nearly in order already.
    std::ranges::sort(moments, {}, &Moment::position);
    return moments;
}

}  // namespace

std::uint64_t GraphBuilder::bytes() const {
    return edges_.capacity() * sizeof(Edge) + edges_.size() * 13 + std::uint64_t{nodes_} * 8;
}

DependencyGraph GraphBuilder::finish() && {
    GEODE_ASSERT(edges_.size() < UINT32_MAX);
    DependencyGraph graph;
    graph.transactions_ = transactions_;
    graph.rows_.assign(nodes_ + std::size_t{1}, 0);
    for (const Edge& edge : edges_) ++graph.rows_[edge.from + std::size_t{1}];
    for (std::size_t node = 0; node < nodes_; ++node) graph.rows_[node + 1] += graph.rows_[node];
    // Target and relation in one word, so that a row can be sorted; rows_[n] runs up to the next.
    std::vector<std::uint64_t> packed(edges_.size());
    for (const Edge& edge : edges_) {
        packed[graph.rows_[edge.from]++] = std::uint64_t{edge.to} << 8 | edge.relation;
    }
    std::vector<Edge>().swap(edges_);
    graph.targets_.reserve(packed.size());
    graph.relations_.reserve(packed.size());
    std::uint32_t begin = 0;
    for (std::size_t node = 0; node < nodes_; ++node) {
        const std::uint32_t end = graph.rows_[node];
        const auto row = std::span(packed).subspan(begin, end - begin);
        std::ranges::sort(row);
        graph.rows_[node] = static_cast<std::uint32_t>(graph.targets_.size());
        for (std::size_t index = 0; index < row.size(); ++index) {
            const auto target = static_cast<std::uint32_t>(row[index] >> 8);
            const auto relation = static_cast<Relations>(row[index] & 0xff);
            const bool merges = index != 0 && (row[index - 1] >> 8) == target;
            if (merges) {
                graph.relations_.back() =
                    static_cast<Relations>(graph.relations_.back() | relation);
            } else {
                graph.targets_.push_back(target);
                graph.relations_.push_back(relation);
            }
        }
        begin = end;
    }
    graph.rows_[nodes_] = static_cast<std::uint32_t>(graph.targets_.size());
    return graph;
}

void add_process_edges(GraphBuilder& builder, const TxnHistory& history,
                       const std::vector<bool>& counts) {
    HashMap<std::int64_t, std::uint32_t> last(process_salt);
    for (std::uint32_t index = 0; index < history.transactions.size(); ++index) {
        if (!counts[index]) continue;
        const Transaction& transaction = history.transactions[index];
        const auto found = last.find(transaction.process);
        if (found != last.end()) builder.add(found->second, index, process);
        // One of unknown outcome may still take effect after those that follow.
        if (transaction.completion == Completion::ok) last[transaction.process] = index;
    }
}

void add_realtime_edges(GraphBuilder& builder, const TxnHistory& history,
                        const std::vector<bool>& counts) {
    if (!history.timed) return;
    const std::vector<Moment> completions = completions_of(history, counts);
    std::size_t next = 0;
    std::uint32_t helper = none;
    for (std::uint32_t index = 0; index < history.transactions.size(); ++index) {
        if (!counts[index]) continue;
        const std::uint64_t invoked = history.transactions[index].invoked;
        if (next < completions.size() && completions[next].position < invoked) {
            const std::uint32_t before = helper;
            helper = builder.add_helper();
            if (before != none) builder.add(before, helper, through);
            for (; next < completions.size() && completions[next].position < invoked; ++next) {
                builder.add(completions[next].transaction, helper, realtime);
            }
        }
        if (helper != none) builder.add(helper, index, through);
    }
}

}  // namespace geode::check::txn

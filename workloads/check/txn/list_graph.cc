// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/list_graph.h"

#include <algorithm>

namespace geode::check::txn {
namespace {

/// A transaction that read the last version of a key.
struct LastReader {
    std::uint32_t key;
    std::uint32_t transaction;
};

class ListGraph {
public:
    ListGraph(const ListIndex& index, Relations relations)
        : index_(index),
          history_(index.history()),
          relations_(relations),
          builder_(static_cast<std::uint32_t>(history_.transactions.size())) {}

    DependencyGraph run();

private:
    bool wants(Relations relation) const { return (relations_ & relation) != 0; }
    bool counts(std::uint32_t append) const {
        return append != no_append && index_.committed()[index_.append(append).transaction];
    }
    std::uint32_t writer(std::uint32_t append) const { return index_.append(append).transaction; }

    void add_orders();
    void add_reads(std::uint32_t txn);
    void add_last_readers();
    void add_pairs(std::span<const LastReader> readers, std::span<const std::uint32_t> appends);
    void add_through_helpers(std::span<const LastReader> readers,
                             std::span<const std::uint32_t> appends);

    const ListIndex& index_;
    const TxnHistory& history_;
    Relations relations_;
    GraphBuilder builder_;
    std::vector<LastReader> last_readers_;
};

DependencyGraph ListGraph::run() {
    if (wants(ww)) add_orders();
    if (wants(wr) || wants(rw)) {
        for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
            if (history_.transactions[txn].completion == Completion::ok) add_reads(txn);
        }
        add_last_readers();
    }
    if (wants(process)) add_process_edges(builder_, history_, index_.committed());
    if (wants(realtime)) add_realtime_edges(builder_, history_, index_.committed());
    return std::move(builder_).finish();
}

void ListGraph::add_orders() {
    for (std::uint32_t key = 0; key < index_.keys(); ++key) {
        std::uint32_t before = no_append;
        for (const std::uint32_t append : index_.order(key)) {
            if (!counts(append)) continue;
            if (before != no_append) builder_.add(writer(before), writer(append), ww);
            before = append;
        }
        if (before == no_append) continue;
        for (const std::uint32_t append : index_.unseen(key)) {
            if (counts(append)) builder_.add(writer(before), writer(append), ww);
        }
    }
}

void ListGraph::add_reads(std::uint32_t txn) {
    const Transaction& transaction = history_.transactions[txn];
    for (std::uint32_t mop = transaction.mops_begin; mop < transaction.mops_end; ++mop) {
        const Mop& read = history_.mops[mop];
        if (read.kind != MopKind::read_list) continue;
        const std::uint32_t key = index_.key_of(read);
        const std::uint32_t version = index_.version_of(mop);
        const auto order = index_.order(key);
        if (wants(wr) && read.list_begin != read.list_end) {
            const std::uint32_t append = version != no_version && version != 0
                                             ? order[version - 1]
                                             : index_.find(key, history_.list_of(read).back());
            if (counts(append)) builder_.add(writer(append), txn, wr);
        }
        if (!wants(rw) || version == no_version) continue;
        const auto later = order.subspan(version);
        const auto next =
            std::ranges::find_if(later, [&](std::uint32_t append) { return counts(append); });
        if (next != later.end()) {
            builder_.add(txn, writer(*next), rw);
        } else if (!index_.unseen(key).empty()) {
            last_readers_.push_back(LastReader{key, txn});
        }
    }
}

/// Everyone who read the last version of a key precedes everyone whose append to it was never seen.
void ListGraph::add_last_readers() {
    std::ranges::stable_sort(last_readers_, {}, &LastReader::key);
    std::vector<std::uint32_t> appends;
    for (std::size_t begin = 0; begin < last_readers_.size();) {
        std::size_t end = begin;
        const std::uint32_t key = last_readers_[begin].key;
        while (end < last_readers_.size() && last_readers_[end].key == key) ++end;
        appends.clear();
        for (const std::uint32_t append : index_.unseen(key)) {
            if (counts(append)) appends.push_back(append);
        }
        const auto readers = std::span(last_readers_).subspan(begin, end - begin);
        // Helpers cost two nodes and four edges for each append.
        if (readers.size() * appends.size() <= readers.size() + 4 * appends.size() + 16) {
            add_pairs(readers, appends);
        } else {
            add_through_helpers(readers, appends);
        }
        begin = end;
    }
}

void ListGraph::add_pairs(std::span<const LastReader> readers,
                          std::span<const std::uint32_t> appends) {
    for (const LastReader& reader : readers) {
        for (const std::uint32_t append : appends) {
            builder_.add(reader.transaction, writer(append), rw);
        }
    }
}

/// Two lines of helpers along the appends, ordered by transaction: one leads to each append and all
/// before it, the other to each and all behind it. A reader that is an appender itself enters on
/// both sides of its own, so that it does not precede itself.
void ListGraph::add_through_helpers(std::span<const LastReader> readers,
                                    std::span<const std::uint32_t> appends) {
    std::vector<std::uint32_t> writers;
    for (const std::uint32_t append : appends) writers.push_back(writer(append));
    std::ranges::sort(writers);
    writers.erase(std::ranges::unique(writers).begin(), writers.end());
    std::vector<std::uint32_t> upto;
    std::vector<std::uint32_t> from;
    for (const std::uint32_t appender : writers) {
        upto.push_back(builder_.add_helper());
        from.push_back(builder_.add_helper());
        builder_.add(upto.back(), appender, through);
        builder_.add(from.back(), appender, through);
    }
    for (std::size_t index = 1; index < writers.size(); ++index) {
        builder_.add(upto[index], upto[index - 1], through);
        builder_.add(from[index - 1], from[index], through);
    }
    for (const LastReader& reader : readers) {
        const auto place = std::ranges::lower_bound(writers, reader.transaction);
        const auto below = static_cast<std::size_t>(place - writers.begin());
        const bool itself = place != writers.end() && *place == reader.transaction;
        const std::size_t above = below + (itself ? 1 : 0);
        if (below != 0) builder_.add(reader.transaction, upto[below - 1], rw);
        if (above != writers.size()) builder_.add(reader.transaction, from[above], rw);
    }
}

}  // namespace

DependencyGraph list_graph(const ListIndex& index, Relations relations) {
    return ListGraph(index, relations).run();
}

std::uint64_t list_graph_bytes(const TxnHistory& history) {
    // Per micro-operation up to two edges, per transaction four more and one helper; an edge is
    // held twice while rows are made, the first time in a vector that may have doubled just then.
    constexpr std::uint64_t edge_bytes = 2 * 12 + 13;
    return history.mops.size() * 2 * edge_bytes +
           history.transactions.size() * (4 * edge_bytes + 8);
}

}  // namespace geode::check::txn

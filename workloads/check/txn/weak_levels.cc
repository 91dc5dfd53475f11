// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/weak_levels.h"

#include <algorithm>

#include "workloads/check/txn/ordered_graph.h"
#include "workloads/check/txn/session_writes.h"

namespace geode::check::txn {
namespace {

class WeakChecker {
public:
    WeakChecker(const RegisterIndex& index, WeakLevel level, std::uint64_t bytes_max)
        : index_(index), level_(level), bytes_max_(bytes_max) {}

    WeakResult run() && {
        OrderedGraph seen = add_seen();
        if (!seal(seen)) return std::move(result_);
        if (level_ != WeakLevel::read_committed && !repeats_reads()) return std::move(result_);
        switch (level_) {
            case WeakLevel::read_committed:
            case WeakLevel::item_cut: read_committed(); break;
            case WeakLevel::read_atomic: read_atomic(); break;
            case WeakLevel::causal: causal(seen); break;
        }
        if (result_.exhausted || result_.cycle) return std::move(result_);
        OrderedGraph all = add_seen();
        for (std::uint32_t label = seen_links_; label < links_.size(); ++label) {
            all.add_known(links_[label].from, links_[label].to, label);
        }
        seal(all);
        return std::move(result_);
    }

private:
    enum class Visible : std::uint8_t { by_read, by_session, by_chain };

    /// A graph of session steps and reads.
    OrderedGraph add_seen() {
        if (links_.empty()) {
            for (std::uint32_t node = 0; node < index_.count(); ++node) {
                if (index_.before[node] != no_node) {
                    links_.push_back(
                        {.from = index_.before[node], .to = node, .kind = LinkKind::process});
                }
                for (const RegisterRead& read : index_.reads_of(node)) {
                    if (read.writer == no_node) continue;
                    links_.push_back(
                        {.from = read.writer, .to = node, .kind = LinkKind::wr, .key = read.key});
                }
            }
            seen_links_ = static_cast<std::uint32_t>(links_.size());
        }
        OrderedGraph graph(index_.count());
        for (std::uint32_t label = 0; label < seen_links_; ++label) {
            graph.add_known(links_[label].from, links_[label].to, label);
        }
        return graph;
    }

    bool seal(OrderedGraph& graph) {
        std::vector<std::uint64_t> priorities(index_.count());
        for (std::uint32_t node = 0; node < index_.count(); ++node) priorities[node] = node;
        const bool sealed = graph.seal(priorities);
        result_.steps += graph.steps();
        result_.bytes = std::max(result_.bytes, graph.bytes() + links_.size() * sizeof(Link));
        if (!sealed) {
            result_.cycle.emplace();
            for (const GraphEdge& edge : graph.cycle()) {
                result_.cycle->push_back(links_[edge.label]);
            }
        }
        return sealed;
    }

    /// `reader` saw `writer`'s version of the key though `seen`, which wrote it too, was visible.
    void derive(std::uint32_t seen, std::uint32_t writer, std::uint32_t key, std::uint32_t reader,
                Visible how) {
        if (seen == writer || seen == reader || result_.cycle) return;
        if (writer != no_node) {
            links_.push_back({.from = seen,
                              .to = writer,
                              .kind = LinkKind::ww,
                              .ground = Ground::reader,
                              .key = key,
                              .reader = reader});
            return;
        }
        // The initial state cannot come after a write: the reader itself closes the cycle.
        const Link back{.from = reader, .to = seen, .kind = LinkKind::rw, .key = key};
        if (how == Visible::by_chain) {
            result_.cycle = chain(seen, reader);
        } else if (how == Visible::by_session) {
            result_.cycle = Cycle{{.from = seen, .to = reader, .kind = LinkKind::process}};
        } else {
            result_.cycle =
                Cycle{{.from = seen, .to = reader, .kind = LinkKind::wr, .key = read_key_}};
        }
        result_.cycle->push_back(back);
    }

    /// Session steps and reads that lead from one node to another.
    Cycle chain(std::uint32_t from, std::uint32_t to) {
        Cycle links;
        OrderedGraph graph = add_seen();
        std::vector<std::uint64_t> priorities(index_.count());
        const bool acyclic = graph.seal(priorities);
        GEODE_ASSERT(acyclic);
        const bool reached = graph.reaches(from, to);
        GEODE_ASSERT(reached);
        for (const GraphEdge& edge : graph.path()) links.push_back(links_[edge.label]);
        return links;
    }

    bool repeats_reads() {
        std::vector<std::pair<std::uint32_t, std::uint32_t>> version(index_.keys.size(),
                                                                     {no_node, no_node});
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (const RegisterRead& read : index_.reads_of(node)) {
                auto& [reader, writer] = version[read.key];
                if (reader == node && writer != read.writer) {
                    result_.unrepeated = static_cast<std::uint32_t>(&read - index_.reads.data());
                    return false;
                }
                reader = node;
                writer = read.writer;
            }
        }
        return true;
    }

    /// Calls `each(key)` for the keys that `writer` wrote and `wanted(key)` holds, looking through
    /// the shorter of the two lists.
    template <class Wanted, class Each>
    void for_common_keys(std::uint32_t writer, const std::vector<std::uint32_t>& read_keys,
                         const Wanted& wanted, const Each& each) {
        const std::span<const std::uint32_t> written = index_.writes_of(writer);
        result_.steps += std::min(written.size(), read_keys.size()) + 1;
        if (written.size() <= read_keys.size()) {
            for (const std::uint32_t key : written) {
                if (wanted(key)) each(key);
            }
            return;
        }
        for (const std::uint32_t key : read_keys) {
            if (index_.writes_key(writer, key)) each(key);
        }
    }

    /// Going backwards through a transaction's reads, the two versions of each key that come next.
    void read_committed() {
        struct Next {
            std::uint32_t reader = no_node;
            std::uint32_t first = no_node;
            std::uint32_t second = no_node;
            bool two = false;
        };
        std::vector<Next> next(index_.keys.size());
        std::vector<std::uint32_t> first_read(index_.count(), no_node);
        std::vector<std::uint32_t> read_keys;
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            const std::span<const RegisterRead> reads = index_.reads_of(node);
            for (auto read = reads.rbegin(); read != reads.rend(); ++read) {
                if (read->writer != no_node) first_read[read->writer] = read->mop;
            }
            read_keys.clear();
            for (auto read = reads.rbegin(); read != reads.rend(); ++read) {
                if (read->writer != no_node && first_read[read->writer] == read->mop) {
                    read_key_ = read->key;
                    for_common_keys(
                        read->writer, read_keys,
                        [&](std::uint32_t key) { return next[key].reader == node; },
                        [&](std::uint32_t key) {
                            const Next& later = next[key];
                            if (later.first != read->writer) {
                                derive(read->writer, later.first, key, node, Visible::by_read);
                            } else if (later.two) {
                                derive(read->writer, later.second, key, node, Visible::by_read);
                            }
                        });
                }
                Next& later = next[read->key];
                if (later.reader != node) {
                    later = {.reader = node, .first = read->writer};
                    read_keys.push_back(read->key);
                } else if (later.first != read->writer) {
                    later = {
                        .reader = node, .first = read->writer, .second = later.first, .two = true};
                }
            }
        }
    }

    void read_atomic() {
        struct Version {
            std::uint32_t reader = no_node;
            std::uint32_t writer = no_node;
        };
        std::vector<Version> version(index_.keys.size());
        std::vector<std::uint32_t> met(index_.count(), no_node);
        std::vector<std::uint32_t> read_keys;
        const SessionWrites session_writes(index_);
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            const std::span<const RegisterRead> reads = index_.reads_of(node);
            read_keys.clear();
            for (const RegisterRead& read : reads) {
                if (version[read.key].reader != node) read_keys.push_back(read.key);
                version[read.key] = {.reader = node, .writer = read.writer};
            }
            for (const std::uint32_t key : read_keys) {
                const std::uint32_t seen = session_writes.last_before(node, key);
                if (seen != no_node) {
                    derive(seen, version[key].writer, key, node, Visible::by_session);
                }
            }
            for (const RegisterRead& read : reads) {
                if (read.writer == no_node || met[read.writer] == node) continue;
                met[read.writer] = node;
                read_key_ = read.key;
                for_common_keys(
                    read.writer, read_keys,
                    [&](std::uint32_t key) { return version[key].reader == node; },
                    [&](std::uint32_t key) {
                        derive(read.writer, version[key].writer, key, node, Visible::by_read);
                    });
            }
        }
    }

    /// How much of each session a node has seen, in the order of `seen`.
    std::vector<std::uint32_t> clocks(const OrderedGraph& seen) const {
        const std::size_t sessions = index_.session_count;
        std::vector<std::uint32_t> order(index_.count());
        for (std::uint32_t node = 0; node < index_.count(); ++node)
            order[seen.position(node)] = node;
        std::vector<std::uint32_t> clock(index_.count() * sessions);
        for (const std::uint32_t node : order) {
            std::uint32_t* const own = clock.data() + node * sessions;
            const auto join = [&](std::uint32_t other) {
                const std::uint32_t* const theirs = clock.data() + other * sessions;
                for (std::size_t at = 0; at < sessions; ++at)
                    own[at] = std::max(own[at], theirs[at]);
                std::uint32_t& mine = own[index_.session[other]];
                mine = std::max(mine, index_.position[other] + 1);
            };
            if (index_.before[node] != no_node) join(index_.before[node]);
            for (const RegisterRead& read : index_.reads_of(node)) {
                if (read.writer == no_node) continue;
                // Already seen: its clock is in ours.
                if (own[index_.session[read.writer]] > index_.position[read.writer]) continue;
                join(read.writer);
            }
        }
        return clock;
    }

    void causal(const OrderedGraph& seen) {
        const std::uint64_t sessions = index_.session_count;
        const std::uint64_t bytes = index_.count() * sessions * sizeof(std::uint32_t);
        if (bytes > bytes_max_) {
            result_.exhausted = true;
            return;
        }
        result_.bytes += bytes;
        const std::vector<std::uint32_t> clock = clocks(seen);
        result_.steps += index_.count() * sessions;
        const SessionWrites session_writes(index_);
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            const std::uint32_t* const own = clock.data() + node * sessions;
            for (const RegisterRead& read : index_.reads_of(node)) {
                session_writes.for_last_writers(read.key, own, [&](std::uint32_t writer) {
                    ++result_.steps;
                    derive(writer, read.writer, read.key, node, Visible::by_chain);
                });
                if (result_.cycle) return;
            }
        }
    }

    const RegisterIndex& index_;
    WeakLevel level_;
    std::uint64_t bytes_max_;
    std::vector<Link> links_;
    std::uint32_t seen_links_ = 0;
    std::uint32_t read_key_ = no_node;  // of the read that made the seen transaction visible
    WeakResult result_;
};

}  // namespace

WeakResult check_weak_level(const RegisterIndex& index, WeakLevel level, std::uint64_t bytes_max) {
    return WeakChecker(index, level, bytes_max).run();
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/weak_levels.h"

#include <algorithm>
#include <utility>

#include "workloads/check/txn/chain_clocks.h"
#include "workloads/check/txn/ordered_graph.h"
#include "workloads/check/txn/session_writes.h"

namespace geode::check::txn {
namespace {

// The clocks of causal order are made for so many sessions at once.
constexpr std::uint32_t columns_max = 64;
// How many reads ahead what they need is expected.
constexpr std::uint32_t lookahead = 8;

class WeakChecker {
public:
    WeakChecker(const RegisterIndex& index, WeakLevel level, const Budget& budget)
        : index_(index), level_(level), budget_(budget) {}

    WeakResult run() && {
        if (level_ == WeakLevel::causal) {
            if (seal(What::seen)) causal();
        } else if (!derive_all() || !seal(What::all)) {
            // The cause may be simpler.
            WeakResult found = std::exchange(result_, {});
            if (seal(What::seen)) {
                found.steps += result_.steps;
                result_ = std::move(found);
            }
        }
        return std::move(result_);
    }

private:
    enum class Visible : std::uint8_t { by_read, by_session, by_chain };
    enum class What : std::uint8_t { seen, all };

    /// False if a violation was found on the way.
    bool derive_all() {
        if (level_ != WeakLevel::read_committed && !repeats_reads()) return false;
        if (level_ == WeakLevel::read_atomic) {
            read_atomic();
        } else {
            read_committed();
        }
        return !result_.cycle;
    }

    /// Session steps and reads, and for `all` what was derived: calls each(from, to).
    template <class Each>
    void for_edges(What what, const Each& each) const {
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            if (index_.before[node] != no_node) each(index_.before[node], node);
            for (const RegisterRead& read : index_.reads_of(node)) {
                if (read.writer != no_node) each(read.writer, node);
            }
        }
        if (what == What::seen) return;
        for (const Link& link : derived_) each(link.from, link.to);
    }

    /// Puts the nodes in an order, or finds a cycle.
    bool seal(What what) {
        std::vector<std::uint64_t> priorities(index_.count());
        for (std::uint32_t node = 0; node < index_.count(); ++node) priorities[node] = node;
        graph_.emplace(index_.count());
        const bool sealed =
            graph_->seal([&](const auto& each) { for_edges(what, each); }, priorities);
        result_.steps += graph_->steps();
        result_.bytes = std::max(result_.bytes, graph_->bytes() + derived_.size() * sizeof(Link));
        if (!sealed) {
            result_.cycle.emplace();
            for (const GraphEdge& edge : graph_->cycle()) result_.cycle->push_back(link_of(edge));
        }
        return sealed;
    }

    /// What an edge says; where several say so, the one that takes least.
    Link link_of(const GraphEdge& edge) const {
        for (const RegisterRead& read : index_.reads_of(edge.to)) {
            if (read.writer != edge.from) continue;
            return {.from = edge.from, .to = edge.to, .kind = LinkKind::wr, .key = read.key};
        }
        if (index_.before[edge.to] == edge.from) {
            return {.from = edge.from, .to = edge.to, .kind = LinkKind::process};
        }
        const auto found = std::ranges::find_if(derived_, [&edge](const Link& link) {
            return link.from == edge.from && link.to == edge.to;
        });
        GEODE_ASSERT(found != derived_.end());
        return *found;
    }

    /// `reader` saw `writer`'s version of the key though `seen`, which wrote it too, was visible.
    void derive(std::uint32_t seen, std::uint32_t writer, std::uint32_t key, std::uint32_t reader,
                Visible how) {
        if (seen == writer || seen == reader || result_.cycle) return;
        if (writer != no_node) {
            derived_.push_back({.from = seen,
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

    /// Session steps and reads that lead from one node to another, in the graph of them.
    Cycle chain(std::uint32_t from, std::uint32_t to) {
        const bool reached = graph_->reaches(from, to);
        GEODE_ASSERT(reached);
        Cycle links;
        for (const GraphEdge& edge : graph_->path()) links.push_back(link_of(edge));
        return links;
    }

    bool repeats_reads() {
        result_.unrepeated = unrepeated_read(index_);
        return !result_.unrepeated;
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

    /// Some sessions at a time, so that clocks of many take no more memory than those of a few.
    void causal() {
        if (!repeats_reads()) return;
        const std::uint64_t columns = std::min(index_.session_count, columns_max);
        const std::uint64_t bytes = result_.bytes + ChainClocks::bytes(index_.count(), columns);
        const std::uint64_t steps = index_.count() * std::uint64_t{index_.session_count} / 8;
        if (bytes > budget_.bytes_max || steps > budget_.steps_max) {
            result_.exhausted = true;
            return;
        }
        result_.bytes = bytes;
        const SessionWrites writes(index_);
        for (std::uint32_t first = 0; first < index_.session_count; first += columns_max) {
            const std::uint32_t count = std::min(index_.session_count - first, columns_max);
            const auto place_of = [&](std::uint32_t node, ChainClocks::Row) {
                const std::uint32_t column = index_.session[node] - first;
                if (column >= count) return ChainPlace{};
                return ChainPlace{.chain = column, .place = index_.position[node]};
            };
            const ChainClocks clocks(*graph_, count, place_of);
            result_.steps += clocks.steps();
            see_chains(clocks, writes, first);
            if (result_.cycle) return;
        }
        if (!derived_.empty()) seal(What::all);
    }

    /// Of who wrote a key in a session, the last that came before a reader came before whom it read
    /// from, too. What that one has seen says nothing new.
    void see_chains(const ChainClocks& clocks, const SessionWrites& writes, std::uint32_t first) {
        const std::vector<std::uint32_t> nothing(clocks.row(0).size());
        for (std::uint32_t node = 0; node < index_.count() && !result_.cycle; ++node) {
            for (std::uint32_t at = index_.reads_begin[node]; at < index_.reads_begin[node + 1];
                 ++at) {
                if (at + lookahead < index_.reads.size()) {
                    const RegisterRead& ahead = index_.reads[at + lookahead];
                    writes.expect(ahead.key);
                    if (ahead.writer != no_node) clocks.expect(ahead.writer);
                }
                const RegisterRead& read = index_.reads[at];
                const std::span<const std::uint32_t> known =
                    read.writer == no_node ? nothing : clocks.row(read.writer);
                ++result_.steps;
                writes.for_last_writers(
                    read.key, {.first = first, .before = known, .until = clocks.row(node)},
                    [&](std::uint32_t writer) {
                        ++result_.steps;
                        derive(writer, read.writer, read.key, node, Visible::by_chain);
                    });
            }
        }
    }

    const RegisterIndex& index_;
    WeakLevel level_;
    Budget budget_;
    std::optional<OrderedGraph> graph_;  // sealed last
    std::vector<Link> derived_;
    std::uint32_t read_key_ = no_node;  // of the read that made the seen transaction visible
    WeakResult result_;
};

}  // namespace

std::optional<std::uint32_t> unrepeated_read(const RegisterIndex& index) {
    struct Version {
        std::uint32_t reader = no_node;
        std::uint32_t writer = no_node;
    };
    std::vector<Version> versions(index.keys.size());
    for (std::uint32_t node = 0; node < index.count(); ++node) {
        for (const RegisterRead& read : index.reads_of(node)) {
            Version& version = versions[read.key];
            if (version.reader == node && version.writer != read.writer) {
                return static_cast<std::uint32_t>(&read - index.reads.data());
            }
            version = {.reader = node, .writer = read.writer};
        }
    }
    return std::nullopt;
}

WeakResult check_weak_level(const RegisterIndex& index, WeakLevel level, const Budget& budget) {
    return WeakChecker(index, level, budget).run();
}

}  // namespace geode::check::txn

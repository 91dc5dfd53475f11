// SPDX-License-Identifier: Apache-2.0
#pragma once

// Isolation by definition, for histories of a handful of list-append transactions: every order is
// tried, every cycle walked. Slow, and short enough to be believed.

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "workloads/check/txn/cycle_specs.h"
#include "workloads/check/txn/history.h"

namespace geode::check::txn {

/// Which order between transactions an execution must keep.
enum class Keeps : std::uint8_t { nothing, sessions, real_time };

using ListState = std::map<ValueId, std::vector<ValueId>>;

class ListOracle {
public:
    explicit ListOracle(const TxnHistory& history) : history_(history) {}

    /// Some order of the transactions that are ok, and of any of those of unknown outcome, gives
    /// every read its answer.
    bool serializable(Keeps keeps) const {
        return any_choice([&](std::vector<std::uint32_t> chosen) { return orders(chosen, keeps); });
    }

    /// The same with a start and a commit for each: reads see what was committed at the start, and
    /// of two that append to the same key one commits before the other starts.
    bool snapshot(Keeps keeps) const {
        return any_choice([&](std::vector<std::uint32_t> chosen) {
            std::vector<std::uint32_t> events;
            for (const std::uint32_t txn : chosen) events.insert(events.end(), {txn, txn});
            std::ranges::sort(events);
            do {
                if (snapshot_order(events, keeps)) return true;
            } while (std::ranges::next_permutation(events).found);
            return false;
        });
    }

    /// The names of all cycles, each with every choice of relations between its transactions.
    std::set<std::string> cycles(Relations extra) const;

private:
    const Transaction& txn(std::uint32_t index) const { return history_.transactions[index]; }

    template <class Holds>
    bool any_choice(Holds holds) const {
        std::vector<std::uint32_t> sure;
        std::vector<std::uint32_t> perhaps;
        for (std::uint32_t index = 0; index < history_.transactions.size(); ++index) {
            if (txn(index).completion == Completion::ok) sure.push_back(index);
            if (txn(index).completion == Completion::unknown) perhaps.push_back(index);
        }
        for (std::uint32_t set = 0; set < 1U << perhaps.size(); ++set) {
            std::vector<std::uint32_t> chosen = sure;
            for (std::uint32_t bit = 0; bit < perhaps.size(); ++bit) {
                if ((set >> bit & 1) != 0) chosen.push_back(perhaps[bit]);
            }
            if (holds(chosen)) return true;
        }
        return false;
    }

    bool must_precede(std::uint32_t a, std::uint32_t b, Keeps keeps) const {
        if (keeps == Keeps::nothing || txn(a).completed >= txn(b).invoked) return false;
        return keeps == Keeps::real_time || txn(a).process == txn(b).process;
    }

    /// Runs a transaction on `state`; whether its reads are answered as recorded.
    bool run(std::uint32_t index, ListState& state) const {
        for (const Mop& mop : history_.mops_of(txn(index))) {
            std::vector<ValueId>& list = state[mop.key];
            if (mop.kind == MopKind::append) {
                list.push_back(mop.value);
            } else if (mop.known && !std::ranges::equal(list, history_.list_of(mop))) {
                return false;
            }
        }
        return true;
    }

    bool orders(std::vector<std::uint32_t>& chosen, Keeps keeps) const {
        std::ranges::sort(chosen);
        do {
            ListState state;
            bool fits = true;
            for (std::size_t at = 0; at < chosen.size() && fits; ++at) {
                for (std::size_t later = at + 1; later < chosen.size(); ++later) {
                    if (must_precede(chosen[later], chosen[at], keeps)) fits = false;
                }
                fits = fits && run(chosen[at], state);
            }
            if (fits) return true;
        } while (std::ranges::next_permutation(chosen).found);
        return false;
    }

    bool snapshot_order(const std::vector<std::uint32_t>& events, Keeps keeps) const;

    bool writes(std::uint32_t index, ValueId key) const {
        return std::ranges::any_of(history_.mops_of(txn(index)), [&](const Mop& mop) {
            return mop.kind == MopKind::append && mop.key == key;
        });
    }

    using Table = std::vector<std::vector<std::set<Relations>>>;
    std::set<Relations> relations(std::uint32_t a, std::uint32_t b, Relations extra) const;
    void walk(std::vector<std::uint32_t>& path, const Table& table,
              std::set<std::string>& names) const;
    void name_all(const std::vector<std::uint32_t>& path, std::vector<Relations>& steps,
                  const Table& table, std::set<std::string>& names) const;

    // By definition, once more: the versions of a key and who made them.
    struct Version {
        ValueId element;
        std::uint32_t writer;
    };
    std::span<const ValueId> longest_read(ValueId key) const;
    std::vector<Version> versions(ValueId key) const;
    std::vector<std::uint32_t> unseen_writers(ValueId key) const;
    bool committed(std::uint32_t index) const;

    const TxnHistory& history_;
};

inline bool ListOracle::snapshot_order(const std::vector<std::uint32_t>& events,
                                       Keeps keeps) const {
    std::map<std::uint32_t, std::size_t> starts;
    std::map<std::uint32_t, std::size_t> commits;
    ListState state;
    std::map<std::uint32_t, ListState> snapshots;
    for (std::size_t at = 0; at < events.size(); ++at) {
        const std::uint32_t index = events[at];
        if (!starts.contains(index)) {
            starts[index] = at;
            for (const auto& [other, start] : starts) {
                if (!commits.contains(other) && must_precede(other, index, keeps)) return false;
            }
            for (const std::uint32_t other : events) {
                if (!starts.contains(other) && must_precede(other, index, keeps)) return false;
            }
            snapshots[index] = state;
            continue;
        }
        commits[index] = at;
        for (const Mop& mop : history_.mops_of(txn(index))) {
            if (mop.kind != MopKind::append) continue;
            for (const auto& [other, commit] : commits) {
                const bool overlaps = other != index && commit > starts[index];
                if (overlaps && writes(other, mop.key)) return false;
            }
        }
        if (!run(index, snapshots[index])) return false;
        for (const Mop& mop : history_.mops_of(txn(index))) {
            if (mop.kind == MopKind::append) state[mop.key].push_back(mop.value);
        }
    }
    return true;
}

inline bool ListOracle::committed(std::uint32_t index) const {
    if (txn(index).completion != Completion::unknown) {
        return txn(index).completion == Completion::ok;
    }
    for (const Mop& append : history_.mops_of(txn(index))) {
        if (append.kind != MopKind::append) continue;
        for (const Transaction& reader : history_.transactions) {
            if (reader.completion != Completion::ok) continue;
            for (const Mop& read : history_.mops_of(reader)) {
                if (read.kind != MopKind::read_list || read.key != append.key) continue;
                const auto list = history_.list_of(read);
                if (std::ranges::find(list, append.value) != list.end()) return true;
            }
        }
    }
    return false;
}

inline std::span<const ValueId> ListOracle::longest_read(ValueId key) const {
    std::span<const ValueId> longest;
    for (const Transaction& reader : history_.transactions) {
        if (reader.completion != Completion::ok) continue;
        for (const Mop& read : history_.mops_of(reader)) {
            if (read.kind != MopKind::read_list || read.key != key) continue;
            if (history_.list_of(read).size() > longest.size()) longest = history_.list_of(read);
        }
    }
    return longest;
}

/// The longest read's elements that were committed.
inline std::vector<ListOracle::Version> ListOracle::versions(ValueId key) const {
    std::vector<Version> found;
    for (const ValueId element : longest_read(key)) {
        for (std::uint32_t index = 0; index < history_.transactions.size(); ++index) {
            if (!committed(index)) continue;
            for (const Mop& mop : history_.mops_of(txn(index))) {
                if (mop.kind != MopKind::append || mop.key != key || mop.value != element) continue;
                found.push_back(Version{element, index});
            }
        }
    }
    return found;
}

inline std::vector<std::uint32_t> ListOracle::unseen_writers(ValueId key) const {
    const std::vector<Version> seen = versions(key);
    std::vector<std::uint32_t> writers;
    for (std::uint32_t index = 0; index < history_.transactions.size(); ++index) {
        if (!committed(index)) continue;
        for (const Mop& mop : history_.mops_of(txn(index))) {
            if (mop.kind != MopKind::append || mop.key != key) continue;
            if (std::ranges::find(seen, mop.value, &Version::element) == seen.end()) {
                writers.push_back(index);
            }
        }
    }
    return writers;
}

inline std::set<Relations> ListOracle::relations(std::uint32_t a, std::uint32_t b,
                                                 Relations extra) const {
    std::set<Relations> found;
    if (!committed(a) || !committed(b) || a == b) return found;
    const bool ok = txn(a).completion == Completion::ok;
    if ((extra & realtime) != 0 && txn(a).completed < txn(b).invoked) found.insert(realtime);
    const bool one_process = txn(a).process == txn(b).process;
    if ((extra & process) != 0 && ok && one_process && a < b) found.insert(process);
    std::set<ValueId> keys;
    for (const Mop& mop : history_.mops) keys.insert(mop.key);
    for (const ValueId key : keys) {
        const std::vector<Version> chain = versions(key);
        const std::vector<std::uint32_t> unseen = unseen_writers(key);
        const bool b_unseen = std::ranges::find(unseen, b) != unseen.end();
        for (std::size_t at = 0; at < chain.size(); ++at) {
            const bool last = at + 1 == chain.size();
            const bool b_next = last ? b_unseen : chain[at + 1].writer == b;
            if (chain[at].writer == a && b_next) found.insert(ww);
        }
        for (const Mop& read : history_.mops_of(txn(b))) {
            if (read.kind != MopKind::read_list || read.key != key || !read.known) continue;
            if (read.list_begin == read.list_end) continue;
            for (const Mop& mop : history_.mops_of(txn(a))) {
                const bool wrote = mop.kind == MopKind::append && mop.key == key;
                if (wrote && mop.value == history_.list_of(read).back()) found.insert(wr);
            }
        }
        for (const Mop& read : history_.mops_of(txn(a))) {
            if (read.kind != MopKind::read_list || read.key != key || !read.known) continue;
            // How many of the committed elements stand up to the last one it saw.
            std::size_t seen = 0;
            if (read.list_begin != read.list_end) {
                const auto longest = longest_read(key);
                const auto last = std::ranges::find(longest, history_.list_of(read).back());
                if (last == longest.end()) continue;
                for (auto at = longest.begin(); at <= last; ++at) {
                    if (std::ranges::find(chain, *at, &Version::element) != chain.end()) ++seen;
                }
            }
            const bool overwrote = seen == chain.size() ? b_unseen : chain[seen].writer == b;
            if (overwrote) found.insert(rw);
        }
    }
    // As in cycles.h: what is ww or wr as well counts as that.
    if (found.contains(ww) || found.contains(wr)) found.erase(rw);
    return found;
}

inline void ListOracle::name_all(const std::vector<std::uint32_t>& path,
                                 std::vector<Relations>& steps, const Table& table,
                                 std::set<std::string>& names) const {
    if (steps.size() == path.size()) {
        const bool data = std::ranges::any_of(
            steps, [](Relations step) { return step != process && step != realtime; });
        if (data) names.insert(std::string(name_of_cycle(steps)));
        return;
    }
    const std::uint32_t to = path[(steps.size() + 1) % path.size()];
    for (const Relations relation : table[path[steps.size()]][to]) {
        steps.push_back(relation);
        name_all(path, steps, table, names);
        steps.pop_back();
    }
}

inline void ListOracle::walk(std::vector<std::uint32_t>& path, const Table& table,
                             std::set<std::string>& names) const {
    if (path.size() > 1) {
        std::vector<Relations> steps;
        name_all(path, steps, table, names);
    }
    // Each cycle once: from its smallest transaction.
    for (std::uint32_t next = path.front() + 1; next < history_.transactions.size(); ++next) {
        if (std::ranges::find(path, next) != path.end()) continue;
        if (table[path.back()][next].empty()) continue;
        path.push_back(next);
        walk(path, table, names);
        path.pop_back();
    }
}

inline std::set<std::string> ListOracle::cycles(Relations extra) const {
    std::set<std::string> names;
    const auto count = static_cast<std::uint32_t>(history_.transactions.size());
    Table table(count, std::vector<std::set<Relations>>(count));
    for (std::uint32_t a = 0; a < count; ++a) {
        for (std::uint32_t b = 0; b < count; ++b) table[a][b] = relations(a, b, extra);
    }
    for (std::uint32_t first = 0; first < history_.transactions.size(); ++first) {
        std::vector<std::uint32_t> path = {first};
        walk(path, table, names);
    }
    return names;
}

}  // namespace geode::check::txn

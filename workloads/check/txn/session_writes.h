// SPDX-License-Identifier: Apache-2.0
#pragma once

// The nodes that write each key, by session and in its order: who of a session wrote a key last
// before some point. Internal to weak_levels.cc.

#include <algorithm>
#include <span>
#include <vector>

#include "workloads/check/txn/register_index.h"

namespace geode::check::txn {

class SessionWrites {
public:
    explicit SessionWrites(const RegisterIndex& index)
        : index_(index), begin_(index.keys.size() + 1), sessions_(index.session_count + 1) {
        for (const std::uint32_t session : index.session) ++sessions_[session + 1];
        for (std::size_t at = 1; at < sessions_.size(); ++at) sessions_[at] += sessions_[at - 1];
        nodes_.resize(index.count());
        for (std::uint32_t node = 0; node < index.count(); ++node) {
            nodes_[sessions_[index.session[node]] + index.position[node]] = node;
        }
        for (const std::uint32_t key : index.writes) ++begin_[key + 1];
        for (std::size_t key = 0; key < index.keys.size(); ++key) begin_[key + 1] += begin_[key];
        places_.resize(index.writes.size());
        std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
        for (const std::uint32_t node : nodes_) {
            for (const std::uint32_t key : index.writes_of(node)) {
                places_[next[key]++] = place(index.session[node], index.position[node]);
            }
        }
    }

    /// The last node before `node` in its session that writes the key, or no_node.
    std::uint32_t last_before(std::uint32_t node, std::uint32_t key) const {
        const std::uint32_t before = index_.before[node];
        if (before == no_node) return no_node;
        const std::uint32_t session = index_.session[before];
        const std::span<const Place> all = places_of(key);
        const auto after =
            std::ranges::lower_bound(all, place(session, index_.position[before] + 1));
        if (after == all.begin()) return no_node;
        const Place last = *(after - 1);
        return last >> 32 == session ? node_at(last) : no_node;
    }

    /// How much of some sessions one or two nodes have seen: by session, how many transactions.
    struct Clocks {
        std::uint32_t first = 0;                ///< session
        std::span<const std::uint32_t> before;  ///< what does not count
        std::span<const std::uint32_t> until;   ///< what does
    };

    /// Calls `each(node)` with the last writer of the key in each session that has one between the
    /// clocks.
    template <class Each>
    void for_last_writers(std::uint32_t key, const Clocks& clocks, const Each& each) const {
        const std::span<const Place> all = places_of(key);
        if (all.size() > scanned_max) return for_last_of_many(all, clocks, each);
        for (std::size_t at = all.size(); at > 0; --at) {
            const auto session = static_cast<std::uint32_t>(all[at - 1] >> 32);
            const auto position = static_cast<std::uint32_t>(all[at - 1]);
            const std::uint32_t column = session - clocks.first;
            if (column >= clocks.until.size()) continue;
            if (position >= clocks.until[column] || position < clocks.before[column]) continue;
            each(node_at(all[at - 1]));
            while (at > 1 && all[at - 2] >> 32 == session) --at;
        }
    }

    /// Has the writers of a key brought from memory by the time they are asked for.
    void expect(std::uint32_t key) const { __builtin_prefetch(places_.data() + begin_[key]); }

private:
    // Writers of a key that are looked through one by one.
    static constexpr std::size_t scanned_max = 256;

    using Place = std::uint64_t;  // session and position
    static Place place(std::uint32_t session, std::uint32_t position) {
        return (Place{session} << 32) | position;
    }
    std::uint32_t node_at(Place at) const {
        return nodes_[sessions_[at >> 32] + static_cast<std::uint32_t>(at)];
    }
    std::span<const Place> places_of(std::uint32_t key) const {
        return std::span(places_).subspan(begin_[key], begin_[key + 1] - begin_[key]);
    }

    template <class Each>
    void for_last_of_many(std::span<const Place> all, const Clocks& clocks,
                          const Each& each) const {
        auto at = std::ranges::lower_bound(all, place(clocks.first, 0));
        while (at != all.end()) {
            const auto session = static_cast<std::uint32_t>(*at >> 32);
            const std::uint32_t column = session - clocks.first;
            if (column >= clocks.until.size()) return;
            const auto end = end_of(session, at, all.end());
            const auto after = std::lower_bound(at, end, place(session, clocks.until[column]));
            if (after != at && static_cast<std::uint32_t>(*(after - 1)) >= clocks.before[column]) {
                each(node_at(*(after - 1)));
            }
            at = end;
        }
    }

    /// Where the places of a session end, found by doubling.
    template <class Iterator>
    static Iterator end_of(std::uint32_t session, Iterator at, Iterator end) {
        std::ptrdiff_t width = 1;
        while (width < end - at && at[width] >> 32 == session) width *= 2;
        return std::lower_bound(at + width / 2, at + std::min(width, end - at),
                                place(session + 1, 0));
    }

    const RegisterIndex& index_;
    std::vector<std::uint32_t> begin_;     // key -> first of its places
    std::vector<std::uint32_t> sessions_;  // session -> first of its nodes
    std::vector<std::uint32_t> nodes_;     // by session and position
    std::vector<Place> places_;
};

}  // namespace geode::check::txn

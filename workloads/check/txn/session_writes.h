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
        : index_(index), begin_(index.keys.size() + 1) {
        for (const std::uint32_t key : index.writes) ++begin_[key + 1];
        for (std::size_t key = 0; key < index.keys.size(); ++key) begin_[key + 1] += begin_[key];
        nodes_.resize(index.writes.size());
        std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
        for (std::uint32_t node = 0; node < index.count(); ++node) {
            for (const std::uint32_t key : index.writes_of(node)) nodes_[next[key]++] = node;
        }
        for (std::size_t key = 0; key < index.keys.size(); ++key) {
            std::sort(nodes_.begin() + begin_[key], nodes_.begin() + begin_[key + 1],
                      [this](std::uint32_t left, std::uint32_t right) {
                          return place(left) < place(right);
                      });
        }
    }

    /// The last node before `node` in its session that writes the key, or no_node.
    std::uint32_t last_before(std::uint32_t node, std::uint32_t key) const {
        const std::uint32_t before = index_.before[node];
        if (before == no_node) return no_node;
        const std::span<const std::uint32_t> all = writers_of(key);
        const Place limit{index_.session[before], index_.position[before] + 1};
        const auto after = std::partition_point(
            all.begin(), all.end(), [&](std::uint32_t writer) { return place(writer) < limit; });
        if (after == all.begin()) return no_node;
        const std::uint32_t last = *(after - 1);
        return index_.session[last] == limit.first ? last : no_node;
    }

    /// Calls `each(writer)` with the last writer of the key in each session that has one among the
    /// transactions which `clock` (by session: how many) covers.
    template <class Each>
    void for_last_writers(std::uint32_t key, const std::uint32_t* clock, const Each& each) const {
        const std::span<const std::uint32_t> all = writers_of(key);
        for (std::size_t at = 0; at < all.size();) {
            const std::uint32_t session = index_.session[all[at]];
            std::size_t width = 1;  // of the session's writers, found by doubling
            while (at + width < all.size() && index_.session[all[at + width]] == session) {
                width *= 2;
            }
            const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
            const auto limit =
                all.begin() + static_cast<std::ptrdiff_t>(std::min(at + width, all.size()));
            const auto end = std::partition_point(from, limit, [&](std::uint32_t writer) {
                return index_.session[writer] == session;
            });
            const auto after = std::partition_point(from, end, [&](std::uint32_t writer) {
                return index_.position[writer] < clock[session];
            });
            if (after != from) each(*(after - 1));
            at = static_cast<std::size_t>(end - all.begin());
        }
    }

private:
    using Place = std::pair<std::uint32_t, std::uint32_t>;
    Place place(std::uint32_t node) const { return {index_.session[node], index_.position[node]}; }
    std::span<const std::uint32_t> writers_of(std::uint32_t key) const {
        return std::span(nodes_).subspan(begin_[key], begin_[key + 1] - begin_[key]);
    }

    const RegisterIndex& index_;
    std::vector<std::uint32_t> begin_;
    std::vector<std::uint32_t> nodes_;
};

}  // namespace geode::check::txn

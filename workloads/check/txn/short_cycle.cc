// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/short_cycle.h"

#include <algorithm>
#include <deque>

#include "base/assert.h"
#include "workloads/check/txn/components.h"

namespace geode::check::txn {
namespace {

// After so many steps any cycle is good enough.
constexpr std::uint64_t looked_at_max = 4'000'000;

/// The edges between nodes that are stuck, as components.h asks for them.
class StuckEdges {
public:
    StuckEdges(const NeighbourRows& out, const std::vector<bool>& stuck)
        : out_(out), stuck_(stuck) {}

    std::uint32_t nodes() const { return out_.nodes(); }
    std::uint32_t begin(std::uint32_t) const { return 0; }
    std::uint32_t end(std::uint32_t node) const {
        return stuck_[node] ? static_cast<std::uint32_t>(out_.of(node).size()) : 0;
    }
    std::uint32_t at(std::uint32_t node, std::uint32_t place) const {
        const std::uint32_t next = out_.of(node)[place];
        return stuck_[next] ? next : no_node;
    }

private:
    const NeighbourRows& out_;
    const std::vector<bool>& stuck_;
};

class ShortCycle {
public:
    ShortCycle(const NeighbourRows& out, const std::vector<bool>& stuck, std::uint32_t helpers)
        : out_(out),
          helpers_(helpers),
          components_(components_of(StuckEdges(out, stuck))),
          mark_(out.nodes()) {
        for (std::uint32_t node = 0; node < out.nodes(); ++node) {
            if (!stuck[node]) continue;
            if (std::ranges::count(out_.of(node), node) > 0) keep_self(node);
            if (!components_.trivial(node) && node < helpers) starts_.push_back(node);
        }
        std::ranges::sort(starts_, {}, [this](std::uint32_t node) {
            return std::pair(components_.sizes[components_.of[node]], node);
        });
    }

    std::vector<std::uint32_t> run(std::uint64_t& steps) && {
        for (const std::uint32_t start : starts_) {
            if (length_ == 1 || (!best_.empty() && steps_ > looked_at_max)) break;
            search_from(start);
        }
        GEODE_ASSERT(!best_.empty());
        steps += steps_ + out_.nodes() + out_.edges();
        return std::move(best_);
    }

private:
    struct Visit {
        std::uint32_t node;
        std::uint32_t parent;  // place among the visits
        std::uint32_t length;  // nodes that count, from the start
    };

    void keep_self(std::uint32_t node) {
        best_ = {node};
        length_ = 1;
    }

    /// Breadth first, for a cycle through `start` that is shorter than the best. Helpers are gone
    /// on from at once.
    void search_from(std::uint32_t start) {
        visits_.assign(1, {.node = start, .parent = 0, .length = 1});
        std::deque<std::uint32_t> next{0};
        while (!next.empty()) {
            const std::uint32_t at = next.front();
            next.pop_front();
            const Visit visit = visits_[at];
            if (visit.length >= length_) return;
            steps_ += out_.of(visit.node).size() + 1;
            for (const std::uint32_t node : out_.of(visit.node)) {
                if (node == start) return keep(at);
                if (components_.of[node] != components_.of[start]) continue;
                if (mark_[node] == start + 1) continue;
                mark_[node] = start + 1;
                const bool helps = node >= helpers_;
                const auto place = static_cast<std::uint32_t>(visits_.size());
                visits_.push_back(
                    {.node = node, .parent = at, .length = visit.length + (helps ? 0 : 1)});
                if (helps) {
                    next.push_front(place);
                } else {
                    next.push_back(place);
                }
            }
        }
    }

    void keep(std::size_t last) {
        best_.clear();
        length_ = visits_[last].length;
        for (std::size_t at = last; at != 0; at = visits_[at].parent) {
            best_.push_back(visits_[at].node);
        }
        best_.push_back(visits_[0].node);
        std::ranges::reverse(best_);
    }

    const NeighbourRows& out_;
    std::uint32_t helpers_;
    Components components_;
    std::vector<std::uint32_t> starts_;
    std::vector<std::uint32_t> mark_;  // node -> one more than where the search that saw it began
    std::vector<Visit> visits_;
    std::vector<std::uint32_t> best_;
    std::uint32_t length_ = UINT32_MAX;  // of the best
    std::uint64_t steps_ = 0;
};

}  // namespace

std::vector<std::uint32_t> short_cycle(const NeighbourRows& out, const std::vector<bool>& stuck,
                                       std::uint32_t helpers, std::uint64_t& steps) {
    return ShortCycle(out, stuck, helpers).run(steps);
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strongly connected components in one pass that does not recurse: Tarjan, "Depth-first search and
// linear graph algorithms" (1972), over anything that can name a node's successors.
//
// A Successors has
//     std::uint32_t nodes() const;
//     std::uint32_t begin(std::uint32_t node) const;               the first place in a node's row
//     std::uint32_t end(std::uint32_t node) const;                 one past the last
//     std::uint32_t at(std::uint32_t node, std::uint32_t place) const;   or no_node: not this one

#include <algorithm>
#include <cstdint>
#include <vector>

namespace geode::check::txn {

inline constexpr std::uint32_t no_node = UINT32_MAX;

/// Components are numbered against the direction of edges: an edge leads to the same number or a
/// smaller one.
struct Components {
    std::vector<std::uint32_t> of;  ///< node -> component
    std::vector<std::uint32_t> sizes;

    bool trivial(std::uint32_t node) const { return sizes[of[node]] == 1; }
};

template <class Successors>
class ComponentSearch {
public:
    explicit ComponentSearch(const Successors& graph) : graph_(graph) {}

    /// O(nodes + edges), 20 bytes per node.
    Components run() {
        const std::uint32_t nodes = graph_.nodes();
        found_.of.assign(nodes, no_node);
        entered_.assign(nodes, 0);
        low_.assign(nodes, 0);
        for (std::uint32_t node = 0; node < nodes; ++node) {
            if (entered_[node] == 0) search_from(node);
        }
        return std::move(found_);
    }

private:
    struct Visit {
        std::uint32_t node;
        std::uint32_t place;
    };

    void enter(std::uint32_t node) {
        entered_[node] = low_[node] = ++clock_;
        pending_.push_back(node);
        visits_.push_back(Visit{node, graph_.begin(node)});
    }

    void search_from(std::uint32_t start) {
        enter(start);
        while (!visits_.empty()) {
            const std::uint32_t node = visits_.back().node;
            const std::uint32_t next = next_of(visits_.back());
            if (next != no_node) {
                enter(next);
                continue;
            }
            visits_.pop_back();
            if (!visits_.empty()) {
                std::uint32_t& low = low_[visits_.back().node];
                low = std::min(low, low_[node]);
            }
            if (low_[node] == entered_[node]) close(node);
        }
    }

    /// Goes on along a row up to a node not entered yet.
    std::uint32_t next_of(Visit& visit) {
        const std::uint32_t end = graph_.end(visit.node);
        while (visit.place != end) {
            const std::uint32_t next = graph_.at(visit.node, visit.place++);
            if (next == no_node) continue;
            if (entered_[next] == 0) return next;
            if (found_.of[next] == no_node) {
                low_[visit.node] = std::min(low_[visit.node], entered_[next]);
            }
        }
        return no_node;
    }

    void close(std::uint32_t root) {
        const auto component = static_cast<std::uint32_t>(found_.sizes.size());
        std::uint32_t size = 0;
        for (std::uint32_t node = no_node; node != root; ++size) {
            node = pending_.back();
            pending_.pop_back();
            found_.of[node] = component;
        }
        found_.sizes.push_back(size);
    }

    const Successors& graph_;
    Components found_;
    std::vector<std::uint32_t> entered_;  // 0: not yet
    std::vector<std::uint32_t> low_;
    std::vector<std::uint32_t> pending_;
    std::vector<Visit> visits_;
    std::uint32_t clock_ = 0;
};

template <class Successors>
Components components_of(const Successors& graph) {
    return ComponentSearch<Successors>(graph).run();
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The neighbours of every node of a graph, in compressed rows: four bytes for each edge.

#include <cstdint>
#include <span>
#include <vector>

namespace geode::check::txn {

class NeighbourRows {
public:
    // First count() for every edge, then end_of_counting(), then add() for the same edges. Rows
    // keep the order in which their edges were added.
    void start(std::size_t nodes) { begin_.assign(nodes + 2, 0); }
    void count(std::uint32_t node) { ++begin_[node + 2]; }
    void end_of_counting() {
        for (std::size_t at = 1; at < begin_.size(); ++at) begin_[at] += begin_[at - 1];
        neighbours_.resize(begin_.back());
    }
    void add(std::uint32_t node, std::uint32_t neighbour) {
        neighbours_[begin_[node + 1]++] = neighbour;
    }

    std::span<const std::uint32_t> of(std::uint32_t node) const {
        return std::span(neighbours_).subspan(begin_[node], begin_[node + 1] - begin_[node]);
    }
    std::uint32_t nodes() const { return static_cast<std::uint32_t>(begin_.size() - 2); }
    std::size_t edges() const { return neighbours_.size(); }

private:
    // Of a node from begin_[node] to begin_[node + 1]; while rows are filled, begin_[node + 1] is
    // where the next neighbour goes.
    std::vector<std::uint32_t> begin_;
    std::vector<std::uint32_t> neighbours_;
};

}  // namespace geode::check::txn

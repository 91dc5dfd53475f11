// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/ordered_graph.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "base/assert.h"

namespace geode::check::txn {

OrderedGraph::Rows OrderedGraph::rows_by(std::uint32_t GraphEdge::* near,
                                         std::uint32_t GraphEdge::* far) const {
    Rows rows;
    rows.begin.assign(position_.size() + 1, 0);
    for (const GraphEdge& edge : known_) ++rows.begin[edge.*near + 1];
    for (std::size_t node = 0; node < position_.size(); ++node) {
        rows.begin[node + 1] += rows.begin[node];
    }
    rows.halves.resize(known_.size());
    std::vector<std::uint32_t> next(rows.begin.begin(), rows.begin.end() - 1);
    for (const GraphEdge& edge : known_) {
        rows.halves[next[edge.*near]++] = {.node = edge.*far, .label = edge.label};
    }
    return rows;
}

bool OrderedGraph::seal(std::span<const std::uint64_t> priorities) {
    const auto count = static_cast<std::uint32_t>(position_.size());
    GEODE_ASSERT(priorities.size() == count);
    GEODE_ASSERT(out_.begin.empty());
    out_ = rows_by(&GraphEdge::from, &GraphEdge::to);
    in_ = rows_by(&GraphEdge::to, &GraphEdge::from);
    more_out_.resize(count);
    more_in_.resize(count);
    mark_.assign(count, 0);
    parent_.resize(count);
    steps_ += count + known_.size();

    using Ready = std::pair<std::uint64_t, std::uint32_t>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
    std::vector<std::uint32_t> degrees(count);
    for (std::uint32_t node = 0; node < count; ++node) {
        degrees[node] = in_.begin[node + 1] - in_.begin[node];
        if (degrees[node] == 0) ready.emplace(priorities[node], node);
    }
    std::uint32_t placed = 0;
    while (!ready.empty()) {
        const std::uint32_t node = ready.top().second;
        ready.pop();
        position_[node] = placed++;
        for (const Half& half : out_.of(node)) {
            if (--degrees[half.node] == 0) ready.emplace(priorities[half.node], half.node);
        }
    }
    known_.clear();
    known_.shrink_to_fit();
    if (placed == count) return true;
    find_known_cycle(degrees);
    return false;
}

/// Every node with incoming edges left has such a predecessor: going back from any must come round.
void OrderedGraph::find_known_cycle(std::span<const std::uint32_t> degrees) {
    const auto stuck =
        std::ranges::find_if(degrees, [](std::uint32_t degree) { return degree > 0; });
    GEODE_ASSERT(stuck != degrees.end());
    auto node = static_cast<std::uint32_t>(stuck - degrees.begin());
    new_search();
    while (mark_[node] != search_) {
        mark_[node] = search_;
        const auto halves = in_.of(node);
        node = std::ranges::find_if(halves, [&](const Half& half) {
                   return degrees[half.node] > 0;
               })->node;
    }
    // `node` is on a cycle; a shortest one through it.
    cycle_.clear();
    for (const Half& first : out_.of(node)) {
        const bool found =
            first.node == node || (new_search(), search_forward(first.node, node, UINT32_MAX));
        if (!found) continue;
        path_.clear();
        if (first.node != node) trace_path(first.node, node);
        if (!cycle_.empty() && cycle_.size() <= path_.size() + 1) continue;
        cycle_.assign(1, {.from = node, .to = first.node, .label = first.label});
        cycle_.insert(cycle_.end(), path_.begin(), path_.end());
    }
    GEODE_ASSERT(!cycle_.empty());
}

void OrderedGraph::new_search() {
    if (++search_ == 0) {
        std::ranges::fill(mark_, 0);
        search_ = 1;
    }
    forward_.clear();
    backward_.clear();
}

bool OrderedGraph::visit_forward(std::uint32_t node, std::span<const Half> halves, std::uint32_t to,
                                 std::uint32_t position_max) {
    steps_ += halves.size() + 1;
    for (const Half& half : halves) {
        if (mark_[half.node] == search_ || position_[half.node] > position_max) continue;
        mark_[half.node] = search_;
        parent_[half.node] = {.from = node, .to = half.node, .label = half.label};
        if (half.node == to) return true;
        forward_.push_back(half.node);
    }
    return false;
}

/// Breadth first, so that the path found is a shortest.
bool OrderedGraph::search_forward(std::uint32_t from, std::uint32_t to,
                                  std::uint32_t position_max) {
    mark_[from] = search_;
    forward_.push_back(from);
    for (std::size_t next = 0; next < forward_.size(); ++next) {
        const std::uint32_t node = forward_[next];
        if (visit_forward(node, out_.of(node), to, position_max)) return true;
        if (visit_forward(node, more_out_[node], to, position_max)) return true;
    }
    return false;
}

void OrderedGraph::search_backward(std::uint32_t from, std::uint32_t position_min) {
    mark_[from] = search_;
    backward_.push_back(from);
    for (std::size_t next = 0; next < backward_.size(); ++next) {
        const std::uint32_t node = backward_[next];
        for (const std::span<const Half> halves :
             {in_.of(node), std::span<const Half>(more_in_[node])}) {
            steps_ += halves.size() + 1;
            for (const Half& half : halves) {
                if (mark_[half.node] == search_ || position_[half.node] < position_min) continue;
                mark_[half.node] = search_;
                backward_.push_back(half.node);
            }
        }
    }
}

void OrderedGraph::trace_path(std::uint32_t from, std::uint32_t to) {
    path_.clear();
    for (std::uint32_t node = to; node != from; node = parent_[node].from) {
        path_.push_back(parent_[node]);
    }
    std::ranges::reverse(path_);
}

bool OrderedGraph::reaches(std::uint32_t from, std::uint32_t to) {
    if (position_[from] >= position_[to]) return false;
    new_search();
    if (!search_forward(from, to, position_[to])) return false;
    trace_path(from, to);
    return true;
}

bool OrderedGraph::insert(std::uint32_t from, std::uint32_t to, std::uint32_t label) {
    ++steps_;
    if (from == to) {
        cycle_.assign(1, {.from = from, .to = to, .label = label});
        return false;
    }
    if (position_[from] > position_[to]) {
        new_search();
        if (search_forward(to, from, position_[from])) {
            trace_path(to, from);
            cycle_.assign(1, {.from = from, .to = to, .label = label});
            cycle_.insert(cycle_.end(), path_.begin(), path_.end());
            return false;
        }
        search_backward(from, position_[to]);
        reorder();
    }
    more_out_[from].push_back({.node = to, .label = label});
    more_in_[to].push_back({.node = from, .label = label});
    inserted_.push_back({.from = from, .to = to, .label = label});
    return true;
}

/// What reaches the edge's source goes before what its target reaches, in the same positions.
void OrderedGraph::reorder() {
    const auto earlier = [this](std::uint32_t left, std::uint32_t right) {
        return position_[left] < position_[right];
    };
    std::ranges::sort(backward_, earlier);
    std::ranges::sort(forward_, earlier);
    pool_.clear();
    for (const std::uint32_t node : backward_) pool_.push_back(position_[node]);
    for (const std::uint32_t node : forward_) pool_.push_back(position_[node]);
    std::ranges::sort(pool_);
    steps_ += pool_.size();
    std::size_t next = 0;
    for (const std::uint32_t node : backward_) position_[node] = pool_[next++];
    for (const std::uint32_t node : forward_) position_[node] = pool_[next++];
}

void OrderedGraph::remove_last() {
    GEODE_ASSERT(!inserted_.empty());
    const GraphEdge edge = inserted_.back();
    inserted_.pop_back();
    more_out_[edge.from].pop_back();
    more_in_[edge.to].pop_back();
}

std::uint64_t OrderedGraph::bytes() const {
    return position_.size() * (sizeof(GraphEdge) + 2 * sizeof(std::vector<Half>) + 24) +
           (out_.halves.size() + in_.halves.size()) * sizeof(Half) +
           inserted_.size() * (sizeof(GraphEdge) + 4 * sizeof(Half));
}

}  // namespace geode::check::txn

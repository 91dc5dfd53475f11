// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/ordered_graph.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "base/assert.h"
#include "workloads/check/txn/short_cycle.h"

namespace geode::check::txn {

bool OrderedGraph::arrange(std::span<const std::uint64_t> priorities) {
    GEODE_ASSERT(priorities.size() == position_.size());
    GEODE_ASSERT(order_.empty());
    steps_ += position_.size() + out_.edges();
    using Ready = std::pair<std::uint64_t, std::uint32_t>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
    std::vector<std::uint32_t> degrees(count());
    for (std::uint32_t node = 0; node < count(); ++node) {
        degrees[node] = static_cast<std::uint32_t>(in_.of(node).size());
        if (degrees[node] == 0) ready.emplace(priorities[node], node);
    }
    order_.reserve(count());
    while (!ready.empty()) {
        const std::uint32_t node = ready.top().second;
        ready.pop();
        position_[node] = static_cast<std::uint32_t>(order_.size());
        order_.push_back(node);
        for (const std::uint32_t next : out_.of(node)) {
            if (--degrees[next] == 0) ready.emplace(priorities[next], next);
        }
    }
    if (order_.size() < position_.size()) {
        std::vector<bool> stuck(count());
        std::transform(degrees.begin(), degrees.end(), stuck.begin(),
                       [](std::uint32_t degree) { return degree > 0; });
        const std::vector<std::uint32_t> cycle = short_cycle(out_, stuck, helpers_, steps_);
        cycle_.clear();
        for (std::size_t at = 0; at < cycle.size(); ++at) {
            cycle_.push_back({.from = cycle[at], .to = cycle[(at + 1) % cycle.size()]});
        }
        return false;
    }
    mark_.assign(count(), 0);
    first_out_.assign(count(), none);
    first_in_.assign(count(), none);
    backward_.forward = false;
    return true;
}

void OrderedGraph::start(Front& front, std::uint32_t node) {
    front.mark = marks_ + (front.forward ? 0 : 1);
    front.visits.assign(1, {.node = node, .parent = none, .label = known_label});
    front.next = 0;
    mark_[node] = front.mark;
}

/// Whether the other front has seen the node.
bool OrderedGraph::look(Front& front, const Front& other, std::uint32_t parent, std::uint32_t node,
                        std::uint32_t label) {
    if (mark_[node] == front.mark) return false;
    if (position_[node] < position_min_ || position_[node] > position_max_) return false;
    front.visits.push_back({.node = node, .parent = parent, .label = label});
    if (mark_[node] == other.mark) return true;
    mark_[node] = front.mark;
    return false;
}

/// Goes one edge further from everything at the front. Whether it met the other, with the last of
/// its visits.
bool OrderedGraph::advance(Front& front, const Front& other) {
    for (const std::size_t end = front.visits.size(); front.next < end; ++front.next) {
        const std::uint32_t node = front.visits[front.next].node;
        const auto parent = static_cast<std::uint32_t>(front.next);
        const std::span<const std::uint32_t> known = (front.forward ? out_ : in_).of(node);
        steps_ += known.size() + 1;
        for (const std::uint32_t next : known) {
            if (look(front, other, parent, next, known_label)) return true;
        }
        for (std::uint32_t at = front.forward ? first_out_[node] : first_in_[node]; at != none;
             at = front.forward ? inserted_[at].next_out : inserted_[at].next_in) {
            const GraphEdge& edge = inserted_[at].edge;
            ++steps_;
            if (look(front, other, parent, front.forward ? edge.to : edge.from, edge.label)) {
                return true;
            }
        }
    }
    return false;
}

/// Whether a path leads from one node to a later one, as path(). If not, one front is exhausted.
bool OrderedGraph::search(std::uint32_t from, std::uint32_t to) {
    position_min_ = position_[from];
    position_max_ = position_[to];
    GEODE_ASSERT(position_min_ < position_max_);
    marks_ += 2;
    if (marks_ < 2) {
        std::ranges::fill(mark_, 0);
        marks_ = 2;
    }
    start(forward_, from);
    start(backward_, to);
    while (!forward_.exhausted() && !backward_.exhausted()) {
        // Whole levels, so that the path is a shortest.
        const bool ahead =
            forward_.visits.size() - forward_.next <= backward_.visits.size() - backward_.next;
        Front& front = ahead ? forward_ : backward_;
        Front& other = ahead ? backward_ : forward_;
        if (!advance(front, other)) continue;
        join_paths(front.visits.back().node);
        return true;
    }
    return false;
}

/// The path through the node at which the fronts met.
void OrderedGraph::join_paths(std::uint32_t meeting) {
    const auto visit_of = [meeting](const Front& front) {
        const auto found = std::ranges::find(front.visits, meeting, &Visit::node);
        GEODE_ASSERT(found != front.visits.end());
        return *found;
    };
    path_.clear();
    for (Visit visit = visit_of(forward_); visit.parent != none;) {
        const Visit before = forward_.visits[visit.parent];
        path_.push_back({.from = before.node, .to = visit.node, .label = visit.label});
        visit = before;
    }
    std::ranges::reverse(path_);
    for (Visit visit = visit_of(backward_); visit.parent != none;) {
        const Visit after = backward_.visits[visit.parent];
        path_.push_back({.from = visit.node, .to = after.node, .label = visit.label});
        visit = after;
    }
}

bool OrderedGraph::reaches(std::uint32_t from, std::uint32_t to) {
    return position_[from] < position_[to] && search(from, to);
}

bool OrderedGraph::insert(std::uint32_t from, std::uint32_t to, std::uint32_t label) {
    ++steps_;
    const GraphEdge edge{.from = from, .to = to, .label = label};
    if (from == to) {
        cycle_.assign(1, edge);
        return false;
    }
    if (position_[from] > position_[to]) {
        if (search(to, from)) {
            cycle_.assign(1, edge);
            cycle_.insert(cycle_.end(), path_.begin(), path_.end());
            return false;
        }
        move_front(backward_.exhausted() ? backward_ : forward_);
    }
    const auto number = static_cast<std::uint32_t>(inserted_.size());
    inserted_.push_back({.edge = edge, .next_out = first_out_[from], .next_in = first_in_[to]});
    first_out_[from] = number;
    first_in_[to] = number;
    return true;
}

/// All that leads to the edge's source goes before all else between the ends; or all that its
/// target leads to, behind.
void OrderedGraph::move_front(const Front& front) {
    const auto begin = order_.begin() + position_min_;
    const auto end = order_.begin() + position_max_ + 1;
    steps_ += static_cast<std::uint64_t>(end - begin) / 8;  // one after another in memory
    const auto goes_last = [&](std::uint32_t node) {
        return (mark_[node] == front.mark) == front.forward;
    };
    pool_.clear();
    std::copy_if(begin, end, std::back_inserter(pool_), goes_last);
    std::ranges::copy(pool_, std::remove_if(begin, end, goes_last));
    for (auto at = begin; at != end; ++at) {
        position_[*at] = static_cast<std::uint32_t>(at - order_.begin());
    }
    for (const Visit& visit : front.visits) moved_.push_back(visit.node);
    if (moved_.size() <= 2 * position_.size()) return;
    std::ranges::sort(moved_);
    moved_.erase(std::ranges::unique(moved_).begin(), moved_.end());
}

void OrderedGraph::remove_last() {
    GEODE_ASSERT(!inserted_.empty());
    const Inserted last = inserted_.back();
    inserted_.pop_back();
    first_out_[last.edge.from] = last.next_out;
    first_in_[last.edge.to] = last.next_in;
}

std::uint64_t OrderedGraph::bytes() const {
    return position_.size() * 8 * sizeof(std::uint32_t) +
           (out_.edges() + in_.edges()) * sizeof(std::uint32_t) +
           inserted_.size() * sizeof(Inserted) +
           (moved_.size() + pool_.size()) * sizeof(std::uint32_t) +
           (forward_.visits.size() + backward_.visits.size()) * sizeof(Visit);
}

}  // namespace geode::check::txn

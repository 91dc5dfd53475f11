// SPDX-License-Identifier: Apache-2.0
#pragma once

// Zones: whether clusters of operations, each of which has to stay together, can come one after
// another. Internal to the checks that build on them (zones.h, chains.h), which say what a cluster
// is and that the operations of each can be ordered by themselves.
//
// The zone of a cluster lies between its earliest completion and its latest invocation. If the
// completion comes first the zone is forward: all of it belongs to the cluster. Otherwise it is
// backward: the whole cluster fits at any one moment in it. The clusters fit exactly when no two
// forward zones overlap and no backward zone lies inside a forward one.
//
// Source: Gibbons & Korach, "Testing shared memories", SIAM J. Computing 26(4), 1997, section 4.

#include <array>
#include <cstdint>
#include <vector>

namespace geode::check {

// Positions are widened so that what was there at first fits before them, "never" after them.
inline constexpr std::int64_t never_position = INT64_MAX;
inline constexpr std::int64_t initial_invoked = -2;
inline constexpr std::int64_t initial_completed = -1;

struct Cluster {
    std::int64_t write_invoked = never_position;
    std::int64_t first_completion = never_position;
    std::int64_t last_invocation = initial_invoked;
    bool forward() const { return first_completion < last_invocation; }
    /// No operation has to happen: nothing known of it has completed.
    bool idle() const { return first_completion == never_position; }
    void include(std::int64_t invoked, std::int64_t completed);
};

class ZoneOrder {
public:
    /// Whether the clusters fit; idle ones need no place. O(n log n). `clusters` must stay for the
    /// later call of moment_of().
    bool fits(const std::vector<Cluster>& clusters);
    /// After fits() failed: two clusters that do not fit together, by their earliest completions.
    std::array<std::int64_t, 2> clash() const { return clash_; }
    /// After fits() held: where the cluster goes among the others. A forward one goes at its
    /// beginning, a backward one at the first moment of its zone outside forward ones.
    std::int64_t moment_of(const Cluster& cluster) const;

private:
    const Cluster* forward_before(std::int64_t moment) const;

    std::vector<Cluster> forward_;  // by first completion
    std::array<std::int64_t, 2> clash_ = {};
};

}  // namespace geode::check

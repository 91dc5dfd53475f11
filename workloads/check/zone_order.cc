// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/zone_order.h"

#include <algorithm>

namespace geode::check {

void Cluster::include(std::int64_t invoked, std::int64_t completed) {
    first_completion = std::min(first_completion, completed);
    last_invocation = std::max(last_invocation, invoked);
}

bool ZoneOrder::fits(const std::vector<Cluster>& clusters) {
    forward_.clear();
    for (const Cluster& cluster : clusters) {
        if (!cluster.idle() && cluster.forward()) forward_.push_back(cluster);
    }
    std::ranges::sort(forward_, {}, &Cluster::first_completion);
    for (std::size_t index = 1; index < forward_.size(); ++index) {
        const Cluster& before = forward_[index - 1];
        if (forward_[index].first_completion >= before.last_invocation) continue;
        clash_ = {before.first_completion, forward_[index].first_completion};
        return false;
    }
    for (const Cluster& cluster : clusters) {
        if (cluster.idle() || cluster.forward()) continue;
        const Cluster* const around = forward_before(cluster.last_invocation);
        if (around == nullptr || cluster.first_completion >= around->last_invocation) continue;
        clash_ = {around->first_completion, cluster.first_completion};
        return false;
    }
    return true;
}

/// The last forward zone that begins before `moment`, or null.
const Cluster* ZoneOrder::forward_before(std::int64_t moment) const {
    const auto after = std::ranges::lower_bound(forward_, moment, {}, &Cluster::first_completion);
    return after == forward_.begin() ? nullptr : &*std::prev(after);
}

std::int64_t ZoneOrder::moment_of(const Cluster& cluster) const {
    if (cluster.forward()) return cluster.first_completion;
    const Cluster* const around = forward_before(cluster.last_invocation);
    if (around == nullptr) return cluster.last_invocation;
    return std::max(cluster.last_invocation, around->last_invocation);
}

}  // namespace geode::check

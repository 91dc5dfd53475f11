// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/zones.h"

#include <algorithm>
#include <bit>

#include "base/hash_map.h"
#include "workloads/check/prefixes.h"
#include "workloads/check/zone_order.h"

namespace geode::check {
namespace {

constexpr std::uint32_t no_cluster = UINT32_MAX;
constexpr std::uint32_t initial_cluster = 0;
constexpr std::uint64_t slot_salt = 0x7a;

/// Value -> its cluster. Open addressing, sized once. Values that were numbered one after another
/// lie together, for they are looked up at about the same time.
class ClusterTable {
public:
    explicit ClusterTable(std::size_t values) : slots_(std::bit_ceil(values * 2 + 2)) {}

    /// false if the value has a cluster already.
    bool add(ValueId value, std::uint32_t cluster) {
        Slot& slot = slots_[place_of(value)];
        if (slot.cluster != no_cluster) return false;
        slot = {.value = value.value(), .cluster = cluster};
        return true;
    }
    /// no_cluster if it has none.
    std::uint32_t find(ValueId value) const { return slots_[place_of(value)].cluster; }

private:
    static constexpr std::uint32_t group_size = 16;
    struct Slot {
        std::uint32_t value = 0;
        std::uint32_t cluster = no_cluster;
    };

    std::size_t place_of(ValueId value) const {
        const std::uint64_t group = mix_hash(value.value() / group_size, slot_salt) * group_size;
        std::size_t at = (group + value.value() % group_size) & (slots_.size() - 1);
        while (slots_[at].cluster != no_cluster && slots_[at].value != value.value()) {
            at = (at + 1) & (slots_.size() - 1);
        }
        return at;
    }

    std::vector<Slot> slots_;
};

/// What the zones need of an entry, in a quarter of a cache line.
struct Step {
    std::uint32_t invoked = 0;
    std::uint32_t completed = pending;
    std::uint32_t cluster = no_cluster;
    bool writes = false;

    bool completed_before(std::uint32_t limit) const {
        return completed != pending && completed < limit;
    }
};

class Zones {
public:
    /// false if zones are not exact for it.
    bool take(const Partition& partition, ValueId initial);

    /// Whether what was known just before event `limit` is linearizable.
    bool linearizable(std::uint32_t limit);
    /// The linearization, after linearizable(limit) held.
    std::vector<std::uint32_t> order(std::uint32_t limit) const;
    /// The event with which it goes wrong, after linearizable(limit) failed.
    std::uint32_t find_failing(std::uint32_t limit);

private:
    bool measure(std::uint32_t limit);
    std::uint32_t cluster_completed_at(std::int64_t moment) const;
    Zones only_culprits() const;
    std::vector<std::uint32_t> first_places(std::uint32_t limit) const;

    std::vector<Step> steps_;  // by entry
    std::vector<Cluster> clusters_;
    ZoneOrder zone_order_;
    // Why it was not linearizable: clusters that do not fit alone, or a read of what nobody wrote.
    std::vector<std::uint32_t> culprits_;
    std::optional<Step> unwritten_;
};

bool Zones::take(const Partition& partition, ValueId initial) {
    ClusterTable table(partition.entries.size());
    table.add(initial, initial_cluster);
    std::uint32_t count = initial_cluster + 1;
    std::vector<ValueId> values;
    values.reserve(partition.entries.size());
    steps_.reserve(partition.entries.size());
    for (const Entry& entry : partition.entries) {
        const Operation& operation = entry.operation;
        const bool writes = operation.function == Function::write;
        if (!writes && operation.function != Function::read) return false;
        if (writes && !table.add(operation.argument, count++)) return false;
        values.push_back(writes ? operation.argument : operation.result);
        steps_.push_back(
            {.invoked = entry.invoked, .completed = entry.completed, .writes = writes});
    }
    for (std::size_t at = 0; at < steps_.size(); ++at) steps_[at].cluster = table.find(values[at]);
    clusters_.resize(count);
    return true;
}

/// Computes the clusters of the events before `limit`; false if a value was read that nobody had
/// begun to write.
bool Zones::measure(std::uint32_t limit) {
    std::fill(clusters_.begin(), clusters_.end(), Cluster{});
    clusters_[initial_cluster] = Cluster{.write_invoked = initial_invoked,
                                         .first_completion = initial_completed,
                                         .last_invocation = initial_invoked};
    for (const Step& step : steps_) {
        if (step.invoked >= limit) break;
        const bool completed = step.completed_before(limit);
        if (!completed && !step.writes) continue;
        if (step.cluster == no_cluster) {
            unwritten_ = step;
            return false;
        }
        Cluster& cluster = clusters_[step.cluster];
        if (step.writes) cluster.write_invoked = step.invoked;
        cluster.include(step.invoked, completed ? std::int64_t{step.completed} : never_position);
    }
    for (std::uint32_t number = 0; number < clusters_.size(); ++number) {
        const Cluster& cluster = clusters_[number];
        if (cluster.idle() || cluster.write_invoked < cluster.first_completion) continue;
        culprits_ = {number};
        return false;
    }
    return true;
}

bool Zones::linearizable(std::uint32_t limit) {
    culprits_.clear();
    unwritten_.reset();
    if (!measure(limit)) return false;
    if (zone_order_.fits(clusters_)) return true;
    for (const std::int64_t moment : zone_order_.clash()) {
        culprits_.push_back(cluster_completed_at(moment));
    }
    return false;
}

std::uint32_t Zones::cluster_completed_at(std::int64_t moment) const {
    const auto found = std::ranges::find(clusters_, moment, &Cluster::first_completion);
    GEODE_ASSERT(found != clusters_.end());
    return static_cast<std::uint32_t>(found - clusters_.begin());
}

/// The few operations that are wrong by themselves.
Zones Zones::only_culprits() const {
    Zones few;
    few.clusters_.resize(initial_cluster + 1 + culprits_.size());
    if (unwritten_) few.steps_.push_back(*unwritten_);
    for (const Step& step : steps_) {
        const auto found = std::ranges::find(culprits_, step.cluster);
        if (found == culprits_.end()) continue;
        Step& copy = few.steps_.emplace_back(step);
        if (step.cluster == initial_cluster) continue;
        copy.cluster = static_cast<std::uint32_t>(found - culprits_.begin()) + 1;
    }
    return few;
}

std::uint32_t Zones::find_failing(std::uint32_t limit) {
    const auto search = [](Zones& zones, std::uint32_t bad) {
        return first_failing(bad, [&](std::uint32_t most) { return zones.linearizable(most); });
    };
    // Where the culprits alone go wrong all does, if not earlier: mostly that is the place.
    constexpr int attempts_max = 4;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        Zones few = only_culprits();
        limit = search(few, limit);
        if (linearizable(limit)) return limit;
    }
    return search(*this, limit);
}

/// By cluster, where its first operation goes; `pending` for those that need no place.
std::vector<std::uint32_t> Zones::first_places(std::uint32_t limit) const {
    struct Moment {
        std::int64_t at = 0;
        std::uint32_t cluster = 0;
    };
    std::vector<Moment> moments{{initial_completed, initial_cluster}};
    for (std::uint32_t number = initial_cluster + 1; number < clusters_.size(); ++number) {
        const Cluster& cluster = clusters_[number];
        if (!cluster.idle()) moments.push_back({zone_order_.moment_of(cluster), number});
    }
    std::ranges::sort(moments, [](const Moment& a, const Moment& b) {
        return a.at != b.at ? a.at < b.at : a.cluster < b.cluster;
    });
    std::vector<std::uint32_t> sizes(clusters_.size());
    for (const Step& step : steps_) {
        if (step.writes || step.completed_before(limit)) ++sizes[step.cluster];
    }
    std::vector<std::uint32_t> places(clusters_.size(), pending);
    std::uint32_t place = 0;
    for (const Moment& moment : moments) {
        places[moment.cluster] = place;
        place += sizes[moment.cluster];
    }
    return places;
}

std::vector<std::uint32_t> Zones::order(std::uint32_t limit) const {
    std::vector<std::uint32_t> places = first_places(limit);
    std::vector<std::uint32_t> entries(steps_.size());
    std::size_t placed = 0;
    // Of each cluster its write first, then its reads as they were invoked.
    for (const bool writes : {true, false}) {
        for (std::uint32_t index = 0; index < steps_.size(); ++index) {
            const Step& step = steps_[index];
            if (step.writes != writes || !(writes || step.completed_before(limit))) continue;
            if (places[step.cluster] == pending) continue;
            entries[places[step.cluster]++] = index;
            ++placed;
        }
    }
    entries.resize(placed);
    return entries;
}

}  // namespace

std::optional<ZoneResult> check_zones(const Partition& partition, ValueId initial) {
    Zones zones;
    if (!zones.take(partition, initial)) return std::nullopt;
    const auto all = static_cast<std::uint32_t>(partition.events.size());
    ZoneResult result;
    std::uint32_t known = all;
    result.linearizable = zones.linearizable(all);
    if (!result.linearizable) {
        known = result.blocking = zones.find_failing(all);
        GEODE_ASSERT(zones.linearizable(known));
    }
    result.order = zones.order(known);
    return result;
}

}  // namespace geode::check

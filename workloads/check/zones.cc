// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/zones.h"

#include <algorithm>
#include <tuple>

#include "base/hash_map.h"
#include "workloads/check/prefixes.h"
#include "workloads/check/zone_order.h"

namespace geode::check {
namespace {

constexpr std::uint32_t no_cluster = UINT32_MAX;
constexpr std::uint32_t initial_cluster = 0;
constexpr std::uint64_t lookup_salt = 0x7a;

class Zones {
public:
    Zones(const Partition& partition, ValueId initial);

    /// Whether what was known just before event `limit` is linearizable.
    bool linearizable(std::uint32_t limit);
    /// The linearization, after linearizable(all) held.
    std::vector<std::uint32_t> order() const;

private:
    bool measure(std::uint32_t limit);

    const Partition& partition_;
    std::vector<std::uint32_t> cluster_of_;  // by entry
    std::vector<Cluster> clusters_;
    ZoneOrder zone_order_;
};

Zones::Zones(const Partition& partition, ValueId initial) : partition_(partition) {
    HashMap<std::uint32_t, std::uint32_t> cluster_of_value(lookup_salt);
    cluster_of_value[initial.value()] = initial_cluster;
    std::uint32_t count = 1;
    for (const Entry& entry : partition.entries) {
        if (entry.operation.function != Function::write) continue;
        const bool fresh =
            cluster_of_value.try_emplace(entry.operation.argument.value(), count++).second;
        GEODE_ASSERT_MSG(fresh, "zones_apply() must hold");
    }
    clusters_.resize(count);
    for (const Entry& entry : partition.entries) {
        const bool is_write = entry.operation.function == Function::write;
        const ValueId value = is_write ? entry.operation.argument : entry.operation.result;
        const auto found = cluster_of_value.find(value.value());
        cluster_of_.push_back(found == cluster_of_value.end() ? no_cluster : found->second);
    }
}

bool Zones::linearizable(std::uint32_t limit) {
    return measure(limit) && zone_order_.fits(clusters_);
}

/// Computes the clusters of the events before `limit`; false if a value was read that nobody had
/// begun to write.
bool Zones::measure(std::uint32_t limit) {
    std::fill(clusters_.begin(), clusters_.end(), Cluster{});
    clusters_[initial_cluster] = Cluster{.write_invoked = initial_invoked,
                                         .first_completion = initial_completed,
                                         .last_invocation = initial_invoked};
    for (std::uint32_t index = 0; index < partition_.entries.size(); ++index) {
        const Entry& entry = partition_.entries[index];
        if (entry.invoked >= limit) break;
        const bool completed = entry.completed != pending && entry.completed < limit;
        const bool is_write = entry.operation.function == Function::write;
        if (!completed && !is_write) continue;
        const std::uint32_t number = cluster_of_[index];
        if (number == no_cluster) return false;
        Cluster& cluster = clusters_[number];
        if (is_write) cluster.write_invoked = entry.invoked;
        if (completed) {
            cluster.first_completion =
                std::min(cluster.first_completion, std::int64_t{entry.completed});
        }
        cluster.last_invocation = std::max(cluster.last_invocation, std::int64_t{entry.invoked});
    }
    return std::ranges::all_of(clusters_, [](const Cluster& cluster) {
        return cluster.idle() || cluster.write_invoked < cluster.first_completion;
    });
}

std::vector<std::uint32_t> Zones::order() const {
    // Moment of the cluster, its number, its write first, then its reads as they were invoked.
    using Place = std::tuple<std::int64_t, std::uint32_t, bool, std::uint32_t>;
    std::vector<Place> places;
    for (std::uint32_t index = 0; index < partition_.entries.size(); ++index) {
        const std::uint32_t number = cluster_of_[index];
        GEODE_ASSERT(number != no_cluster);
        const Cluster& cluster = clusters_[number];
        if (cluster.idle()) continue;
        const bool is_read = partition_.entries[index].operation.function == Function::read;
        places.emplace_back(
            number == initial_cluster ? initial_completed : zone_order_.moment_of(cluster), number,
            is_read, index);
    }
    std::ranges::sort(places);
    std::vector<std::uint32_t> entries;
    for (const Place& place : places) entries.push_back(std::get<3>(place));
    return entries;
}

}  // namespace

bool zones_apply(const Partition& partition, ValueId initial) {
    std::vector<std::uint32_t> written{initial.value()};
    for (const Entry& entry : partition.entries) {
        if (entry.operation.function == Function::read) continue;
        if (entry.operation.function != Function::write) return false;
        written.push_back(entry.operation.argument.value());
    }
    std::ranges::sort(written);
    return std::ranges::adjacent_find(written) == written.end();
}

ZoneResult check_zones(const Partition& partition, ValueId initial) {
    GEODE_ASSERT(zones_apply(partition, initial));
    Zones zones(partition, initial);
    const auto all = static_cast<std::uint32_t>(partition.events.size());
    ZoneResult result;
    if (zones.linearizable(all)) {
        result.order = zones.order();
        return result;
    }
    result.linearizable = false;
    result.blocking =
        first_failing(partition, [&](std::uint32_t limit) { return zones.linearizable(limit); });
    return result;
}

}  // namespace geode::check

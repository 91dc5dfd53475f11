// SPDX-License-Identifier: Apache-2.0
#pragma once

// A cluster on a bench, for experiments with hand-made faults: boots, waits, runs register clients,
// asks replicas for their digests. Everything a Run does by schedule, a test does here by hand.

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "sim/cluster.h"
#include "sim/inspection.h"

namespace geode::sim::test {

class Laboratory {
public:
    using Adjust = UniqueFunction<void(node::NodeOptions&)>;

    Laboratory(std::uint64_t seed, std::uint32_t nodes, std::uint32_t clients, const Knobs& knobs,
               Adjust adjust = {})
        : progress_(clients), cluster_(options(seed, nodes, clients, knobs, std::move(adjust))) {
        driver_ = make_register_driver({clients, seconds(60), knobs, nullptr});
    }

    Cluster& cluster() { return cluster_; }
    Simulation& simulation() { return cluster_.simulation(); }
    workloads::Progress& progress(std::uint32_t client) { return progress_[client - 1]; }
    void run_for(Duration duration) { simulation().run_for(duration); }

    /// How long until the condition held, checked every millisecond; `bound` if it did not.
    template <class Condition>
    Duration time_until(Duration bound, Condition condition) {
        Duration passed{0};
        while (passed < bound && !condition()) {
            run_for(milliseconds(1));
            passed += milliseconds(1);
        }
        return passed;
    }

    NodeId boot_and_elect() {
        cluster_.boot_all();
        time_until(seconds(30), [this] { return !cluster_.leader().is_none(); });
        REQUIRE_FALSE(cluster_.leader().is_none());
        return cluster_.leader();
    }
    /// Boots the clients if the test has not, and lets them work.
    void start_clients() {
        if (!simulation().node(Cluster::client_id(1)).running()) cluster_.boot_clients();
        for (std::uint32_t number = 1; number <= cluster_.clients(); ++number) {
            World& world = cluster_.client_world(number);
            world.spawn("workload", [this, &world, number] {
                node::Client client(world, cluster_.client_options(number));
                driver_->run_client(world, client, number, control_, progress_[number - 1]);
            });
        }
    }
    /// Shows every trace record from now on.
    void watch(UniqueFunction<void(const TraceRecord&)> watcher) { watcher_ = std::move(watcher); }
    /// Stops the clients, waits for equal digests on all replicas, and judges the history.
    void conclude(Duration bound) {
        control_.stop = true;
        const auto finished = [this] {
            return std::ranges::all_of(progress_, &workloads::Progress::finished);
        };
        time_until(seconds(60), finished);
        REQUIRE(finished());
        Inspection inspection;
        World& world = cluster_.client_world(1);
        world.spawn("inspection", [&] { inspect(cluster_, world, *driver_, bound, inspection); });
        time_until(seconds(120), [&] { return inspection.done; });
        CHECK_FALSE(inspection.violation.has_value());
        CHECK(inspection.stuck.value_or("") == "");
        CHECK(inspection.graph.has_value());
        CHECK(cluster_.finding().value_or("") == "");
        CHECK(driver_->judge(nullptr).value_or("") == "");
    }

private:
    ClusterOptions options(std::uint64_t seed, std::uint32_t nodes, std::uint32_t clients,
                           const Knobs& knobs, Adjust adjust) {
        ClusterOptions made;
        made.seed = seed;
        made.nodes = nodes;
        made.clients = clients;
        made.knobs = knobs;
        made.adjust = std::move(adjust);
        made.trace_sink = [this](const TraceRecord& record) {
            if (watcher_) watcher_(record);
        };
        return made;
    }

    UniqueFunction<void(const TraceRecord&)> watcher_;
    std::unique_ptr<WorkloadDriver> driver_;
    std::vector<workloads::Progress> progress_;
    workloads::Control control_;
    Cluster cluster_;
};

/// The value below which `percent` of the samples lie.
inline double percentile(std::vector<double> samples, double percent) {
    REQUIRE_FALSE(samples.empty());
    std::sort(samples.begin(), samples.end());
    const auto last = static_cast<double>(samples.size() - 1);
    return samples[static_cast<std::size_t>(percent / 100 * last + 0.5)];
}

}  // namespace geode::sim::test

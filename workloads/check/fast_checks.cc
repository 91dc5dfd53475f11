// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/fast_checks.h"

#include "workloads/check/chains.h"
#include "workloads/check/growing_sets.h"
#include "workloads/check/pools.h"
#include "workloads/check/zones.h"

namespace geode::check {
namespace {

std::optional<FastResult> from_zones(std::optional<ZoneResult> zones) {
    if (!zones) return std::nullopt;
    return FastResult{.verdict = zones->linearizable ? Verdict::valid : Verdict::invalid,
                      .order = std::move(zones->order),
                      .ordered = true,
                      .blocking = zones->blocking};
}

}  // namespace

std::optional<FastResult> check_fast(const Partition& partition, const ValueTable& values,
                                     const Model& model) {
    const std::optional<ValueId> initial = model.register_initial(values);
    if (initial) {
        if (auto zones = check_zones(partition, *initial)) return from_zones(std::move(zones));
    }
    switch (model.discipline()) {
        case Discipline::none: return std::nullopt;
        case Discipline::text:
        case Discipline::list:
            return from_zones(check_chains(partition, values, model.discipline()));
        case Discipline::set: return from_zones(check_growing_set(partition, values));
        case Discipline::queue:
        case Discipline::stack:
        case Discipline::priority_queue: break;
    }
    auto pool = check_pool(partition, values, model.discipline());
    if (!pool || pool->verdict == Verdict::unknown) return std::nullopt;
    return FastResult{.verdict = pool->verdict,
                      .blocking = pool->blocking,
                      .rule = pool->rule,
                      .culprits = std::move(pool->culprits)};
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/staleness.h"

#include <algorithm>

namespace geode::check {
namespace {

struct Stamp {
    std::int64_t time;
    std::uint64_t position;  // as recorded
    std::uint32_t operation;
    bool invocation;
};

}  // namespace

Result<History> with_early_reads(const History& history, Duration bound) {
    std::vector<Stamp> stamps;
    for (std::uint32_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        const bool ends = operation.completed != never_completed;
        if (operation.invoked_ns == no_time || (ends && operation.completed_ns == no_time)) {
            return make_error(
                ErrorCode::invalid_argument,
                "bounded staleness takes a time for every event, and there is none of " +
                    describe(operation, history.values));
        }
        stamps.push_back({operation.invoked_ns, operation.invoked, index, true});
        if (ends) stamps.push_back({operation.completed_ns, operation.completed, index, false});
    }
    std::ranges::sort(stamps, {}, &Stamp::position);
    std::int64_t latest = INT64_MIN;
    for (Stamp& stamp : stamps) stamp.time = latest = std::max(latest, stamp.time);
    // An early read begins before the events of its new time, other events stay as they are.
    const auto early = [&](const Stamp& stamp) {
        return stamp.invocation && history.operations[stamp.operation].function == Function::read;
    };
    for (Stamp& stamp : stamps) {
        if (early(stamp)) stamp.time -= bound.count();
    }
    std::ranges::stable_sort(stamps, [&](const Stamp& a, const Stamp& b) {
        if (a.time != b.time) return a.time < b.time;
        return early(a) && !early(b);
    });
    History out = history;
    for (std::uint64_t position = 0; position < stamps.size(); ++position) {
        Operation& operation = out.operations[stamps[position].operation];
        (stamps[position].invocation ? operation.invoked : operation.completed) = position;
    }
    return out;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "jepsen/nemesis.h"

#include <fmt/format.h>

#include <algorithm>

namespace geode::jepsen {
namespace {

using sim::Fault;
using sim::FaultKind;
using Action = NemesisStep::Action;

constexpr Duration look_interval = milliseconds(10);

void append_flips(const Fault& fault, std::size_t index, std::vector<NemesisStep>& steps) {
    const Duration period = microseconds(fault.parameter("period_us"));
    for (Duration at = fault.start + period; at < fault.end(); at += period) {
        steps.push_back({at, index, Action::flip});
    }
}

}  // namespace

std::vector<NemesisStep> steps_of(const sim::Schedule& schedule) {
    std::vector<NemesisStep> steps;
    for (std::size_t i = 0; i < schedule.faults.size(); ++i) {
        const Fault& fault = schedule.faults[i];
        steps.push_back({fault.start, i, Action::begin});
        if (fault.kind == FaultKind::flap) append_flips(fault, i, steps);
        if (sim::spec_of(fault.kind).lasts) steps.push_back({fault.end(), i, Action::end});
    }
    std::ranges::stable_sort(steps, [](const NemesisStep& a, const NemesisStep& b) {
        if (a.at != b.at) return a.at < b.at;
        return a.action == Action::end && b.action != Action::end;
    });
    return steps;
}

ClusterView Nemesis::view() const {
    ClusterView view;
    for (std::uint32_t node = 1; node <= cluster_.nodes(); ++node) {
        if (cluster_.running(node)) view.running.insert(node);
    }
    const auto leader = leaders_.leader();
    if (leader && view.running.contains(*leader)) view.leader = leader;
    return view;
}

void Nemesis::note(std::string_view action, std::size_t index, const ActiveFault* resolved) {
    const Fault& fault = schedule_.faults[index];
    std::string whom = fault.describe();
    if (resolved != nullptr) {
        std::string nodes;
        for (const std::uint32_t node : resolved->nodes) nodes += fmt::format(" n{}", node);
        if (!nodes.empty()) whom += fmt::format(" ->{}", nodes);
    }
    log_.nemesis(fmt::format("{}-{}", action, sim::to_string(fault.kind)), edn_text(whom));
}

void Nemesis::look() {
    elected_ = leaders_.poll() || elected_;
    for (const ProcessEnd& end : cluster_.take_ended()) {
        leaders_.forget(end.node);
        if (injector_.takes_end(end) || crash_) continue;
        crash_ = fmt::format("n{} ended by itself with {} {}", end.node,
                             end.by_signal ? "signal" : "status", end.status);
    }
    for (std::uint32_t node = 1; node <= cluster_.nodes(); ++node) {
        if (!cluster_.running(node)) leaders_.forget(node);
    }
}

Result<void> Nemesis::begin(std::size_t index) {
    ActiveFault resolved = resolve(schedule_.faults[index], view());
    const bool possible =
        resolved.has_target() && injector_.why_not(schedule_.faults[index].kind).empty();
    note(possible ? "start" : "skip", index, &resolved);
    if (possible) begun_.insert(index);
    GEODE_TRY([[maybe_unused]] const bool done, injector_.begin(index, std::move(resolved)));
    return {};
}

Result<void> Nemesis::take(const NemesisStep& step) {
    switch (step.action) {
        case Action::begin:
            if (!schedule_.faults[step.fault].after_election) return begin(step.fault);
            waiting_.insert(step.fault);
            return {};
        case Action::flip: return injector_.flip(step.fault);
        case Action::end:
            waiting_.erase(step.fault);
            begin_at_.erase(step.fault);
            if (begun_.erase(step.fault) == 0) return {};
            GEODE_TRY_VOID(injector_.end(step.fault));
            note("stop", step.fault, nullptr);
            return {};
    }
    GEODE_UNREACHABLE("an action outside its enum");
}

/// Faults whose election has come begin so long after it as they ask.
Result<void> Nemesis::begin_awaited() {
    if (std::exchange(elected_, false)) {
        for (const std::size_t index : std::exchange(waiting_, {})) {
            begin_at_[index] = world_.deadline_in(*schedule_.faults[index].after_election);
        }
    }
    for (auto at = begin_at_.begin(); at != begin_at_.end();) {
        if (at->second > world_.now()) {
            ++at;
            continue;
        }
        const std::size_t index = at->first;
        at = begin_at_.erase(at);
        GEODE_TRY_VOID(begin(index));
    }
    return {};
}

Result<void> Nemesis::run(const bool& stop) {
    const std::vector<NemesisStep> steps = steps_of(schedule_);
    const MonoTime begun = world_.now();
    const MonoTime end = saturating_add(begun, schedule_.duration);
    std::size_t next = 0;
    while (!stop && !crash_ && (world_.now() < end || next < steps.size())) {
        look();
        GEODE_TRY_VOID(begin_awaited());
        while (next < steps.size() && saturating_add(begun, steps[next].at) <= world_.now()) {
            GEODE_TRY_VOID(take(steps[next]));
            ++next;
            look();
        }
        world_.sleep_for(look_interval);
    }
    log_.nemesis("heal", "nil");
    return injector_.heal_all();
}

void Nemesis::watch_for(Duration time, const bool& stop) {
    const MonoTime end = world_.deadline_in(time);
    while (!stop && !crash_ && world_.now() < end) {
        look();
        world_.sleep_for(look_interval);
    }
}

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace geode::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t failures_shown_max = 20;

template <class... Args>
std::string format(const char* pattern, Args... args) {
    char buffer[512];
    const int size = std::snprintf(buffer, sizeof buffer, pattern, args...);
    GEODE_ASSERT(size >= 0);
    return std::string(buffer, std::min(static_cast<std::size_t>(size), sizeof buffer - 1));
}

double milli(double value) {
    return static_cast<double>(static_cast<std::int64_t>(value * 1000.0 + 0.5)) / 1000.0;
}

/// The first line, for tables.
std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

std::string_view effect_family(FaultKind kind) {
    return kind == FaultKind::bridge ? to_string(FaultKind::partition) : to_string(kind);
}

void SweepTally::add(const RunResult& result) {
    ++runs_;
    ++verdicts_[result.verdict];
    if (!result.passed()) {
        failures_.push_back(
            {result.seed, result.verdict, result.reproduce, first_line(result.explanation)});
    }
    for (const auto& [family, effect] : result.faults) {
        faults_[family].injected += effect.injected;
        faults_[family].observed += effect.observed;
    }
    for (const auto& [name, hits] : result.probes) {
        ProbeHits& probe = probes_[name];
        if (hits > 0 && (probe.runs == 0 || result.seed < probe.first_seed)) {
            probe.first_seed = result.seed;
        }
        probe.hits += hits;
        probe.runs += hits > 0;
    }
    ops_.ok += result.ops.ok;
    ops_.fail += result.ops.fail;
    ops_.unknown += result.ops.unknown;
    events_ += result.events;
    elections_ += result.elections;
    sim_s_ += result.sim_s;
    cpu_s_ += result.cpu_s;
    latency_ms_.raise(result.latency_max_ms, result.seed);
    unavailable_s_.raise(result.unavailable_max_s, result.seed);
    cpu_of_one_s_.raise(result.cpu_s, result.seed);
}

std::vector<std::string> SweepTally::families_without_effect() const {
    std::vector<std::string> silent;
    if (runs_ < runs_min_for_effects) return silent;
    for (const FaultKind kind : kinds_) {
        const auto found = faults_.find(std::string(effect_family(kind)));
        if (found == faults_.end() || found->second.observed == 0) {
            silent.emplace_back(to_string(kind));
        }
    }
    return silent;
}

int SweepTally::exit_status() const {
    RunVerdict worst = RunVerdict::pass;
    for (const auto& [verdict, count] : verdicts_) {
        if (severity(verdict) > severity(worst)) worst = verdict;
    }
    if (worst == RunVerdict::pass && !families_without_effect().empty()) {
        return sim::exit_status(RunVerdict::usage);
    }
    return sim::exit_status(worst);
}

std::string SweepTally::summary_line(double wall_s) const {
    Json json;
    json["summary"] = true;
    json["runs"] = runs_;
    json["exit"] = exit_status();
    Json verdicts = Json::object();
    for (const auto& [verdict, count] : verdicts_)
        verdicts[std::string(to_string(verdict))] = count;
    json["verdicts"] = std::move(verdicts);
    Json seeds = Json::array();
    for (const Failure& failure : failures_) seeds.push_back(failure.seed);
    json["failed_seeds"] = std::move(seeds);
    json["sim_s"] = milli(sim_s_);
    json["cpu_s"] = milli(cpu_s_);
    json["wall_s"] = milli(wall_s);
    json["sim_s_per_cpu_s"] = cpu_s_ > 0 ? milli(sim_s_ / cpu_s_) : 0.0;
    json["events"] = events_;
    json["elections"] = elections_;
    json["ops"] = {{"ok", ops_.ok}, {"fail", ops_.fail}, {"unknown", ops_.unknown}};
    json["latency_max_ms"] = milli(latency_ms_.value);
    json["unavailable_max_s"] = milli(unavailable_s_.value);
    Json faults = Json::object();
    for (const auto& [family, effect] : faults_) {
        faults[family] = {{"injected", effect.injected}, {"observed", effect.observed}};
    }
    json["faults"] = std::move(faults);
    json["families_without_effect"] = families_without_effect();
    Json probes = Json::object();
    for (const auto& [name, probe] : probes_) {
        probes[name] = {{"hits", probe.hits}, {"runs", probe.runs}};
        if (probe.runs > 0) probes[name]["first_seed"] = probe.first_seed;
    }
    json["probes"] = std::move(probes);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string SweepTally::verdict_lines() const {
    std::string text;
    for (const auto& [verdict, count] : verdicts_) {
        text += format("  %-16s %8llu\n", std::string(to_string(verdict)).c_str(),
                       static_cast<unsigned long long>(count));
    }
    std::size_t shown = 0;
    for (const Failure& failure : failures_) {
        if (++shown > failures_shown_max) {
            text +=
                format("  ... and %zu more failing seeds\n", failures_.size() - failures_shown_max);
            break;
        }
        text += "\n  seed " + std::to_string(failure.seed) + ": ";
        text.append(to_string(failure.verdict)).append(": ").append(failure.explanation);
        text += "\n    " + failure.reproduce + "\n";
    }
    return text;
}

std::string SweepTally::fault_lines() const {
    std::string text = format("  %-18s %12s %14s\n", "fault family", "injected", "observed");
    for (const auto& [family, effect] : faults_) {
        if (effect == FaultEffect{}) continue;
        text += format("  %-18s %12llu %14llu\n", family.c_str(),
                       static_cast<unsigned long long>(effect.injected),
                       static_cast<unsigned long long>(effect.observed));
    }
    for (const std::string& family : families_without_effect()) {
        text += "  NO EFFECT: " + family + " was enabled and never observed; the sweep is void\n";
    }
    return text;
}

std::string SweepTally::summary_table(double wall_s) const {
    const auto integer = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::string text = "verdicts\n" + verdict_lines();
    text += "\nfaults\n" + fault_lines();
    std::uint64_t reached = 0;
    for (const auto& [name, probe] : probes_) reached += probe.runs > 0;
    text += format("\nprobes reached   %llu of %zu\n", integer(reached), probes_.size());
    for (const auto& [name, probe] : probes_) {
        if (probe.runs == 0) text += "  never: " + name + "\n";
    }
    text += format("operations       %llu answered, %llu failed, %llu unknown\n", integer(ops_.ok),
                   integer(ops_.fail), integer(ops_.unknown));
    text += format("elections won    %llu\n", integer(elections_));
    text += format("worst latency    %.0f ms (seed %llu)\n", latency_ms_.value,
                   integer(latency_ms_.seed));
    text += format("longest outage   %.1f s without an answer (seed %llu)\n", unavailable_s_.value,
                   integer(unavailable_s_.seed));
    text += format("simulated        %.0f s in %.1f CPU s: %.0f simulated seconds per CPU second\n",
                   sim_s_, cpu_s_, cpu_s_ > 0 ? sim_s_ / cpu_s_ : 0.0);
    text += format("dearest run      %.2f CPU s (seed %llu)\n", cpu_of_one_s_.value,
                   integer(cpu_of_one_s_.seed));
    text += format("wall time        %.1f s, %llu runs, %llu events\n", wall_s, integer(runs_),
                   integer(events_));
    return text;
}

}  // namespace geode::sim

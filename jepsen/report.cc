// SPDX-License-Identifier: Apache-2.0
#include "jepsen/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace geode::jepsen {
namespace {

using Json = nlohmann::ordered_json;

std::string effects_text(const std::map<std::string, sim::FaultEffect>& effects) {
    std::string text;
    for (const auto& [kind, effect] : effects) {
        text += fmt::format("  {} {}/{}", kind, effect.injected, effect.observed);
    }
    return text.empty() ? "  none" : text;
}

/// A cell of the side-by-side table from a member of a result, however deep.
std::string cell(const Json& result, const std::string& pointer) {
    const Json::json_pointer at(pointer);
    if (!result.contains(at)) return "-";
    const Json& value = result[at];
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return fmt::format("{:.1f}", value.get<double>());
    return value.dump();
}

std::string effect_cell(const Json& result, const std::string& kind) {
    if (result.contains("not_injected") && result["not_injected"].contains(kind)) {
        return "not injected";
    }
    if (!result.contains("faults") || !result["faults"].contains(kind)) return "-";
    const Json& effect = result["faults"][kind];
    return fmt::format("{}/{}", effect.value("injected", 0), effect.value("observed", 0));
}

}  // namespace

std::string_view verdict_name(sim::RunVerdict verdict) {
    return verdict == sim::RunVerdict::unrecoverable ? "undecided" : sim::to_string(verdict);
}

std::string to_json_line(const ChaosReport& report, const std::string& store,
                         const std::string& reproduce) {
    sim::RunResult result = report.result;
    result.reproduce = reproduce;
    Json json = Json::parse(sim::to_json_line(result));
    for (const char* const virtual_only : {"hash", "sim_s", "cpu_s", "events", "probes"}) {
        json.erase(virtual_only);
    }
    json["verdict"] = verdict_name(result.verdict);
    json["wall_s"] = static_cast<double>(static_cast<std::int64_t>(report.wall_s * 1000)) / 1000;
    json["checked"] = report.checked;
    json["anomalies"] = report.anomalies;
    json["store"] = store;
    json["missing"] = report.missing;
    Json left_out = Json::object();
    for (const auto& [kind, entry] : report.not_injected) {
        left_out[kind] = {{"count", entry.count}, {"reason", entry.reason}};
    }
    json["not_injected"] = std::move(left_out);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string results_edn(const ChaosReport& report) {
    const sim::RunResult& result = report.result;
    const bool undecided = result.verdict == sim::RunVerdict::unrecoverable;
    std::string faults;
    for (const auto& [kind, effect] : result.faults) {
        faults += fmt::format("\n           {} {{:injected {} :observed {}}}", edn_text(kind),
                              effect.injected, effect.observed);
    }
    std::string left_out;
    for (const auto& [kind, entry] : report.not_injected) {
        left_out += fmt::format("\n                 {} {{:count {} :reason {}}}", edn_text(kind),
                                entry.count, edn_text(entry.reason));
    }
    std::string anomalies;
    for (const std::string& name : report.anomalies) {
        anomalies += (anomalies.empty() ? ":" : " :") + name;
    }
    return fmt::format(
        "{{:valid? {},\n :verdict :{},\n :workload {},\n :checked {},\n"
        " :anomaly-types [{}],\n :explanation {},\n"
        " :stats {{:ok-count {}, :fail-count {}, :info-count {}}},\n"
        " :faults {{{}}},\n :not-injected {{{}}}}}\n",
        result.passed() ? "true"
        : undecided     ? ":unknown"
                        : "false",
        verdict_name(result.verdict), edn_text(result.workload), edn_text(report.checked),
        anomalies, edn_text(result.explanation), result.ops.ok, result.ops.fail, result.ops.unknown,
        faults, left_out);
}

std::string to_text(const ChaosReport& report, const std::string& store,
                    const std::string& reproduce) {
    const sim::RunResult& result = report.result;
    std::string text = fmt::format(
        "seed {}: {}\n"
        "cluster       {} processes, {}, workload {}\n"
        "time          {:.1f} s\n"
        "schedule      {}\n"
        "operations    {} answered, {} failed, {} unknown; p50 {:.1f} ms, max {:.0f} ms\n"
        "elections won {}; longest time without an answer {:.1f} s\n"
        "checked       {}\n"
        "faults      {} (injected/observed)\n",
        result.seed, verdict_name(result.verdict), result.nodes, result.network, result.workload,
        report.wall_s, sim::hex64(result.schedule_hash), result.ops.ok, result.ops.fail,
        result.ops.unknown, result.latency_p50_ms, result.latency_max_ms, result.elections,
        result.unavailable_max_s, report.checked, effects_text(result.faults));
    for (const auto& [kind, entry] : report.not_injected) {
        text += fmt::format("not injected  {} x {}: {}\n", entry.count, kind, entry.reason);
    }
    text += "store         " + store + "\n";
    if (result.passed()) return text;
    return text + "\n" + result.explanation + "\n\nagain: " + reproduce + "\n";
}

Result<std::string> compare_results(const std::string& simulated, const std::string& real) {
    const Json left = Json::parse(simulated, nullptr, /*allow_exceptions=*/false);
    const Json right = Json::parse(real, nullptr, /*allow_exceptions=*/false);
    const auto is_result = [](const Json& json) {
        return json.is_object() && json.contains("schedule_hash") && json.contains("verdict");
    };
    if (!is_result(left)) {
        return make_error(ErrorCode::invalid_argument, "the simulator's side is not a result");
    }
    if (!is_result(right)) {
        return make_error(ErrorCode::invalid_argument, "the real side is not a result");
    }
    if (left["schedule_hash"] != right["schedule_hash"]) {
        return make_error(ErrorCode::invalid_argument, "the two ran different schedules");
    }
    std::string text = fmt::format("{:<22} {:>22} {:>22}\n", "", "simulated", "real processes");
    const auto row = [&](std::string_view name, const std::string& one, const std::string& other) {
        text += fmt::format("{:<22} {:>22} {:>22}\n", name, one, other);
    };
    constexpr std::pair<const char*, const char*> rows[] = {
        {"verdict", "/verdict"},
        {"workload", "/workload"},
        {"nodes", "/nodes"},
        {"schedule", "/schedule_hash"},
        {"network", "/network"},
        {"answered", "/ops/ok"},
        {"failed", "/ops/fail"},
        {"unknown", "/ops/unknown"},
        {"elections won", "/elections"},
        {"latency p50, ms", "/latency_p50_ms"},
        {"latency max, ms", "/latency_max_ms"},
        {"longest silence, s", "/unavailable_max_s"}};
    for (const auto& [name, pointer] : rows) row(name, cell(left, pointer), cell(right, pointer));
    row("time, s", cell(left, "/sim_s") + " virtual", cell(right, "/wall_s"));
    text += "\nfaults: injected/observed\n";
    std::set<std::string> kinds;
    for (const Json* const side : {&left, &right}) {
        for (const char* const member : {"faults", "not_injected"}) {
            if (!side->contains(member)) continue;
            for (const auto& [kind, ignored] : (*side)[member].items()) kinds.insert(kind);
        }
    }
    for (const std::string& kind : kinds) {
        row(kind, effect_cell(left, kind), effect_cell(right, kind));
    }
    return text;
}

}  // namespace geode::jepsen

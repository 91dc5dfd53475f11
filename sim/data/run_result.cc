// SPDX-License-Identifier: Apache-2.0
#include "sim/data/run_result.h"

#include <array>
#include <nlohmann/json.hpp>

namespace geode::sim {
namespace {

using Json = nlohmann::ordered_json;

struct VerdictName {
    RunVerdict verdict;
    std::string_view name;
    int severity;
};
constexpr std::array verdict_names = {
    VerdictName{RunVerdict::pass, "pass", 0},
    VerdictName{RunVerdict::violation, "violation", 6},
    VerdictName{RunVerdict::usage, "usage", 7},
    VerdictName{RunVerdict::no_liveness, "no_liveness", 3},
    VerdictName{RunVerdict::crash, "crash", 5},
    VerdictName{RunVerdict::nondeterminism, "nondeterminism", 4},
    VerdictName{RunVerdict::unrecoverable, "unrecoverable", 1},
};

const VerdictName& entry_of(RunVerdict verdict) {
    const auto index = static_cast<std::size_t>(verdict);
    GEODE_ASSERT(index < verdict_names.size() && verdict_names[index].verdict == verdict);
    return verdict_names[index];
}

/// Three decimals, so that the text is short and the same everywhere.
double milli(double value) {
    return static_cast<double>(static_cast<std::int64_t>(value * 1000.0 + 0.5)) / 1000.0;
}

Json effects_json(const std::map<std::string, FaultEffect>& effects) {
    Json json = Json::object();
    for (const auto& [family, effect] : effects) {
        json[family] = {{"injected", effect.injected}, {"observed", effect.observed}};
    }
    return json;
}

/// Reads optional fields of the right type; anything else is left at its default.
class FieldReader {
public:
    explicit FieldReader(const Json& json) : json_(json) {}

    void text(const char* key, std::string& into) const {
        const auto found = json_.find(key);
        if (found != json_.end() && found->is_string()) into = found->get<std::string>();
    }
    template <class Integer>
    void integer(const char* key, Integer& into) const {
        const auto found = json_.find(key);
        if (found != json_.end() && found->is_number_unsigned()) into = found->get<Integer>();
    }
    void number(const char* key, double& into) const {
        const auto found = json_.find(key);
        if (found != json_.end() && found->is_number()) into = found->get<double>();
    }
    void hex(const char* key, std::uint64_t& into) const {
        std::string digits;
        text(key, digits);
        std::uint64_t value = 0;
        for (const char digit : digits) {
            const std::size_t place = std::string_view("0123456789abcdef").find(digit);
            if (place == std::string_view::npos) return;
            value = value << 4 | place;
        }
        if (digits.size() == 16) into = value;
    }

private:
    const Json& json_;
};

void read_maps(const Json& json, RunResult& result) {
    if (const auto faults = json.find("faults"); faults != json.end() && faults->is_object()) {
        for (const auto& [family, effect] : faults->items()) {
            if (!effect.is_object()) continue;
            FaultEffect& into = result.faults[family];
            FieldReader(effect).integer("injected", into.injected);
            FieldReader(effect).integer("observed", into.observed);
        }
    }
    if (const auto probes = json.find("probes"); probes != json.end() && probes->is_object()) {
        for (const auto& [name, hits] : probes->items()) {
            if (hits.is_number_unsigned()) result.probes[name] = hits.get<std::uint64_t>();
        }
    }
    if (const auto tail = json.find("trace_tail"); tail != json.end() && tail->is_array()) {
        for (const Json& line : *tail) {
            if (line.is_string()) result.trace_tail.push_back(line.get<std::string>());
        }
    }
}

void read_fields(const Json& json, RunResult& result) {
    const FieldReader reader(json);
    reader.hex("hash", result.hash);
    reader.hex("schedule_hash", result.schedule_hash);
    reader.text("workload", result.workload);
    reader.integer("nodes", result.nodes);
    std::int64_t duration_us = 0;
    reader.integer("duration_us", duration_us);
    result.duration = microseconds(duration_us);
    reader.text("fault_kinds", result.fault_kinds);
    reader.text("graph", result.graph);
    reader.text("network", result.network);
    reader.number("sim_s", result.sim_s);
    reader.number("cpu_s", result.cpu_s);
    reader.integer("events", result.events);
    reader.integer("elections", result.elections);
    reader.number("latency_p50_ms", result.latency_p50_ms);
    reader.number("latency_max_ms", result.latency_max_ms);
    reader.number("unavailable_max_s", result.unavailable_max_s);
    reader.text("reproduce", result.reproduce);
    reader.text("explanation", result.explanation);
    if (const auto ops = json.find("ops"); ops != json.end() && ops->is_object()) {
        const FieldReader counts(*ops);
        counts.integer("ok", result.ops.ok);
        counts.integer("fail", result.ops.fail);
        counts.integer("unknown", result.ops.unknown);
    }
}

}  // namespace

std::string_view to_string(RunVerdict verdict) {
    return entry_of(verdict).name;
}

std::optional<RunVerdict> find_run_verdict(std::string_view name) {
    for (const VerdictName& entry : verdict_names) {
        if (entry.name == name) return entry.verdict;
    }
    return std::nullopt;
}

int exit_status(RunVerdict verdict) {
    return static_cast<int>(verdict);
}

int severity(RunVerdict verdict) {
    return entry_of(verdict).severity;
}

std::string hex64(std::uint64_t value) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t i = text.size(); i-- > 0; value >>= 4) text[i] = digits[value & 15];
    return text;
}

std::string to_json_line(const RunResult& result) {
    Json json;
    json["seed"] = result.seed;
    json["verdict"] = to_string(result.verdict);
    json["exit"] = exit_status(result.verdict);
    json["hash"] = hex64(result.hash);
    json["schedule_hash"] = hex64(result.schedule_hash);
    json["workload"] = result.workload;
    json["nodes"] = result.nodes;
    json["duration_us"] = result.duration.count() / 1'000;
    json["fault_kinds"] = result.fault_kinds;
    if (!result.graph.empty()) json["graph"] = result.graph;
    json["network"] = result.network;
    json["sim_s"] = milli(result.sim_s);
    json["cpu_s"] = milli(result.cpu_s);
    json["events"] = result.events;
    json["elections"] = result.elections;
    json["ops"] = {
        {"ok", result.ops.ok}, {"fail", result.ops.fail}, {"unknown", result.ops.unknown}};
    json["latency_p50_ms"] = milli(result.latency_p50_ms);
    json["latency_max_ms"] = milli(result.latency_max_ms);
    json["unavailable_max_s"] = milli(result.unavailable_max_s);
    json["faults"] = effects_json(result.faults);
    json["probes"] = result.probes;
    json["reproduce"] = result.reproduce;
    if (!result.explanation.empty()) json["explanation"] = result.explanation;
    if (result.schedule) json["schedule"] = Json::parse(to_json_text(*result.schedule));
    if (!result.trace_tail.empty()) json["trace_tail"] = result.trace_tail;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<RunResult> parse_run_result(std::string_view line, std::string_view name) {
    const auto wrong = [&](const std::string& expected) {
        return make_error(ErrorCode::invalid_argument, std::string(name) + ": " + expected);
    };
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return wrong("expected a JSON object on one line");
    RunResult result;
    const auto seed = json.find("seed");
    if (seed == json.end() || !seed->is_number_unsigned()) {
        return wrong("seed: expected an integer from 0");
    }
    result.seed = seed->get<std::uint64_t>();
    std::string verdict_name;
    FieldReader(json).text("verdict", verdict_name);
    const std::optional<RunVerdict> verdict = find_run_verdict(verdict_name);
    if (!verdict) return wrong("verdict: expected the name of a verdict");
    result.verdict = *verdict;
    read_fields(json, result);
    read_maps(json, result);
    if (const auto schedule = json.find("schedule"); schedule != json.end()) {
        GEODE_TRY(result.schedule, parse_schedule(schedule->dump(), name));
    }
    return result;
}

}  // namespace geode::sim

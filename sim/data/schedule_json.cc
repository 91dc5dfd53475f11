// SPDX-License-Identifier: Apache-2.0
// The JSON form of schedules: docs/formats/schedule.md.

#include <nlohmann/json.hpp>

#include "sim/data/schedule.h"

namespace geode::sim {
namespace {

using Json = nlohmann::ordered_json;

/// A reader's position: errors name the path from the top.
struct Place {
    std::string_view name;
    std::string path;

    Place at(std::string_view key) const {
        return {name, path.empty() ? std::string(key) : path + "." + std::string(key)};
    }
    Place at(std::size_t index) const { return {name, path + "[" + std::to_string(index) + "]"}; }
    Error expected(std::string_view what, const Json* found = nullptr) const {
        std::string message(name);
        message.append(": ").append(path.empty() ? "top" : path).append(": expected ").append(what);
        if (found != nullptr) {
            std::string text = found->dump(-1, ' ', true, Json::error_handler_t::replace);
            if (text.size() > 40) text = text.substr(0, 37) + "...";
            message.append(", found ").append(text);
        }
        return make_error(ErrorCode::invalid_argument, std::move(message));
    }
};

Result<std::int64_t> read_integer(const Json& json, const Place& place, std::int64_t low,
                                  std::int64_t high) {
    const std::string what = "an integer " + std::to_string(low) + ".." + std::to_string(high);
    if (!json.is_number_integer()) return place.expected(what, &json);
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) {
        return place.expected(what, &json);
    }
    const auto value = json.get<std::int64_t>();
    if (value < low || value > high) return place.expected(what, &json);
    return value;
}

Result<std::vector<std::string>> read_hosts(const Json& json, const Place& place) {
    if (!json.is_array()) return place.expected("a list of host names", &json);
    std::vector<std::string> hosts;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (!json[i].is_string()) return place.at(i).expected("a host name", &json[i]);
        hosts.push_back(json[i].get<std::string>());
    }
    return hosts;
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        words.push_back(text.substr(0, space));
        text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    }
    return words;
}

Result<std::int64_t> read_parameter(const Json& json, const Place& place,
                                    const ParameterSpec& spec) {
    if (spec.choices.empty()) return read_integer(json, place, spec.low, spec.high);
    const std::vector<std::string_view> words = split_words(spec.choices);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (json.is_string() && json.get_ref<const std::string&>() == words[i]) {
            return static_cast<std::int64_t>(i);
        }
    }
    return place.expected("one of: " + std::string(spec.choices), &json);
}

Result<void> read_targets(const Json& json, const Place& place, std::string_view key,
                          Fault& fault) {
    if (key == "nodes") {
        GEODE_TRY(fault.nodes, read_hosts(json, place));
        return {};
    }
    if (!json.is_array()) return place.expected("a list", &json);
    for (std::size_t i = 0; i < json.size(); ++i) {
        GEODE_TRY(std::vector<std::string> hosts, read_hosts(json[i], place.at(i)));
        if (key == "groups") {
            fault.groups.push_back(std::move(hosts));
        } else if (hosts.size() == 2) {
            fault.links.push_back({std::move(hosts[0]), std::move(hosts[1])});
        } else {
            return place.at(i).expected("[from, to]", &json[i]);
        }
    }
    return {};
}

std::string_view target_key(TargetForm form) {
    switch (form) {
        case TargetForm::nodes: return "nodes";
        case TargetForm::groups: return "groups";
        case TargetForm::links: return "links";
        case TargetForm::crash_switch: break;
    }
    return "";
}

const ParameterSpec* find_parameter(const FaultKindSpec& spec, std::string_view name) {
    for (const ParameterSpec& parameter : spec.parameters) {
        if (parameter.name == name) return &parameter;
    }
    return nullptr;
}

std::string expected_keys(const FaultKindSpec& spec) {
    std::string keys = "one of the keys kind start_us length_us after_election_us ";
    keys.append(target_key(spec.form));
    for (const ParameterSpec& parameter : spec.parameters) keys.append(" ").append(parameter.name);
    return keys;
}

Result<Fault> read_fault(const Json& json, const Place& place, std::int64_t duration_us) {
    if (!json.is_object()) return place.expected("a fault object", &json);
    const auto kind = json.find("kind");
    if (kind == json.end() || !kind->is_string()) {
        return place.at("kind").expected("the name of a kind", kind == json.end() ? &json : &*kind);
    }
    const std::optional<FaultKind> known = find_fault_kind(kind->get_ref<const std::string&>());
    if (!known || spec_of(*known).form == TargetForm::crash_switch) {
        std::string names = "one of:";
        for (const FaultKindSpec& spec : fault_kinds()) {
            if (spec.form != TargetForm::crash_switch) names.append(" ").append(spec.name);
        }
        return place.at("kind").expected(names, &*kind);
    }
    const FaultKindSpec& spec = spec_of(*known);
    Fault fault = make_fault(*known, Duration(0), Duration(0));
    if (!json.contains("start_us")) return place.at("start_us").expected("a time in microseconds");
    for (const auto& [key, value] : json.items()) {
        const Place here = place.at(key);
        if (key == "kind") continue;
        if (key == "start_us" || key == "length_us") {
            GEODE_TRY(const std::int64_t time, read_integer(value, here, 0, duration_us));
            (key == "start_us" ? fault.start : fault.length) = microseconds(time);
        } else if (key == "after_election_us") {
            GEODE_TRY(const std::int64_t time, read_integer(value, here, 0, duration_us));
            fault.after_election = microseconds(time);
        } else if (key == target_key(spec.form)) {
            GEODE_TRY_VOID(read_targets(value, here, key, fault));
        } else if (const ParameterSpec* parameter = find_parameter(spec, key)) {
            GEODE_TRY(fault.parameters[key], read_parameter(value, here, *parameter));
        } else {
            return here.expected(expected_keys(spec));
        }
    }
    return fault;
}

Json fault_json(const Fault& fault) {
    const FaultKindSpec& spec = spec_of(fault.kind);
    Json json;
    json["kind"] = spec.name;
    json["start_us"] = fault.start.count() / 1'000;
    if (spec.lasts) json["length_us"] = fault.length.count() / 1'000;
    if (fault.after_election) json["after_election_us"] = fault.after_election->count() / 1'000;
    if (spec.form == TargetForm::nodes) json["nodes"] = fault.nodes;
    if (spec.form == TargetForm::groups) json["groups"] = fault.groups;
    if (spec.form == TargetForm::links) {
        Json links = Json::array();
        for (const Link& link : fault.links) links.push_back({link.from, link.to});
        json["links"] = std::move(links);
    }
    for (const ParameterSpec& parameter : spec.parameters) {
        const std::int64_t value = fault.parameter(parameter.name);
        if (parameter.choices.empty()) {
            json[std::string(parameter.name)] = value;
        } else {
            json[std::string(parameter.name)] =
                split_words(parameter.choices)[static_cast<std::size_t>(value)];
        }
    }
    return json;
}

/// Parses, refusing a key that appears twice in one object: the later would win silently.
Result<Json> parse_strictly(std::string_view text, std::string_view name) {
    std::vector<std::set<std::string>> open_objects;
    std::string twice;
    const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
        if (event == Json::parse_event_t::object_end) open_objects.pop_back();
        if (event == Json::parse_event_t::key &&
            !open_objects.back().insert(parsed.get<std::string>()).second) {
            twice = parsed.get<std::string>();
        }
        return true;
    };
    try {
        Json json = Json::parse(text, watch);
        if (twice.empty()) return json;
    } catch (const Json::exception& error) {  // a number too large is not a parse_error
        return make_error(ErrorCode::invalid_argument,
                          std::string(name) + ": not JSON: " + error.what());
    }
    return make_error(ErrorCode::invalid_argument,
                      std::string(name) + ": the key \"" + twice + "\" appears twice");
}

Result<void> read_header(const Json& json, const Place& top, Schedule& schedule) {
    for (const auto& [key, value] : json.items()) {
        const Place here = top.at(key);
        if (key == "format") {
            if (value != "geode-schedule") return here.expected("\"geode-schedule\"", &value);
        } else if (key == "version") {
            GEODE_TRY(const std::int64_t version, read_integer(value, here, 1, UINT32_MAX));
            if (version != schedule_version) return here.expected("version 1", &value);
        } else if (key == "nodes" || key == "clients") {
            GEODE_TRY(const std::int64_t hosts, read_integer(value, here, 1, schedule_hosts_max));
            (key == "nodes" ? schedule.nodes : schedule.clients) =
                static_cast<std::uint32_t>(hosts);
        } else if (key == "duration_us") {
            GEODE_TRY(const std::int64_t time, read_integer(value, here, 1, 1'000'000'000'000));
            schedule.duration = microseconds(time);
        } else if (key != "faults") {
            return here.expected("one of the keys format version nodes clients duration_us faults");
        }
    }
    for (const char* key : {"format", "version", "nodes", "clients", "duration_us", "faults"}) {
        if (!json.contains(key)) return top.at(key).expected("this key");
    }
    return {};
}

}  // namespace

std::string to_json_text(const Schedule& schedule) {
    Json header;
    header["format"] = "geode-schedule";
    header["version"] = schedule_version;
    header["nodes"] = schedule.nodes;
    header["clients"] = schedule.clients;
    header["duration_us"] = schedule.duration.count() / 1'000;
    std::string text = header.dump();
    text.pop_back();
    text.append(",\"faults\":[");
    for (std::size_t i = 0; i < schedule.faults.size(); ++i) {
        text.append(i == 0 ? "\n" : ",\n").append(fault_json(schedule.faults[i]).dump());
    }
    text.append(schedule.faults.empty() ? "]}\n" : "\n]}\n");
    return text;
}

Result<Schedule> parse_schedule(std::string_view text, std::string_view name) {
    GEODE_TRY(const Json json, parse_strictly(text, name));
    const Place top{name, ""};
    if (!json.is_object()) return top.expected("an object", &json);
    Schedule schedule;
    GEODE_TRY_VOID(read_header(json, top, schedule));
    const Json& faults = json["faults"];
    if (!faults.is_array()) return top.at("faults").expected("a list of faults", &faults);
    if (faults.size() > schedule_faults_max) {
        return top.at("faults").expected("at most 100000 faults");
    }
    for (std::size_t i = 0; i < faults.size(); ++i) {
        GEODE_TRY(Fault fault,
                  read_fault(faults[i], top.at("faults").at(i), schedule.duration.count() / 1'000));
        schedule.faults.push_back(std::move(fault));
    }
    sort_faults(schedule);
    if (auto valid = validate(schedule); !valid) {
        return make_error(ErrorCode::invalid_argument,
                          std::string(name) + ": " + valid.error().message);
    }
    return schedule;
}

}  // namespace geode::sim

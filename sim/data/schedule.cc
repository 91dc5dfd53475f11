// SPDX-License-Identifier: Apache-2.0
#include "sim/data/schedule.h"

#include <algorithm>
#include <array>

#include "base/hash_map.h"

namespace geode::sim {
namespace {

constexpr std::int64_t second_us = 1'000'000;

constexpr ParameterSpec crash_parameters[] = {
    {"after_disk_ops", 0, 1'000'000, 0},
    {"loss", 0, 3, 0, "all random prefix none"},
    {"torn", 0, 1, 0, "no yes"},
    {"names", 0, 1, 0, "keep lose"},
};
constexpr ParameterSpec flap_parameters[] = {{"period_us", 1'000, 60 * second_us, second_us}};
constexpr ParameterSpec slow_link_parameters[] = {{"bytes_per_s", 1'000, 1'000'000'000, 100'000}};
constexpr ParameterSpec delay_parameters[] = {{"extra_us", 1, 10 * second_us, 50'000}};
constexpr ParameterSpec bit_flip_parameters[] = {{"one_in", 1, 1'000'000, 1'000}};
constexpr ParameterSpec percent_parameters[] = {{"percent", 1, 100, 10}};
constexpr ParameterSpec offset_parameters[] = {
    {"offset_us", -86'400 * second_us, 86'400 * second_us, second_us}};
constexpr ParameterSpec drift_parameters[] = {{"ppm", -200'000, 200'000, 200}};
constexpr ParameterSpec step_parameters[] = {
    {"step_us", -86'400 * second_us, 86'400 * second_us, second_us}};
constexpr ParameterSpec rate_parameters[] = {{"percent", 25, 400, 150}};
constexpr ParameterSpec late_parameters[] = {{"mean_us", 1, 10 * second_us, 20'000}};
constexpr ParameterSpec disk_latency_parameters[] = {{"factor", 2, 10'000, 20}};

// Nothing in a node acts on wall time or asks Chaos yet, so these could have no effect. Full disks
// end processes, and packets are what real networks are made of: on when asked for.
constexpr bool not_in_all = false;

constexpr std::array kinds = {
    FaultKindSpec{FaultKind::crash, "crash", TargetForm::nodes, true, crash_parameters,
                  "the process dies and restarts on the same disk at the end"},
    FaultKindSpec{FaultKind::pause,
                  "pause",
                  TargetForm::nodes,
                  true,
                  {},
                  "the process stands still; its clock runs on"},
    FaultKindSpec{FaultKind::partition,
                  "partition",
                  TargetForm::groups,
                  true,
                  {},
                  "groups of hosts cannot reach each other"},
    FaultKindSpec{FaultKind::bridge,
                  "bridge",
                  TargetForm::groups,
                  true,
                  {},
                  "a partition with one node in no group, which still reaches all"},
    FaultKindSpec{FaultKind::one_way_partition,
                  "one_way_partition",
                  TargetForm::links,
                  true,
                  {},
                  "bytes from one host do not reach another; the other direction works"},
    FaultKindSpec{FaultKind::flap, "flap", TargetForm::groups, true, flap_parameters,
                  "a partition that comes and goes, down and up for a period each"},
    FaultKindSpec{FaultKind::clog,
                  "clog",
                  TargetForm::links,
                  true,
                  {},
                  "bytes are held and arrive together at the end"},
    FaultKindSpec{FaultKind::slow_link, "slow_link", TargetForm::links, true, slow_link_parameters,
                  "a link with little bandwidth"},
    FaultKindSpec{FaultKind::delay, "delay", TargetForm::links, true, delay_parameters,
                  "a link with more latency"},
    FaultKindSpec{FaultKind::reset,
                  "reset",
                  TargetForm::links,
                  false,
                  {},
                  "the connections between two hosts break"},
    FaultKindSpec{FaultKind::refuse,
                  "refuse",
                  TargetForm::nodes,
                  true,
                  {},
                  "new connections to a node are refused"},
    FaultKindSpec{FaultKind::hang,
                  "hang",
                  TargetForm::nodes,
                  true,
                  {},
                  "new connections to a node get no answer"},
    FaultKindSpec{FaultKind::short_io,
                  "short_io",
                  TargetForm::nodes,
                  true,
                  {},
                  "reads return less and writes arrive in pieces"},
    FaultKindSpec{FaultKind::bit_flip, "bit_flip", TargetForm::links, true, bit_flip_parameters,
                  "one in so many writes on a link arrives with a bit flipped"},
    FaultKindSpec{FaultKind::clock_offset, "clock_offset", TargetForm::nodes, true,
                  offset_parameters, "wall time is wrong", not_in_all},
    FaultKindSpec{FaultKind::clock_drift, "clock_drift", TargetForm::nodes, true, drift_parameters,
                  "both clocks run a little fast or slow"},
    FaultKindSpec{FaultKind::clock_step, "clock_step", TargetForm::nodes, false, step_parameters,
                  "wall time jumps", not_in_all},
    FaultKindSpec{FaultKind::clock_freeze,
                  "clock_freeze",
                  TargetForm::nodes,
                  true,
                  {},
                  "wall time stands still",
                  not_in_all},
    FaultKindSpec{FaultKind::clock_rate, "clock_rate", TargetForm::nodes, true, rate_parameters,
                  "both clocks run at another rate"},
    FaultKindSpec{FaultKind::timer_late, "timer_late", TargetForm::nodes, true, late_parameters,
                  "timers fire late"},
    FaultKindSpec{FaultKind::disk_latency, "disk_latency", TargetForm::nodes, true,
                  disk_latency_parameters, "disk operations take `factor` times as long"},
    FaultKindSpec{FaultKind::disk_stall,
                  "disk_stall",
                  TargetForm::nodes,
                  true,
                  {},
                  "disk operations end when the fault does"},
    FaultKindSpec{FaultKind::chaos_site,
                  "chaos_site",
                  TargetForm::nodes,
                  true,
                  {},
                  "rare faults inside the code fire",
                  not_in_all},
    FaultKindSpec{FaultKind::disk_full,
                  "disk_full",
                  TargetForm::nodes,
                  true,
                  {},
                  "no space for writes; at the end there is, and the process is started again",
                  not_in_all},
    FaultKindSpec{FaultKind::packet_loss, "packet_loss", TargetForm::links, true,
                  percent_parameters, "packets are lost, and sent again later", not_in_all},
    FaultKindSpec{FaultKind::packet_duplicate, "packet_duplicate", TargetForm::links, true,
                  percent_parameters, "packets arrive twice: real networks only", not_in_all},
    FaultKindSpec{FaultKind::packet_reorder, "packet_reorder", TargetForm::links, true,
                  percent_parameters, "packets overtake each other: real networks only",
                  not_in_all},
    FaultKindSpec{FaultKind::torn_write,
                  "torn_write",
                  TargetForm::crash_switch,
                  false,
                  {},
                  "crashes may tear the last write at a sector boundary"},
    FaultKindSpec{FaultKind::lost_unsynced,
                  "lost_unsynced",
                  TargetForm::crash_switch,
                  false,
                  {},
                  "crashes lose data that was not synced"},
    FaultKindSpec{FaultKind::lost_names,
                  "lost_names",
                  TargetForm::crash_switch,
                  false,
                  {},
                  "crashes may undo names whose directory was not synced"},
    FaultKindSpec{FaultKind::disk_death,
                  "disk_death",
                  TargetForm::crash_switch,
                  false,
                  {},
                  "crashes may come in the middle of a disk call"},
};

bool table_is_ordered() {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (static_cast<std::size_t>(kinds[i].kind) != i) return false;
    }
    return true;
}

std::string valid_names() {
    std::string names = "all none";
    for (const FaultKindSpec& spec : kinds) names.append(" ").append(spec.name);
    return names;
}

void append_list(std::string& text, const std::vector<std::string>& hosts) {
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        text.append(i == 0 ? "" : ",").append(hosts[i]);
    }
}

Error fault_error(std::size_t index, std::string what) {
    return make_error(ErrorCode::invalid_argument,
                      "faults[" + std::to_string(index) + "]" + std::move(what));
}

/// Whether `host` is `letter` and a number 1..count without leading zeros.
bool names_host(std::string_view host, char letter, std::uint32_t count) {
    if (host.size() < 2 || host.size() > 5 || host[0] != letter || host[1] == '0') return false;
    std::uint32_t number = 0;
    for (const char digit : host.substr(1)) {
        if (digit < '0' || digit > '9') return false;
        number = number * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    return number <= count;
}

Result<void> check_host(const Schedule& schedule, std::string_view host, bool nodes_only) {
    if (host == leader_target || names_host(host, 'n', schedule.nodes)) return {};
    if (!nodes_only && names_host(host, 'c', schedule.clients)) return {};
    std::string expected = "n1..n" + std::to_string(schedule.nodes);
    if (!nodes_only) expected += ", c1..c" + std::to_string(schedule.clients);
    return make_error(ErrorCode::invalid_argument,
                      "expected " + expected + " or leader, found \"" + std::string(host) + "\"");
}

Result<void> check_targets(const Schedule& schedule, const Fault& fault, TargetForm form) {
    const auto wrong = [](const char* what) {
        return make_error(ErrorCode::invalid_argument, what);
    };
    if (fault.nodes.empty() == (form == TargetForm::nodes)) return wrong("expected nodes");
    if (fault.links.empty() == (form == TargetForm::links)) return wrong("expected links");
    if ((fault.groups.size() >= 2) != (form == TargetForm::groups)) {
        return wrong("expected two or more groups");
    }
    for (const std::string& node : fault.nodes) {
        GEODE_TRY_VOID(check_host(schedule, node, true));
    }
    for (const Link& link : fault.links) {
        GEODE_TRY_VOID(check_host(schedule, link.from, false));
        GEODE_TRY_VOID(check_host(schedule, link.to, false));
        if (link.from == link.to) return wrong("a link needs two hosts");
    }
    std::set<std::string_view> seen;
    for (const auto& group : fault.groups) {
        if (group.empty()) return wrong("expected hosts in every group");
        for (const std::string& host : group) {
            GEODE_TRY_VOID(check_host(schedule, host, false));
            if (!seen.insert(host).second) return wrong("a host may be in one group only");
        }
    }
    return {};
}

Result<void> check_parameters(const Fault& fault, const FaultKindSpec& spec) {
    if (fault.parameters.size() != spec.parameters.size()) {
        return make_error(ErrorCode::invalid_argument, "has other parameters than its kind");
    }
    for (const ParameterSpec& parameter : spec.parameters) {
        const auto found = fault.parameters.find(parameter.name);
        if (found == fault.parameters.end() || found->second < parameter.low ||
            found->second > parameter.high) {
            return make_error(ErrorCode::invalid_argument,
                              std::string(parameter.name) + ": expected " +
                                  std::to_string(parameter.low) + ".." +
                                  std::to_string(parameter.high));
        }
    }
    return {};
}

}  // namespace

std::span<const FaultKindSpec> fault_kinds() {
    GEODE_ASSERT(table_is_ordered());
    return kinds;
}

const FaultKindSpec& spec_of(FaultKind kind) {
    const auto index = static_cast<std::size_t>(kind);
    GEODE_ASSERT(index < kinds.size());
    return kinds[index];
}

std::string_view to_string(FaultKind kind) {
    return spec_of(kind).name;
}

std::optional<FaultKind> find_fault_kind(std::string_view name) {
    for (const FaultKindSpec& spec : kinds) {
        if (spec.name == name) return spec.kind;
    }
    return std::nullopt;
}

Result<FaultKinds> parse_fault_kinds(std::string_view text) {
    FaultKinds chosen;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        std::string_view name = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        if (name == "none") continue;
        if (name == "all") {
            for (const FaultKindSpec& spec : kinds) {
                if (spec.in_all) chosen.insert(spec.kind);
            }
            continue;
        }
        const bool remove = name.starts_with('-');
        if (remove) name.remove_prefix(1);
        const std::optional<FaultKind> kind = find_fault_kind(name);
        if (!kind) {
            return make_error(ErrorCode::invalid_argument, "unknown fault \"" + std::string(name) +
                                                               "\"; there are: " + valid_names());
        }
        if (remove) chosen.erase(*kind);
        if (!remove) chosen.insert(*kind);
    }
    return chosen;
}

std::string to_string(const FaultKinds& chosen) {
    if (chosen.empty()) return "none";
    std::string names;
    std::string from_all = "all";
    for (const FaultKindSpec& spec : kinds) {
        const bool on = chosen.contains(spec.kind);
        if (on) names.append(names.empty() ? "" : ",").append(spec.name);
        if (on != spec.in_all) from_all.append(on ? "," : ",-").append(spec.name);
    }
    return from_all.size() < names.size() ? from_all : names;
}

std::int64_t Fault::parameter(std::string_view name) const {
    const auto found = parameters.find(name);
    GEODE_ASSERT_MSG(found != parameters.end(), "the kind has no such parameter");
    return found->second;
}

std::string Fault::describe() const {
    std::string text(to_string(kind));
    if (!nodes.empty()) append_list(text.append(" "), nodes);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        append_list(text.append(i == 0 ? " " : " | "), groups[i]);
    }
    for (const Link& link : links) text.append(" ").append(link.from).append(">").append(link.to);
    if (after_election) {
        text.append(" after_election_us=").append(std::to_string(after_election->count() / 1'000));
    }
    for (const auto& [name, value] : parameters) {
        text.append(" ").append(name).append("=").append(std::to_string(value));
    }
    return text;
}

Fault make_fault(FaultKind kind, Duration start, Duration length) {
    const FaultKindSpec& spec = spec_of(kind);
    GEODE_ASSERT(spec.form != TargetForm::crash_switch);
    GEODE_ASSERT(spec.lasts || length == Duration(0));
    Fault fault;
    fault.kind = kind;
    fault.start = start;
    fault.length = length;
    for (const ParameterSpec& parameter : spec.parameters) {
        fault.parameters.emplace(parameter.name, parameter.normal);
    }
    return fault;
}

void sort_faults(Schedule& schedule) {
    std::stable_sort(schedule.faults.begin(), schedule.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.start < b.start; });
}

Result<void> validate(const Schedule& schedule) {
    const auto in_range = [](std::uint32_t hosts) {
        return hosts >= 1 && hosts <= schedule_hosts_max;
    };
    if (!in_range(schedule.nodes) || !in_range(schedule.clients)) {
        return make_error(ErrorCode::invalid_argument, "expected 1..1000 nodes and clients");
    }
    if (schedule.duration <= Duration(0)) {
        return make_error(ErrorCode::invalid_argument, "expected a duration above 0");
    }
    if (schedule.faults.size() > schedule_faults_max) {
        return make_error(ErrorCode::too_large, "over 100000 faults");
    }
    for (std::size_t i = 0; i < schedule.faults.size(); ++i) {
        const Fault& fault = schedule.faults[i];
        const FaultKindSpec& spec = spec_of(fault.kind);
        if (spec.form == TargetForm::crash_switch) {
            return fault_error(i, ".kind: a switch of crash is no fault by itself");
        }
        if (fault.start < Duration(0) || fault.length < Duration(0) ||
            fault.length > schedule.duration || fault.start > schedule.duration - fault.length) {
            return fault_error(i, ": must start and end within the duration");
        }
        if (spec.lasts == (fault.length == Duration(0))) {
            return fault_error(i, spec.lasts ? ".length_us: expected 1 or more"
                                             : ".length_us: this kind has no length");
        }
        if (fault.after_election && (!spec.lasts || *fault.after_election < Duration(0) ||
                                     *fault.after_election >= fault.length)) {
            return fault_error(i, ".after_election_us: must be less than length_us");
        }
        if (i > 0 && fault.start < schedule.faults[i - 1].start) {
            return fault_error(i, ": faults must be sorted by start");
        }
        if (auto checked = check_targets(schedule, fault, spec.form); !checked) {
            return fault_error(i, ": " + checked.error().message);
        }
        if (auto checked = check_parameters(fault, spec); !checked) {
            return fault_error(i, ": " + checked.error().message);
        }
    }
    return {};
}

std::uint64_t schedule_hash(const Schedule& schedule) {
    return mix_hash(hash_bytes(to_json_text(schedule)), schedule_version);
}

}  // namespace geode::sim

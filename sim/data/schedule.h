// SPDX-License-Identifier: Apache-2.0
#pragma once

// Fault schedules: what goes wrong in a run, as data.
//
// A run first draws its schedule and then executes it, so a schedule can be printed, edited, stored
// (docs/formats/schedule.md) and laid over another protocol or over real processes: nothing in here
// knows the simulator. Times count from the start of the fault phase.
//
// One table (fault_kinds()) says of each kind what it is aimed at, whether it lasts, and which
// integer parameters it takes in which range. Drawing, reading, writing and listing all follow it.
//
// Invariants of a valid schedule:
//  1. Faults are sorted by start; each ends by `duration`, so that every fault heals.
//     One that waits for an election begins between its start and its end.
//  2. A fault carries exactly the parameters of its kind, each within its range.
//  3. Hosts are "n1".."nN" (nodes), "c1".."cM" (clients) or "leader", which the executor resolves
//     when the fault starts. In a partition a leader leaves the group that names it.
//
// Some kinds are switches on the crashes of a schedule (torn_write, lost_unsynced, lost_names,
// disk_death): they are enabled like the others but become parameters of `crash`.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "base/time.h"

namespace geode::sim {

enum class FaultKind : std::uint8_t {
    crash,
    pause,
    partition,
    bridge,
    one_way_partition,
    flap,
    clog,
    slow_link,
    delay,
    reset,
    refuse,
    hang,
    short_io,
    bit_flip,
    clock_offset,
    clock_drift,
    clock_step,
    clock_freeze,
    clock_rate,
    timer_late,
    disk_latency,
    disk_stall,
    chaos_site,
    disk_full,
    packet_loss,
    packet_duplicate,
    packet_reorder,
    torn_write,
    lost_unsynced,
    lost_names,
    disk_death,
};

enum class TargetForm : std::uint8_t {
    nodes,         ///< a list of nodes
    groups,        ///< groups of hosts that cannot reach each other; hosts in none reach all
    links,         ///< directed pairs of hosts
    crash_switch,  ///< no fault by itself: allows a parameter of crash
};

struct ParameterSpec {
    std::string_view name;
    std::int64_t low = 0;
    std::int64_t high = 0;
    std::int64_t normal = 0;        ///< when a schedule leaves it out
    std::string_view choices = {};  ///< "a b c": written by name, for values 0, 1, 2
};

struct FaultKindSpec {
    FaultKind kind;
    std::string_view name;
    TargetForm form;
    bool lasts = true;  ///< false: it has no length
    std::span<const ParameterSpec> parameters;
    std::string_view about;
    bool in_all = true;  ///< false: on only when asked for by name
};

/// Every kind, in the order of the enumerators.
std::span<const FaultKindSpec> fault_kinds();
const FaultKindSpec& spec_of(FaultKind kind);
std::string_view to_string(FaultKind kind);
/// Nothing for an unknown name.
std::optional<FaultKind> find_fault_kind(std::string_view name);

using FaultKinds = std::set<FaultKind>;
/// "all", "none", or names separated by commas; "all,-flap" leaves one out. invalid_argument lists
/// the names.
Result<FaultKinds> parse_fault_kinds(std::string_view text);
/// The shortest text that parse_fault_kinds() reads back.
std::string to_string(const FaultKinds& kinds);

struct Link {
    std::string from;
    std::string to;
    friend auto operator<=>(const Link&, const Link&) = default;
};

/// The token that stands for the leader at the moment the fault starts.
inline constexpr std::string_view leader_target = "leader";

struct Fault {
    FaultKind kind = FaultKind::crash;
    Duration start{0};
    Duration length{0};
    /// If set, the fault waits from `start` for somebody to be elected leader, then this long. It
    /// never strikes if that does not happen before its end.
    std::optional<Duration> after_election;
    std::vector<std::string> nodes;                ///< TargetForm::nodes
    std::vector<std::vector<std::string>> groups;  ///< TargetForm::groups
    std::vector<Link> links;                       ///< TargetForm::links
    std::map<std::string, std::int64_t, std::less<>> parameters;

    Duration end() const { return start + length; }
    /// The parameter, which the kind must have.
    std::int64_t parameter(std::string_view name) const;
    /// "crash leader after_disk_ops=3 …", without the times.
    std::string describe() const;
    friend bool operator==(const Fault&, const Fault&) = default;
};

/// A fault of that kind with every parameter at its normal value.
Fault make_fault(FaultKind kind, Duration start, Duration length);

inline constexpr std::uint32_t schedule_version = 1;
inline constexpr std::size_t schedule_faults_max = 100'000;
inline constexpr std::uint32_t schedule_hosts_max = 1'000;

struct Schedule {
    std::uint32_t nodes = 5;
    std::uint32_t clients = 5;
    Duration duration = seconds(60);  ///< of the fault phase
    std::vector<Fault> faults;
    friend bool operator==(const Schedule&, const Schedule&) = default;
};

/// Sorts the faults by start; equal starts keep their order.
void sort_faults(Schedule& schedule);
/// invalid_argument names the fault and the broken invariant.
Result<void> validate(const Schedule& schedule);

/// The JSON text, one fault per line. Equal schedules give equal texts.
std::string to_json_text(const Schedule& schedule);
/// Reads what to_json_text wrote, or a person. invalid_argument with `name`, the path of the
/// offending part and what was expected there.
Result<Schedule> parse_schedule(std::string_view text, std::string_view name);
/// Of the JSON text, so it identifies the schedule and nothing else.
std::uint64_t schedule_hash(const Schedule& schedule);

struct DrawOptions {
    std::uint32_t nodes = 5;
    std::uint32_t clients = 5;
    Duration duration = seconds(60);
    FaultKinds kinds;
};

/// Draws a schedule: each enabled kind is on in half of the runs, how often it strikes and how
/// hard is drawn too (swarm testing). Crashes and pauses rarely take a majority down, and then only
/// for seconds. Crashes may also come as storms on one leader after another. One stream per kind:
/// enabling another kind does not move the faults of this one, those of storms apart.
Schedule draw_schedule(const Prng& faults, const DrawOptions& options);

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
// Drawing a schedule (swarm testing): Groce et al., "Swarm Testing", ISSTA 2012. Leaving families
// out altogether finds bugs that an even mixture of all of them hides.

#include <algorithm>

#include "sim/data/schedule_parts.h"

namespace geode::sim {
namespace {

constexpr Duration length_min = milliseconds(50);
constexpr Duration majority_down_max = seconds(3);
constexpr Duration blink_max = seconds(1);  // so short that a majority may always be down

/// Draws what every kind needs: hosts, links, groups, lengths.
class Drawer {
public:
    Drawer(Prng prng, const DrawOptions& options) : prng_(prng), options_(options) {
        // Most runs have short faults, some have long ones; the same for how often they come.
        mean_gap_ = prng_.between(seconds(2), seconds(12));
        mean_length_ = prng_.between(milliseconds(200), seconds(5));
        leader_percent_ = prng_.between(std::int64_t{10}, std::int64_t{60});
        has_storms_ = prng_.chance(1, 2);
    }

    Prng& prng() { return prng_; }
    Duration gap() { return milliseconds(1) + prng_.exponential(mean_gap_); }
    /// Nothing if no time is left before the end.
    std::optional<Duration> length(Duration start) {
        const Duration left = options_.duration - start;
        if (left < length_min) return std::nullopt;
        return whole_us(std::min(left, length_min + prng_.exponential(mean_length_)));
    }
    /// How many faults strike in quick succession: mostly one.
    std::uint64_t burst() { return has_storms_ && prng_.chance(1, 3) ? 3 + prng_.below(10) : 1; }
    void aim_at_leader(bool on) { aimed_ = on; }

    std::string random_node() { return "n" + std::to_string(1 + prng_.below(options_.nodes)); }
    bool hits_leader() {
        const std::int64_t percent = aimed_ ? 75 : leader_percent_;
        return prng_.chance(static_cast<std::uint64_t>(percent), 100);
    }
    std::string node() { return hits_leader() ? std::string(leader_target) : random_node(); }
    /// One node mostly; sometimes several at once, as when a rack loses power.
    std::vector<std::string> few_nodes() {
        if (!prng_.chance(1, 6)) return {node()};
        return some_nodes(1 + prng_.below(options_.nodes));
    }
    std::vector<std::string> some_nodes(std::uint64_t count) {
        std::vector<std::string> all = shuffled_nodes();
        all.resize(std::min<std::size_t>(all.size(), count));
        return all;
    }
    std::vector<std::string> shuffled_nodes() {
        std::vector<std::string> all;
        for (std::uint32_t i = 1; i <= options_.nodes; ++i) all.push_back("n" + std::to_string(i));
        for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[prng_.below(i)]);
        return all;
    }

    std::vector<Link> some_links() {
        std::vector<Link> links;
        const std::string from = prng_.chance(1, 8) ? client() : node();
        if (prng_.chance(1, 4)) {  // all links of one host, one way
            for (std::uint32_t i = 1; i <= options_.nodes; ++i) {
                const std::string other = "n" + std::to_string(i);
                if (other == from) continue;
                links.push_back({from, other});
            }
        } else {
            const std::string to = random_node();
            if (to != from) links.push_back({from, to});
        }
        if (prng_.chance(1, 2)) {
            for (Link& link : links) std::swap(link.from, link.to);
        }
        return links;
    }

    /// Two or three groups that hold all nodes. Clients mostly stay outside and reach every side:
    /// they are the ones who can see an old leader's answer next to a new one's.
    std::vector<std::vector<std::string>> groups(std::vector<std::string> nodes) {
        if (nodes.size() < 2) return {};
        const std::size_t count = nodes.size() > 3 && prng_.chance(1, 5) ? 3 : 2;
        std::vector<std::vector<std::string>> split(count);
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const std::size_t group = i < count ? i : prng_.below(count);
            split[group].push_back(std::move(nodes[i]));
        }
        if (hits_leader()) {
            split[prng_.below(count)].push_back(std::string(leader_target));
        }
        if (prng_.chance(1, 3)) {
            for (std::uint32_t i = 1; i <= options_.clients; ++i) {
                if (prng_.chance(1, 2)) split[prng_.below(count)].push_back(client_name(i));
            }
        }
        return split;
    }

private:
    static std::string client_name(std::uint64_t number) { return "c" + std::to_string(number); }
    std::string client() { return client_name(1 + prng_.below(options_.clients)); }

    Prng prng_;
    const DrawOptions& options_;
    Duration mean_gap_{0};
    Duration mean_length_{0};
    std::int64_t leader_percent_ = 0;
    bool has_storms_ = false;
    bool aimed_ = false;
};

void draw_parameters(Drawer& drawer, const FaultKinds& kinds, Fault& fault) {
    Prng& prng = drawer.prng();
    auto& values = fault.parameters;
    switch (fault.kind) {
        case FaultKind::crash: draw_crash_details(prng, kinds, fault); break;
        case FaultKind::flap:
            values["period_us"] = magnitude(prng, 100'000, 2'000'000, false);
            break;
        case FaultKind::slow_link:
            values["bytes_per_s"] = magnitude(prng, 4'000, 1'000'000, false);
            break;
        case FaultKind::delay: values["extra_us"] = magnitude(prng, 1'000, 500'000, false); break;
        case FaultKind::bit_flip: values["one_in"] = magnitude(prng, 20, 10'000, false); break;
        case FaultKind::clock_offset:
            values["offset_us"] = magnitude(prng, 1'000, 3'600'000'000, true);
            break;
        case FaultKind::clock_step:
            values["step_us"] = magnitude(prng, 1'000, 3'600'000'000, true);
            break;
        case FaultKind::clock_drift: values["ppm"] = magnitude(prng, 10, 50'000, true); break;
        case FaultKind::clock_rate:
            values["percent"] = prng.between(std::int64_t{50}, std::int64_t{200});
            break;
        case FaultKind::timer_late:
            values["mean_us"] = magnitude(prng, 1'000, 200'000, false);
            break;
        case FaultKind::packet_loss:
        case FaultKind::packet_duplicate:
        case FaultKind::packet_reorder: values["percent"] = magnitude(prng, 1, 60, false); break;
        case FaultKind::disk_latency: values["factor"] = magnitude(prng, 2, 200, false); break;
        default: break;
    }
}

/// Fills in whom the fault hits. False if there is nobody (one node has no links).
bool draw_targets(Drawer& drawer, Fault& fault) {
    switch (spec_of(fault.kind).form) {
        case TargetForm::nodes: fault.nodes = drawer.few_nodes(); return true;
        case TargetForm::links: fault.links = drawer.some_links(); return !fault.links.empty();
        case TargetForm::groups: {
            std::vector<std::string> nodes = drawer.shuffled_nodes();
            if (fault.kind == FaultKind::bridge) nodes.pop_back();
            fault.groups = drawer.groups(std::move(nodes));
            return !fault.groups.empty();
        }
        case TargetForm::crash_switch: break;
    }
    return false;
}

/// Kinds that unseat leaders: several of them within an election are what makes logs diverge.
bool comes_in_storms(FaultKind kind) {
    return kind == FaultKind::crash || kind == FaultKind::pause || kind == FaultKind::partition ||
           kind == FaultKind::one_way_partition || kind == FaultKind::reset;
}

class KindDrawer {
public:
    KindDrawer(FaultKind kind, const Prng& faults, const DrawOptions& options)
        : kind_(kind),
          spec_(spec_of(kind)),
          options_(options),
          drawer_(faults.split(to_string(kind)), options) {}

    std::vector<Fault> draw() {
        Duration start = schedule_quiet_start;
        while (drawn_.size() < faults_max) {
            start = whole_us(start + drawer_.gap());
            const std::optional<Duration> length = drawer_.length(start);
            if (!length) break;
            const std::uint64_t burst = comes_in_storms(kind_) ? drawer_.burst() : 1;
            if (burst > 1) {
                start = draw_storm(start, burst);
                continue;
            }
            add(start, *length);
            // Outside storms a kind does not overlap itself: each fault is to be seen by itself.
            start += spec_.lasts ? *length : Duration(0);
        }
        return std::move(drawn_);
    }

private:
    static constexpr std::size_t faults_max = 1'000;

    /// Short faults at the leader, whoever that is by then, a fraction of an election apart.
    Duration draw_storm(Duration start, std::uint64_t faults) {
        Prng& prng = drawer_.prng();
        drawer_.aim_at_leader(true);
        for (std::uint64_t i = 0; i < faults; ++i) {
            const Duration length = microseconds(magnitude(prng, 2'000, 800'000, false));
            if (start + length > options_.duration) break;
            add(start, length);
            start += microseconds(magnitude(prng, 5'000, 700'000, false));
        }
        drawer_.aim_at_leader(false);
        return start;
    }

    void add(Duration start, Duration length) {
        Fault fault = make_fault(kind_, start, spec_.lasts ? length : Duration(0));
        draw_parameters(drawer_, options_.kinds, fault);
        if (draw_targets(drawer_, fault)) drawn_.push_back(std::move(fault));
    }

    FaultKind kind_;
    const FaultKindSpec& spec_;
    const DrawOptions& options_;
    Drawer drawer_;
    std::vector<Fault> drawn_;
};

bool takes_nodes_down(const Fault& fault) {
    return fault.kind == FaultKind::crash || fault.kind == FaultKind::pause ||
           fault.kind == FaultKind::disk_stall || fault.kind == FaultKind::disk_full;
}

/// The most nodes that faults of `chosen` can hold down at one time during `fault`. A "leader" may
/// be any node, so it counts as one more.
std::size_t down_during(const std::vector<Fault>& chosen, const Fault& fault) {
    std::size_t worst = 0;
    const auto down_at = [&](Duration moment) {
        std::multiset<std::string> leaders;
        std::set<std::string> nodes;
        for (const Fault& other : chosen) {
            if (other.start > moment || other.end() <= moment) continue;
            for (const std::string& node : other.nodes) {
                if (node == leader_target) leaders.insert(node);
                if (node != leader_target) nodes.insert(node);
            }
        }
        return leaders.size() + nodes.size();
    };
    worst = down_at(fault.start);
    for (const Fault& other : chosen) {
        if (other.start > fault.start && other.start < fault.end()) {
            worst = std::max(worst, down_at(other.start));
        }
    }
    return worst;
}

/// Keeps a majority up, but for now and then a few seconds without one.
void limit_outages(Schedule& schedule, Prng prng) {
    const std::size_t spare = (schedule.nodes - 1) / 2;
    std::vector<Fault> chosen;
    std::vector<Fault> kept;
    for (Fault& fault : schedule.faults) {
        if (takes_nodes_down(fault)) {
            const bool may_exceed =
                prng.chance(1, 4) || fault.length <= blink_max || fault.after_election;
            const std::size_t down = down_during(chosen, fault);
            if (down + fault.nodes.size() > spare) {
                if (may_exceed) {
                    fault.length = std::min(fault.length, majority_down_max);
                } else if (down >= spare) {
                    continue;
                } else {
                    fault.nodes.resize(spare - down);
                }
            }
            chosen.push_back(fault);
        }
        kept.push_back(std::move(fault));
    }
    schedule.faults = std::move(kept);
}

}  // namespace

Schedule draw_schedule(const Prng& faults, const DrawOptions& options) {
    GEODE_ASSERT(options.nodes >= 1 && options.clients >= 1);
    GEODE_ASSERT(options.duration > Duration(0));
    Schedule schedule;
    schedule.nodes = options.nodes;
    schedule.clients = options.clients;
    schedule.duration = options.duration;
    const Prng swarm = faults.split("swarm");
    std::size_t enabled = 0;
    for (const FaultKind kind : options.kinds) {
        enabled += spec_of(kind).form != TargetForm::crash_switch;
    }
    for (const FaultKind kind : options.kinds) {
        if (spec_of(kind).form == TargetForm::crash_switch) continue;
        if (enabled > 2 && !swarm.split(to_string(kind)).chance(1, 2)) continue;
        for (Fault& fault : KindDrawer(kind, faults, options).draw()) {
            schedule.faults.push_back(std::move(fault));
        }
    }
    for (Fault& fault : draw_unsteady_leaders(faults.split("unsteady leaders"), options)) {
        schedule.faults.push_back(std::move(fault));
    }
    sort_faults(schedule);
    limit_outages(schedule, faults.split("outages"));
    GEODE_ASSERT(validate(schedule).has_value());
    return schedule;
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
// Storms: faults that only mean something together, and what draws share.

#include <algorithm>

#include "sim/data/schedule_parts.h"

namespace geode::sim {
namespace {

/// Unsteady leaders: for some seconds every message travels long, while one leader after another
/// dies soon after it has won and comes back while its successor falls. It is how a log entry gets
/// to few, how terms overlap (figure 8 of the Raft paper), and how a vote can be forgotten: some
/// nodes die in the middle of writing one down.
class UnsteadyLeaders {
public:
    UnsteadyLeaders(Prng prng, const DrawOptions& options) : prng_(prng), options_(options) {}

    std::vector<Fault> draw() {
        if (!options_.kinds.contains(FaultKind::crash) || !prng_.chance(1, 2)) return {};
        Duration start = schedule_quiet_start + prng_.exponential(seconds(5));
        for (std::uint64_t left = 1 + prng_.below(4); left > 0; --left) {
            // One draw a statement, here and below: how operands are ordered is the compiler's.
            const Duration calm = prng_.exponential(seconds(8));
            start = draw_one(whole_us(start)) + calm;
        }
        return std::move(drawn_);
    }

private:
    Duration draw_one(Duration start) {
        const Duration end = start + prng_.between(seconds(2), seconds(8));
        if (end > options_.duration) return end;
        // Slow clusters need slow storms; which this one is, a schedule does not know.
        const std::int64_t pace = std::int64_t{1} << prng_.below(3);
        if (options_.kinds.contains(FaultKind::delay)) slow_links(start, end);
        for (Duration now = start; now < end;) {
            const Duration gap = between_ms(120, 600) * pace;
            if (prng_.chance(1, 3)) {
                now = diverge(now, pace);
                continue;
            }
            if (prng_.chance(1, 2)) {
                const bool at_once = prng_.chance(1, 2);
                strike(now, gap + milliseconds(1500), at_once ? Duration(0) : between_ms(1, 200));
                now += gap;
                continue;
            }
            if (options_.kinds.contains(FaultKind::one_way_partition) && prng_.chance(1, 2)) {
                silence_leader(now);
            }
            // Down through the next election and back for the one after, or a little longer.
            crash(now, {std::string(leader_target)},
                  whole_us(gap * prng_.between(std::int64_t{8}, std::int64_t{20}) / 10));
            if (options_.kinds.contains(FaultKind::disk_death) && prng_.chance(1, 2)) {
                crash_voters(now + between_ms(5, 150) * pace);
            }
            now += gap;
        }
        return end;
    }

    Duration between_ms(std::int64_t low, std::int64_t high) {
        return whole_us(prng_.between(milliseconds(low), milliseconds(high)));
    }
    void slow_links(Duration start, Duration end) {
        Fault delay = make_fault(FaultKind::delay, start, whole_us(end - start));
        delay_ = between_ms(10, 60);
        delay.parameters["extra_us"] = delay_.count() / 1'000;
        for (std::uint32_t from = 1; from <= options_.nodes; ++from) {
            for (std::uint32_t to = 1; to <= options_.nodes; ++to) {
                if (from == to) continue;
                delay.links.push_back({"n" + std::to_string(from), "n" + std::to_string(to)});
            }
        }
        if (!delay.links.empty()) drawn_.push_back(std::move(delay));
    }
    /// Figure 8: a leader keeps entries to itself and dies; its successor dies with nothing but its
    /// own first entry; the old one comes back, wins and spreads its entries, and dies while it
    /// does; whoever wins now must not undo what a majority was told.
    Duration diverge(Duration start, std::int64_t pace) {
        const Duration death = start + between_ms(100, 400);
        const Duration second_win = death + between_ms(350, 800) * pace;
        const Duration end = second_win + between_ms(1000, 2500) * pace;
        if (end + seconds(2) * pace > options_.duration) return end;
        if (options_.kinds.contains(FaultKind::one_way_partition)) silence_leader(death);
        crash(death, {std::string(leader_target)}, between_ms(400, 800) * pace);
        strike(death + milliseconds(1), between_ms(900, 1600) * pace, Duration(0));
        strike(second_win, end - second_win, whole_us(delay_ * prng_.below(8)));
        return end;
    }
    /// The next to win falls silent `moment` after it has won, and dies then or a little later.
    void strike(Duration start, Duration patience, Duration moment) {
        if (start + patience > options_.duration) return;
        if (options_.kinds.contains(FaultKind::one_way_partition)) {
            Fault cut = make_fault(FaultKind::one_way_partition, start, patience);
            cut.after_election = moment;
            cut_from_leader(std::move(cut));
        }
        add(start, {std::string(leader_target)}, patience, 0);
        drawn_.back().after_election = moment + milliseconds(20) * prng_.below(2);
    }
    void cut_from_leader(Fault cut) {
        for (std::uint32_t to = 1; to <= options_.nodes; ++to) {
            cut.links.push_back({std::string(leader_target), "n" + std::to_string(to)});
        }
        drawn_.push_back(std::move(cut));
    }
    /// What it writes in its last moments stays with it.
    void silence_leader(Duration crash) {
        const Duration length = std::min(between_ms(20, 300), crash);
        if (length <= Duration(0)) return;
        cut_from_leader(make_fault(FaultKind::one_way_partition, crash - length, length));
    }
    void crash(Duration start, std::vector<std::string> nodes, Duration length) {
        add(start, std::move(nodes), length, 0);
    }
    /// Those whose next writes would be votes die on one of them.
    void crash_voters(Duration start) {
        std::vector<std::string> nodes;
        for (std::uint32_t i = 1; i <= options_.nodes; ++i) {
            if (prng_.chance(1, 2)) nodes.push_back("n" + std::to_string(i));
        }
        if (nodes.empty()) return;
        const std::uint64_t operations = 1 + prng_.below(8);
        const Duration length = between_ms(100, 600);
        add(start, std::move(nodes), length, operations);
    }
    void add(Duration start, std::vector<std::string> nodes, Duration length,
             std::uint64_t disk_operations) {
        if (start + length > options_.duration) return;
        Fault fault = make_fault(FaultKind::crash, start, length);
        fault.nodes = std::move(nodes);
        draw_crash_details(prng_, options_.kinds, fault);
        fault.parameters["after_disk_ops"] = static_cast<std::int64_t>(disk_operations);
        drawn_.push_back(std::move(fault));
    }

    Prng prng_;
    const DrawOptions& options_;
    Duration delay_ = milliseconds(1);  ///< of every message
    std::vector<Fault> drawn_;
};

}  // namespace

std::int64_t magnitude(Prng& prng, std::int64_t low, std::int64_t high, bool either_sign) {
    std::int64_t top = low;
    const std::int64_t doublings = 63 - __builtin_clzll(static_cast<std::uint64_t>(high / low));
    for (std::int64_t i = prng.between(std::int64_t{0}, doublings); i > 0; --i) top *= 2;
    const std::int64_t value = prng.between(low, std::max(low, std::min(top * 2, high)));
    return either_sign && prng.chance(1, 2) ? -value : value;
}

void draw_crash_details(Prng& prng, const FaultKinds& kinds, Fault& fault) {
    // Drawn whether allowed or not, so that a switch does not move the other draws.
    const bool loses = prng.chance(3, 4);
    const std::int64_t loss = prng.between(std::int64_t{0}, std::int64_t{2});
    const bool tears = prng.chance(1, 2);
    const bool undoes_names = prng.chance(1, 2);
    const bool dies_mid_write = prng.chance(1, 3);
    const std::int64_t operations = magnitude(prng, 1, 256, false);
    constexpr std::int64_t keep_all = 3;  // "none" is lost
    fault.parameters["loss"] = loses && kinds.contains(FaultKind::lost_unsynced) ? loss : keep_all;
    fault.parameters["torn"] = tears && kinds.contains(FaultKind::torn_write);
    fault.parameters["names"] = undoes_names && kinds.contains(FaultKind::lost_names);
    if (dies_mid_write && kinds.contains(FaultKind::disk_death)) {
        fault.parameters["after_disk_ops"] = operations;
    }
}

std::vector<Fault> draw_unsteady_leaders(Prng prng, const DrawOptions& options) {
    return UnsteadyLeaders(prng, options).draw();
}

}  // namespace geode::sim

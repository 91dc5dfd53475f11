// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/sessions.h"

#include <algorithm>
#include <map>

#include "workloads/check/reads_from.h"

namespace geode::check {
namespace {

using Clock = std::vector<std::uint32_t>;  // by chain: how many of its nodes

/// Why one value must not come after another: what was done first, and what then.
struct Demand {
    std::uint32_t to = 0;           // version
    std::uint32_t first = no_node;  // nodes
    std::uint32_t second = no_node;
};

class Sessions {
public:
    Sessions(const ReadsFrom& reads_from, SessionGuarantee guarantee, Findings& findings)
        : reads_from_(reads_from), guarantee_(guarantee), findings_(findings) {}

    void run();

private:
    /// Versions are nodes of writes, then initial values of keys, then sums of a session's writes.
    std::uint32_t version_of(std::uint32_t read);
    std::uint32_t initial_of(ValueId key);
    void demand(std::uint32_t earlier, std::uint32_t later, std::uint32_t first,
                std::uint32_t second);
    void visit(std::uint32_t node);
    void read_own_writes(std::uint32_t read);
    void read_on(std::uint32_t read);
    void write_on(std::uint32_t write);
    void read_after_writes(std::uint32_t read);
    void write_after_reads(std::uint32_t write);
    void read_after_reads(std::uint32_t read);
    /// The last node of `list` in the chain before `place`, or none.
    std::uint32_t last_before(const std::vector<std::uint32_t>& list, std::uint32_t place) const;
    void find_cycle();
    void report(const std::vector<std::uint32_t>& path);

    const RegisterNode& at(std::uint32_t node) const { return reads_from_.nodes[node]; }
    bool wants(SessionGuarantee guarantee) const { return guarantee_ == guarantee; }
    /// The session of a node: of one of unknown outcome that of the node before it, if any.
    std::uint32_t session_of(std::uint32_t node) const {
        return at(node).before == no_node ? at(node).chain : at(at(node).before).chain;
    }
    /// How many nodes of its session come before it.
    std::uint32_t place_of(std::uint32_t node) const {
        return at(node).before == no_node ? 0 : at(at(node).before).place + 1;
    }

    const ReadsFrom& reads_from_;
    SessionGuarantee guarantee_;
    Findings& findings_;

    using KeyAndChain = std::pair<ValueId, std::uint32_t>;
    std::map<KeyAndChain, std::vector<std::uint32_t>> writes_;  // nodes in order
    std::map<KeyAndChain, std::vector<std::uint32_t>> reads_;
    std::map<KeyAndChain, std::vector<std::uint32_t>> sums_;  // of each session's writes so far
    std::map<ValueId, std::uint32_t> initials_;
    std::vector<std::vector<Demand>> demands_;  // by version
    std::vector<Clock> seen_;                   // by chain: writes that its reads have shown
    std::vector<Clock> follows_;                // by node, of writes: reads that they follow
    std::vector<Clock> view_;                   // by chain: reads that what it read followed
};

void Sessions::run() {
    demands_.resize(reads_from_.nodes.size());
    seen_.assign(reads_from_.chains, Clock(reads_from_.chains, 0));
    view_ = seen_;
    follows_.resize(reads_from_.nodes.size());
    for (std::uint32_t node = 0; node < reads_from_.nodes.size(); ++node) {
        // Writes of unknown outcome are nobody's earlier writes: no one would look at them.
        if (session_of(node) != at(node).chain) continue;
        (at(node).write ? writes_ : reads_)[{at(node).key, at(node).chain}].push_back(node);
    }
    for (const std::uint32_t node : reads_from_.order) visit(node);
    find_cycle();
}

void Sessions::visit(std::uint32_t node) {
    const bool write = at(node).write;
    if (!write) {
        if (wants(SessionGuarantee::read_your_writes)) {
            read_own_writes(node);
        } else {
            read_on(node);
        }
        if (wants(SessionGuarantee::monotonic_writes)) read_after_writes(node);
        if (wants(SessionGuarantee::writes_follow_reads)) read_after_reads(node);
        return;
    }
    demand(initial_of(at(node).key), node, node, node);  // everything is younger than that
    if (wants(SessionGuarantee::monotonic_writes)) write_on(node);
    if (wants(SessionGuarantee::writes_follow_reads)) write_after_reads(node);
}

std::uint32_t Sessions::initial_of(ValueId key) {
    const auto [place, fresh] =
        initials_.try_emplace(key, static_cast<std::uint32_t>(demands_.size()));
    if (fresh) demands_.emplace_back();
    return place->second;
}

std::uint32_t Sessions::version_of(std::uint32_t read) {
    return at(read).from == no_node ? initial_of(at(read).key) : at(read).from;
}

void Sessions::demand(std::uint32_t earlier, std::uint32_t later, std::uint32_t first,
                      std::uint32_t second) {
    if (earlier != later) demands_[earlier].push_back(Demand{later, first, second});
}

std::uint32_t Sessions::last_before(const std::vector<std::uint32_t>& list,
                                    std::uint32_t place) const {
    const auto after = std::ranges::partition_point(
        list, [&](std::uint32_t node) { return at(node).place < place; });
    return after == list.begin() ? no_node : *std::prev(after);
}

/// The sum of a session's first writes of a key stands for all of them, so that a read needs one
/// demand, and not one for each.
void Sessions::read_own_writes(std::uint32_t read) {
    const KeyAndChain place{at(read).key, at(read).chain};
    const auto found = writes_.find(place);
    if (found == writes_.end()) return;
    const std::vector<std::uint32_t>& own = found->second;
    const std::uint32_t version = version_of(read);
    std::vector<std::uint32_t>& sums = sums_[place];
    std::size_t before = 0;  // own writes before the read
    while (before < own.size() && at(own[before]).place < at(read).place) ++before;
    while (sums.size() < before) {
        const auto sum = static_cast<std::uint32_t>(demands_.size());
        demands_.emplace_back();
        demand(own[sums.size()], sum, own[sums.size()], own[sums.size()]);
        if (!sums.empty()) demand(sums.back(), sum, own[sums.size()], own[sums.size()]);
        sums.push_back(sum);
    }
    const auto shown = static_cast<std::size_t>(
        std::find(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(before), version) -
        own.begin());
    const std::size_t summed = std::min(shown, before);
    if (summed > 0) demand(sums[summed - 1], version, own[summed - 1], read);
    for (std::size_t later = shown + 1; later < before; ++later) {
        demand(own[later], version, own[later], read);
    }
}

void Sessions::read_on(std::uint32_t read) {
    const std::uint32_t earlier =
        last_before(reads_.at({at(read).key, at(read).chain}), at(read).place);
    if (earlier != no_node) demand(version_of(earlier), version_of(read), earlier, read);
}

void Sessions::write_on(std::uint32_t write) {
    const auto own = writes_.find({at(write).key, session_of(write)});
    if (own == writes_.end()) return;
    const std::uint32_t earlier = last_before(own->second, place_of(write));
    if (earlier != no_node) demand(earlier, write, earlier, write);
}

void Sessions::read_after_writes(std::uint32_t read) {
    Clock& seen = seen_[at(read).chain];
    const auto first = writes_.lower_bound({at(read).key, 0});
    for (auto list = first; list != writes_.end() && list->first.first == at(read).key; ++list) {
        const std::uint32_t earlier = last_before(list->second, seen[list->first.second]);
        if (earlier != no_node) demand(earlier, version_of(read), earlier, read);
    }
    if (at(read).from == no_node) return;
    std::uint32_t& known = seen[session_of(at(read).from)];
    known = std::max(known, place_of(at(read).from));
}

void Sessions::write_after_reads(std::uint32_t write) {
    Clock follows = view_[session_of(write)];
    follows[session_of(write)] = place_of(write);  // others know at most of what came before
    const auto first = reads_.lower_bound({at(write).key, 0});
    for (auto list = first; list != reads_.end() && list->first.first == at(write).key; ++list) {
        const std::uint32_t earlier = last_before(list->second, follows[list->first.second]);
        if (earlier != no_node) demand(version_of(earlier), write, earlier, write);
    }
    follows_[write] = std::move(follows);
}

void Sessions::read_after_reads(std::uint32_t read) {
    Clock& view = view_[at(read).chain];
    const auto first = reads_.lower_bound({at(read).key, 0});
    for (auto list = first; list != reads_.end() && list->first.first == at(read).key; ++list) {
        const std::uint32_t earlier = last_before(list->second, view[list->first.second]);
        if (earlier != no_node && earlier != read) {
            demand(version_of(earlier), version_of(read), earlier, read);
        }
    }
    if (at(read).from == no_node) return;
    const Clock& followed = follows_[at(read).from];
    for (std::size_t chain = 0; chain < followed.size(); ++chain) {
        view[chain] = std::max(view[chain], followed[chain]);
    }
}

/// Depth first; what is left waiting when a version is met again is the cycle.
void Sessions::find_cycle() {
    enum class Mark : std::uint8_t { fresh, open, done };
    std::vector<Mark> marks(demands_.size(), Mark::fresh);
    std::vector<std::uint32_t> path;
    std::vector<std::size_t> next(demands_.size(), 0);
    for (std::uint32_t start = 0; start < demands_.size(); ++start) {
        if (marks[start] != Mark::fresh) continue;
        path.assign(1, start);
        marks[start] = Mark::open;
        while (!path.empty()) {
            const std::uint32_t version = path.back();
            if (next[version] == demands_[version].size()) {
                marks[version] = Mark::done;
                path.pop_back();
                continue;
            }
            const std::uint32_t to = demands_[version][next[version]++].to;
            if (marks[to] == Mark::open) {
                path.erase(path.begin(), std::ranges::find(path, to));
                report(path);
                return;
            }
            if (marks[to] == Mark::fresh) {
                marks[to] = Mark::open;
                path.push_back(to);
            }
        }
    }
}

/// `next` of each version on the path points behind the demand that leads on.
void Sessions::report(const std::vector<std::uint32_t>& path) {
    std::vector<std::uint32_t> operations;
    std::string words;
    for (std::size_t index = 0; index < path.size(); ++index) {
        const std::uint32_t to = path[(index + 1) % path.size()];
        const auto& demands = demands_[path[index]];
        const auto found = std::ranges::find(demands, to, &Demand::to);
        GEODE_ASSERT(found != demands.end());
        if (found->first == found->second) continue;  // a sum, or the initial value
        const std::uint32_t first = at(found->first).operation;
        const std::uint32_t second = at(found->second).operation;
        words.append(words.empty() ? "" : ", and ").append(findings_.words(first));
        words.append(" came before ").append(findings_.words(second));
        operations.push_back(first);
        operations.push_back(second);
    }
    std::ranges::sort(operations);
    operations.erase(std::ranges::unique(operations).begin(), operations.end());
    findings_.add(to_string(guarantee_), words + ": the values cannot have come in one order",
                  std::move(operations));
}

}  // namespace

std::string_view to_string(SessionGuarantee guarantee) noexcept {
    switch (guarantee) {
        case SessionGuarantee::read_your_writes: return "read-your-writes";
        case SessionGuarantee::monotonic_reads: return "monotonic-reads";
        case SessionGuarantee::monotonic_writes: return "monotonic-writes";
        case SessionGuarantee::writes_follow_reads: return "writes-follow-reads";
    }
    return "?";
}

Result<Judgement> check_session(const History& history, ValueId initial,
                                SessionGuarantee guarantee) {
    Findings findings(history);
    GEODE_TRY(const ReadsFrom reads_from, find_reads_from(history, initial, findings));
    const std::string_view level = to_string(guarantee);
    if (!reads_from.undecidable.empty()) {
        return std::move(findings).undecided(level, reads_from.undecidable);
    }
    if (findings.none()) Sessions(reads_from, guarantee, findings).run();
    return std::move(findings).judgement(level);
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph.h"

#include <algorithm>
#include <utility>

#include "workloads/check/txn/polygraph_forced.h"
#include "workloads/check/txn/polygraph_theory.h"

namespace geode::check::txn {
namespace {

// Pairs of chains that overlap are many if there is more than one for so many transactions. Then
// those that are forced are looked for all at once, and again while that finds many.
constexpr std::uint64_t transactions_per_pair_min = 100;
constexpr std::uint32_t forced_rounds_max = 8;

/// What the graph takes, about, before it is made.
std::uint64_t graph_bytes(const RegisterIndex& index) {
    return index.count() * std::uint64_t{2 * 40} + index.reads.size() * std::uint64_t{24} +
           index.writes.size() * std::uint64_t{44};
}

class PolygraphCheck {
public:
    PolygraphCheck(const TxnHistory& history, const RegisterIndex& index,
                   const VersionChains& versions, const PolygraphOptions& options)
        : index_(index),
          versions_(versions),
          options_(options),
          shape_(history, index, versions, options) {}

    PolygraphResult run() && {
        if (make_graph()) {
            search();
        } else {
            refuse();
        }
        if (result_.verdict == Verdict::invalid) shorten_cycle();
        result_.bytes += versions_.bytes();
        return std::move(result_);
    }

private:
    bool build() {
        const bool acyclic = shape_.build();
        result_.steps += shape_.graph().steps();
        note_bytes(shape_.bytes());
        return acyclic;
    }

    void refuse() {
        result_.verdict = Verdict::invalid;
        result_.cycle =
            shape_.links_of(shape_.graph().cycle(), [](const GraphEdge&) { return EdgeMeaning{}; });
    }

    std::vector<ChainPair> find_forced(Telling telling) {
        ForcedPairs forced = find_forced_pairs(index_, versions_, shape_, options_, telling);
        result_.steps += forced.steps;
        note_bytes(shape_.bytes() + forced.bytes);
        return std::move(forced.pairs);
    }

    bool many(std::size_t pairs) const {
        return pairs * transactions_per_pair_min > index_.count();
    }

    /// With as many forced pairs as are worth looking for. False if what is known has a cycle.
    bool make_graph() {
        bool worth_it = true;
        for (std::uint32_t round = 0; build(); ++round) {
            if (!worth_it || round == forced_rounds_max) return true;
            // Under parallel snapshot isolation readers do not show in the order.
            const bool telling = options_.level != StrongLevel::parallel_snapshot || round > 0;
            if (telling && !many_overlap()) return true;
            if (result_.steps > options_.budget.steps_max) return true;
            const std::size_t added = shape_.add_forced(find_forced(Telling::news));
            if (added == 0) return true;
            worth_it = many(added);
        }
        return false;
    }

    bool many_overlap() {
        PolygraphOverlaps overlaps(versions_, shape_, options_.level);
        std::vector<ChainPair> pairs;
        for (std::uint32_t key = 0; key < index_.keys.size() && !many(pairs.size()); ++key) {
            overlaps.find(key, pairs);
        }
        result_.steps += overlaps.steps();
        return many(pairs.size());
    }

    void search() {
        PolygraphTheory theory(index_, versions_, shape_, options_.level);
        ClauseSearch search(theory);
        const std::uint64_t spent = std::min(result_.steps, options_.budget.steps_max);
        const std::uint64_t steps_max = options_.budget.steps_max - spent;
        theory.attach(search, steps_max);
        const SearchOutcome outcome = search.run(steps_max, options_.budget.bytes_max);
        result_.steps += search.steps() + theory.steps();
        note_bytes(search.bytes() + theory.bytes());
        result_.questions = theory.questions();
        result_.conflicts = search.conflicts();
        if (outcome == SearchOutcome::exhausted) result_.verdict = Verdict::unknown;
        if (outcome == SearchOutcome::contradiction) {
            result_.verdict = Verdict::invalid;
            result_.cycle = theory.cycle();
        }
    }

    void note_bytes(std::uint64_t bytes) { result_.bytes = std::max(result_.bytes, bytes); }

    /// There may be a shorter cycle if all that is forced is told, not just what was needed first.
    void shorten_cycle() {
        if (options_.order == KeptOrder::none || result_.cycle.size() <= 2) return;
        if (result_.steps > options_.budget.steps_max) return;
        std::vector<ChainPair> needed = shape_.take_forced();
        if (!build()) return;  // nothing of it was forced
        const Cycle found = std::exchange(result_.cycle, {});
        std::size_t added = shape_.add_forced(std::move(needed));
        for (std::uint32_t round = 0; round < forced_rounds_max; ++round) {
            added += shape_.add_forced(find_forced(Telling::all));
            if (added == 0) break;
            added = 0;
            if (build()) continue;
            refuse();
            break;
        }
        if (result_.cycle.empty() || result_.cycle.size() > found.size()) result_.cycle = found;
    }

    const RegisterIndex& index_;
    const VersionChains& versions_;
    PolygraphOptions options_;
    PolygraphGraph shape_;
    PolygraphResult result_;
};

}  // namespace

PolygraphResult check_polygraph(const TxnHistory& history, const RegisterIndex& index,
                                const PolygraphOptions& options) {
    PolygraphResult result;
    result.bytes = graph_bytes(index);
    result.steps = index.reads.size() + index.writes.size();
    if (result.bytes > options.budget.bytes_max || result.steps > options.budget.steps_max) {
        result.verdict = Verdict::unknown;
        return result;
    }
    const bool chained = options.level != StrongLevel::prefix;
    const VersionChains versions =
        chain_versions(index, chained ? Updates::make_chains : Updates::stand_alone);
    if (versions.lost_update) {
        result.verdict = Verdict::invalid;
        result.lost_update = true;
        result.cycle = *versions.lost_update;
        return result;
    }
    return PolygraphCheck(history, index, versions, options).run();
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/register.h"

#include <algorithm>
#include <array>

#include "workloads/check/txn/polygraph.h"
#include "workloads/check/txn/register_words.h"
#include "workloads/check/txn/weak_levels.h"

namespace geode::check::txn {
namespace {

enum class Model : std::uint8_t {
    read_uncommitted,
    read_committed,
    item_cut,
    read_atomic,
    causal,
    prefix,
    parallel_snapshot,
    snapshot,
    serializable,
};

struct Level {
    Model model = Model::serializable;
    KeptOrder order = KeptOrder::none;
};

// In the order of register_levels. Adya's repeatable read (PL-2.99) lacks only what predicates
// show, so for registers it is serializability.
constexpr auto levels = std::to_array<Level>({
    {Model::serializable, KeptOrder::real_time},
    {Model::serializable, KeptOrder::session},
    {Model::serializable, KeptOrder::none},
    {Model::serializable, KeptOrder::none},
    {Model::snapshot, KeptOrder::real_time},
    {Model::snapshot, KeptOrder::session},
    {Model::snapshot, KeptOrder::none},
    {Model::parallel_snapshot, KeptOrder::none},
    {Model::prefix, KeptOrder::none},
    {Model::causal, KeptOrder::session},
    {Model::read_atomic, KeptOrder::none},
    {Model::item_cut, KeptOrder::none},
    {Model::read_committed, KeptOrder::session},
    {Model::read_committed, KeptOrder::none},
    {Model::read_uncommitted, KeptOrder::none},
});
static_assert(levels.size() == register_levels.size());

Level level_of(std::string_view name) {
    const auto found = std::ranges::find(register_levels, name);
    GEODE_ASSERT(found != register_levels.end());
    return levels[static_cast<std::size_t>(found - register_levels.begin())];
}

/// Of different models, whether the one implies the other.
bool implies(Model stronger, Model weaker) {
    if (weaker == Model::prefix && stronger == Model::parallel_snapshot) return false;
    return weaker < stronger;
}

StrongLevel strong_of(Model model) {
    switch (model) {
        case Model::prefix: return StrongLevel::prefix;
        case Model::parallel_snapshot: return StrongLevel::parallel_snapshot;
        case Model::snapshot: return StrongLevel::snapshot;
        default: return StrongLevel::serializable;
    }
}

// By Model, from read_committed to causal.
constexpr auto weak_levels = std::to_array<WeakLevel>(
    {WeakLevel::read_committed, WeakLevel::item_cut, WeakLevel::read_atomic, WeakLevel::causal});

// What the search for the weakest level that fails may take, each time: it only makes the words
// better, and weaker levels can be harder.
constexpr std::uint64_t blame_steps_min = 1'000'000;
constexpr std::uint64_t blame_effort = 8;
// And without an order to keep, which is hard: large histories are not tried.
constexpr std::uint64_t blame_unordered_steps_max = 20'000'000;
constexpr std::size_t blame_unordered_size_max = 1'000'000;  // reads and writes

// What causal order may take where only the search needs an answer: at least, and for each
// transaction.
constexpr std::uint64_t causal_steps_min = 2'000'000;
constexpr std::uint64_t causal_steps_per_transaction = 64;

constexpr std::string_view budget_reason =
    "the budget ran out: more steps (--steps) or bytes (--memory) may decide";

/// One reading of a history: what its ambiguous reads are taken to have seen is settled.
class Reading {
public:
    Reading(const TxnHistory& history, const RegisterCheck& check, Ambiguity ambiguity)
        : history_(history), check_(check), ambiguity_(ambiguity) {}

    Judgement judge() {
        Level level = level_of(check_.level);
        level.order = std::max(level.order, check_.least);
        if (register_index_bytes(history_) > check_.budget.bytes_max) return unknown();
        index(level.order);
        if (level.model == Model::read_uncommitted) {
            // It forbids circles of writes alone, and no read tells the order of a key's versions.
            std::erase_if(index_.problems, [](const ReadProblem& problem) {
                return problem.name != "garbage-read";
            });
        }
        if (!index_.problems.empty()) {
            RegisterWords words(history_, index_);
            for (const ReadProblem& problem : index_.problems) words.add_problem(problem);
            return finish(std::move(words).judgement(check_.level));
        }
        if (level.model == Model::read_uncommitted) return finish({});
        if (level.model <= Model::causal) return finish(judge_weak(level.model));
        return judge_strong(level);
    }

    std::uint64_t ambiguous_reads() const { return index_.ambiguous_reads; }
    std::uint32_t ambiguous_mop() const { return index_.ambiguous_mop; }

private:
    /// What is strong mostly holds, and then all that is weaker does: it is judged first, and what
    /// is weaker only if it fails.
    Judgement judge_strong(const Level& level) {
        if (unrepeated_read(index_)) return finish(judge_weak(level.model));
        const PolygraphResult result = search_with_sessions_first(level);
        if (result.verdict == Verdict::valid) return finish({});
        const std::uint64_t steps_max = blame_steps_min + blame_effort * result.steps;
        bool snapshot_holds = false;
        if (result.verdict == Verdict::invalid && implies(level.model, Model::snapshot)) {
            const Level snapshot{.model = Model::snapshot, .order = level.order};
            snapshot_holds = search(snapshot, steps_max).verdict == Verdict::valid;
        }
        if (!snapshot_holds) {
            Judgement weak = judge_weak(level.model);
            if (weak.verdict == Verdict::invalid) return finish(std::move(weak));
        }
        if (result.verdict == Verdict::unknown) return unknown();
        Blamed blamed{.level = level, .result = result};
        weaken_order(blamed, steps_max);
        link_sessions(history_, blamed.level.order, index_);
        if (!snapshot_holds) weaken_model(blamed, steps_max);
        RegisterWords words(history_, index_);
        words.add_search(blamed.result, strong_of(blamed.level.model), blamed.level.order);
        return finish(std::move(words).judgement(check_.level));
    }

    void index(KeptOrder order) {
        index_ = index_registers(
            history_, {.initial = check_.initial, .order = order, .ambiguity = ambiguity_});
        bytes_ = std::max(bytes_, register_index_bytes(history_));
    }

    Judgement unknown() {
        Judgement judgement;
        judgement.verdict = Verdict::unknown;
        judgement.reason = budget_reason;
        return finish(std::move(judgement));
    }

    Judgement finish(Judgement judgement) const {
        judgement.steps = steps_;
        judgement.bytes = bytes_;
        return judgement;
    }

    WeakResult run(WeakLevel level, const Budget& budget) {
        WeakResult result = check_weak_level(index_, level, budget);
        steps_ += result.steps;
        bytes_ = std::max(bytes_, index_.bytes() + result.bytes);
        return result;
    }

    static bool holds(const WeakResult& result) { return !result.cycle && !result.unrepeated; }

    /// The levels up to causal that `model` implies. The strongest goes first, as it mostly holds;
    /// only if it does not, the weakest that fails is looked for.
    Judgement judge_weak(Model model) {
        std::size_t strongest = static_cast<std::size_t>(std::min(model, Model::causal)) -
                                static_cast<std::size_t>(Model::read_committed);
        Budget budget = check_.budget;
        if (model > Model::causal) {
            // The search finds what causal order would.
            budget.steps_max =
                std::min(budget.steps_max,
                         std::max(causal_steps_min, index_.count() * causal_steps_per_transaction));
        }
        WeakResult result = run(weak_levels[strongest], budget);
        if (result.exhausted && model == Model::causal) return unknown();
        if (result.exhausted) {
            strongest = 2;
            result = run(weak_levels[strongest], budget);
        }
        if (holds(result)) return {};
        for (std::size_t stage = 0; stage < strongest; ++stage) {
            const WeakResult weaker = run(weak_levels[stage], budget);
            if (!holds(weaker)) return judgement_of(weaker, weak_levels[stage]);
        }
        return judgement_of(result, weak_levels[strongest]);
    }

    Judgement judgement_of(const WeakResult& result, WeakLevel level) const {
        RegisterWords words(history_, index_);
        if (result.unrepeated) words.add_unrepeated(*result.unrepeated);
        if (result.cycle) words.add_weak(*result.cycle, level);
        return std::move(words).judgement(check_.level);
    }

    PolygraphResult search(const Level& level, std::uint64_t steps_max = UINT64_MAX) {
        Budget left = check_.budget;
        left.steps_max = std::min(left.steps_max - std::min(left.steps_max, steps_), steps_max);
        left.bytes_max -= std::min(left.bytes_max, index_.bytes());
        const PolygraphResult result = check_polygraph(
            history_, index_,
            {.level = strong_of(level.model), .order = level.order, .budget = left});
        steps_ += result.steps;
        bytes_ = std::max(bytes_, index_.bytes() + result.bytes);
        return result;
    }

    /// Without an order to keep there is little to go by. But most databases keep that of sessions
    /// without being asked, and a history that satisfies more satisfies less. Half of the budget is
    /// left to find out where they did not.
    PolygraphResult search_with_sessions_first(const Level& level) {
        if (level.order == KeptOrder::none) {
            link_sessions(history_, KeptOrder::session, index_);
            PolygraphResult kept = search({.model = level.model, .order = KeptOrder::session},
                                          check_.budget.steps_max / 2);
            link_sessions(history_, KeptOrder::none, index_);
            if (kept.verdict == Verdict::valid) return kept;
        }
        return search(level);
    }

    struct Blamed {
        Level level;
        PolygraphResult result;
    };

    /// Tries a weaker level; if it fails, too, it is to blame.
    Verdict try_weaker(Blamed& blamed, const Level& weaker, std::uint64_t steps_max) {
        PolygraphResult result = search(weaker, steps_max);
        const Verdict verdict = result.verdict;
        if (verdict == Verdict::invalid) blamed = {.level = weaker, .result = std::move(result)};
        return verdict;
    }

    /// To the least order with which the level fails. A short cycle that goes no step by an order
    /// is kept: it shows more than a long one.
    void weaken_order(Blamed& blamed, std::uint64_t steps_max) {
        const Blamed failed = blamed;
        const std::size_t size = index_.reads.size() + index_.writes.size();
        for (const KeptOrder order : {KeptOrder::none, KeptOrder::session}) {
            if (order >= failed.level.order) return;
            const bool unordered = order == KeptOrder::none;
            if (unordered && size > blame_unordered_size_max) continue;
            link_sessions(history_, order, index_);
            const Level weaker{.model = failed.level.model, .order = order};
            const std::uint64_t most = unordered ? blame_unordered_steps_max : UINT64_MAX;
            if (try_weaker(blamed, weaker, std::min(steps_max, most)) != Verdict::invalid) continue;
            const bool shorter = failed.result.cycle.size() < blamed.result.cycle.size();
            if (shorter && !by_order(failed.result.cycle)) blamed.result = failed.result;
            return;
        }
    }

    static bool by_order(const Cycle& cycle) {
        return std::ranges::any_of(cycle, [](const Link& link) {
            return link.kind == LinkKind::process || link.kind == LinkKind::realtime;
        });
    }

    /// To the weakest model that fails.
    void weaken_model(Blamed& blamed, std::uint64_t steps_max) {
        const Level failed = blamed.level;
        for (const Model model : {Model::prefix, Model::parallel_snapshot, Model::snapshot}) {
            if (!implies(failed.model, model)) continue;
            const Level level{.model = model, .order = failed.order};
            if (try_weaker(blamed, level, steps_max) == Verdict::invalid) return;
        }
    }

    const TxnHistory& history_;
    const RegisterCheck& check_;
    Ambiguity ambiguity_;
    RegisterIndex index_;
    std::uint64_t steps_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace

Judgement check_registers(const TxnHistory& history, const RegisterCheck& check) {
    Reading reading(history, check, Ambiguity::guess);
    Judgement judgement = reading.judge();
    if (judgement.verdict != Verdict::invalid || reading.ambiguous_reads() == 0) return judgement;
    Judgement certain = Reading(history, check, Ambiguity::leave_out).judge();
    certain.steps += judgement.steps;
    if (certain.verdict != Verdict::valid) return certain;
    const Mop& mop = history.mops[reading.ambiguous_mop()];
    certain.verdict = Verdict::unknown;
    certain.reason = "a value written more than once was read (" +
                     history.values.describe(mop.key) + " = " + history.values.describe(mop.value) +
                     "): values must be unique per key to tell which write was seen";
    return certain;
}

}  // namespace geode::check::txn

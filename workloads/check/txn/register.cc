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
});
static_assert(levels.size() == register_levels.size());

// Where a violation of a strong level may show already, weakest first.
constexpr auto blamed = std::to_array<Model>(
    {Model::prefix, Model::parallel_snapshot, Model::snapshot, Model::serializable});
constexpr auto orders =
    std::to_array<KeptOrder>({KeptOrder::none, KeptOrder::session, KeptOrder::real_time});

Level level_of(std::string_view name) {
    const auto found = std::ranges::find(register_levels, name);
    GEODE_ASSERT(found != register_levels.end());
    return levels[static_cast<std::size_t>(found - register_levels.begin())];
}

bool implies(const Level& stronger, const Level& weaker) {
    if (weaker.order > stronger.order) return false;
    if (weaker.model == Model::prefix && stronger.model == Model::parallel_snapshot) return false;
    return weaker.model <= stronger.model;
}

StrongLevel strong_of(Model model) {
    switch (model) {
        case Model::prefix: return StrongLevel::prefix;
        case Model::parallel_snapshot: return StrongLevel::parallel_snapshot;
        case Model::snapshot: return StrongLevel::snapshot;
        default: return StrongLevel::serializable;
    }
}

struct WeakStage {
    Model model;
    WeakLevel level;
    FoundBy found_by;
};
constexpr auto weak_stages = std::to_array<WeakStage>({
    {Model::read_committed, WeakLevel::read_committed, FoundBy::read_committed},
    {Model::item_cut, WeakLevel::item_cut, FoundBy::read_committed},
    {Model::read_atomic, WeakLevel::read_atomic, FoundBy::read_atomic},
    {Model::causal, WeakLevel::causal, FoundBy::causal},
});

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
        if (!index_.problems.empty()) {
            RegisterWords words(history_, index_);
            for (const ReadProblem& problem : index_.problems) words.add_problem(problem);
            return finish(std::move(words).judgement(check_.level));
        }
        Judgement judgement = judge_weak(level.model);
        if (judgement.verdict != Verdict::valid || level.model <= Model::causal) {
            return finish(std::move(judgement));
        }
        const PolygraphResult result = judge_strong(level);
        if (result.verdict == Verdict::unknown) return unknown();
        if (result.verdict == Verdict::valid) return finish({});
        return finish(blame(level, result));
    }

    std::uint64_t ambiguous_reads() const { return index_.ambiguous_reads; }
    std::uint32_t ambiguous_mop() const { return index_.ambiguous_mop; }

private:
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

    WeakResult run(WeakLevel level) {
        WeakResult result = check_weak_level(index_, level, check_.budget.bytes_max);
        steps_ += result.steps;
        bytes_ = std::max(bytes_, result.bytes);
        return result;
    }

    static bool holds(const WeakResult& result) { return !result.cycle && !result.unrepeated; }

    /// The levels up to causal that `model` implies. The strongest goes first, as it mostly holds;
    /// only if it does not, the weakest that fails is looked for.
    Judgement judge_weak(Model model) {
        const bool sessions = index_.session_count < index_.count();
        std::size_t strongest = std::min<std::size_t>(static_cast<std::size_t>(model), 3);
        // Without sessions the clocks of causal order are as wide as the history is long, and what
        // they find the search finds as well.
        if (model > Model::causal && !sessions) strongest = 2;
        WeakResult result = run(weak_stages[strongest].level);
        if (result.exhausted && model == Model::causal) return unknown();
        if (result.exhausted) {
            strongest = 2;
            result = run(weak_stages[strongest].level);
        }
        if (holds(result)) return {};
        for (std::size_t stage = 0; stage < strongest; ++stage) {
            const WeakResult weaker = run(weak_stages[stage].level);
            if (!holds(weaker)) return judgement_of(weaker, weak_stages[stage].found_by);
        }
        return judgement_of(result, weak_stages[strongest].found_by);
    }

    Judgement judgement_of(const WeakResult& result, FoundBy found_by) const {
        RegisterWords words(history_, index_);
        if (result.unrepeated) words.add_unrepeated(*result.unrepeated);
        if (result.cycle) words.add_cycle(*result.cycle, found_by);
        return std::move(words).judgement(check_.level);
    }

    PolygraphResult judge_strong(const Level& level) {
        Budget left = check_.budget;
        left.steps_max -= std::min(left.steps_max, steps_);
        const PolygraphResult result = check_polygraph(
            history_, index_,
            {.level = strong_of(level.model), .order = level.order, .budget = left});
        steps_ += result.steps;
        bytes_ = std::max(bytes_, result.bytes);
        return result;
    }

    /// The weakest level at or below the failed one that fails too.
    Judgement blame(const Level& failed, const PolygraphResult& result) {
        for (const Model model : blamed) {
            for (const KeptOrder order : orders) {
                const Level level{.model = model, .order = order};
                const bool same = model == failed.model && order == failed.order;
                if (same || !implies(failed, level)) continue;
                if (order < check_.least) continue;
                index(order);
                const PolygraphResult weaker = judge_strong(level);
                if (weaker.verdict == Verdict::invalid) return judgement_of(weaker);
            }
        }
        index(failed.order);
        return judgement_of(result);
    }

    Judgement judgement_of(const PolygraphResult& result) const {
        RegisterWords words(history_, index_);
        words.add_cycle(result.cycle, result.lost_update ? FoundBy::updates : FoundBy::polygraph);
        return std::move(words).judgement(check_.level);
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

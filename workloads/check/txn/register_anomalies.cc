// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/register_anomalies.h"

#include <algorithm>
#include <map>
#include <set>

#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/register.h"
#include "workloads/check/txn/register_cycles.h"
#include "workloads/check/txn/register_words.h"

namespace geode::check::txn {
namespace {

KeptOrder order_of(std::string_view anomaly) {
    if (anomaly.ends_with("-process")) return KeptOrder::session;
    return anomaly.ends_with("-realtime") ? KeptOrder::real_time : KeptOrder::none;
}

/// What excludes everything asked for at once.
struct Excluding {
    std::string_view level;  ///< of cycles with rw; empty: none was asked for
    KeptOrder order = KeptOrder::none;
    /// Circles of writes with this order and circles of reads with less were asked for: one order
    /// of the writes has to avoid both.
    bool mixed = false;
};

Excluding excluding(std::span<const std::string_view> asked) {
    struct Kind {
        std::string_view begins;
        std::string_view level;
    };
    constexpr Kind kinds[] = {{"G-single", "parallel-snapshot-isolation"},
                              {"G-nonadjacent", "snapshot-isolation"},
                              {"G2", "serializable"}};  // weakest first
    Excluding out;
    for (const std::string_view anomaly : asked) {
        out.order = std::max(out.order, order_of(anomaly));
    }
    bool circular = false;  // G1c was asked for
    bool covers = false;    // with the strongest order
    for (const std::string_view anomaly : asked) {
        if (!anomaly_implies("G1c", anomaly)) continue;
        circular = true;
        covers = covers || order_of(anomaly) == out.order;
    }
    out.mixed = circular && !covers;
    for (const Kind& kind : kinds) {
        const auto is = [&kind](std::string_view anomaly) {
            return anomaly.starts_with(kind.begins);
        };
        if (std::ranges::any_of(asked, is)) out.level = kind.level;
    }
    return out;
}

class AnomalyCheck {
public:
    AnomalyCheck(const TxnHistory& history, const RegisterAnomaliesCheck& check)
        : history_(history), check_(check), level_(excluding(check.anomalies)) {
        for (const std::string_view anomaly : isolation_anomalies()) {
            const auto implies = [anomaly](std::string_view general) {
                return anomaly_implies(anomaly, general);
            };
            if (std::ranges::any_of(check.anomalies, implies)) wanted_.push_back(anomaly);
        }
    }

    Judgement run();

private:
    /// Looks for what is there in any order of the writes.
    Judgement look(Ambiguity ambiguity);
    void add_unrepeated(Judgement& judgement) const;
    void add_lost_updates(Judgement& judgement) const;
    bool nothing_open() const;
    Judgement by_level(Judgement judgement) const;
    Judgement by_circles(Judgement judgement) const;

    bool wants(std::string_view name) const {
        return std::ranges::find(wanted_, name) != wanted_.end();
    }

    const TxnHistory& history_;
    const RegisterAnomaliesCheck& check_;
    Excluding level_;
    std::vector<std::string_view> wanted_;  // all that imply what is asked for
    RegisterIndex index_;
};

Judgement undecided(Judgement judgement, std::string reason) {
    judgement.verdict = Verdict::unknown;
    judgement.reason = std::move(reason);
    judgement.anomalies.clear();
    judgement.operations.clear();
    judgement.ruled_out.clear();
    judgement.also_ruled_out.clear();
    return judgement;
}

Judgement AnomalyCheck::run() {
    constexpr std::string_view budget_reason =
        "the budget ran out: more steps (--steps) or bytes (--memory) may decide";
    if (register_index_bytes(history_) > check_.budget.bytes_max) {
        return undecided({}, std::string(budget_reason));
    }
    Judgement found = look(Ambiguity::leave_out);
    if (found.verdict != Verdict::valid) return found;
    if (index_.ambiguous_reads != 0) {
        found = look(Ambiguity::guess);
        if (found.verdict == Verdict::invalid) {
            return undecided(std::move(found),
                             "a value written more than once was read: which write was seen is "
                             "not told");
        }
    }
    if (found.verdict == Verdict::unknown || nothing_open()) return found;
    if (!level_.level.empty()) return by_level(std::move(found));
    return level_.mixed ? by_circles(std::move(found)) : found;
}

/// If reads and the strongest order make no circle, one order of the writes fits them all.
Judgement AnomalyCheck::by_circles(Judgement judgement) const {
    const bool timed = level_.order == KeptOrder::real_time;
    const std::string_view circle[] = {timed ? "G1c-realtime" : "G1c-process"};
    Judgement circles;
    const bool complete = add_register_cycles(history_, index_, circle, check_.budget, circles);
    judgement.steps += circles.steps;
    if (complete && circles.anomalies.empty()) return judgement;
    return undecided(std::move(judgement),
                     "each of these anomalies by itself need not be there, but whether an order "
                     "of the writes avoids all of them was not decided");
}

Judgement AnomalyCheck::look(Ambiguity ambiguity) {
    index_ = index_registers(history_, {.initial = check_.initial, .ambiguity = ambiguity});
    RegisterWords words(history_, index_);
    for (const ReadProblem& problem : index_.problems) {
        if (wants(problem.name)) words.add_problem(problem);
    }
    // Whatever there is breaks this one, so the names alone say what is ruled out.
    Judgement judgement = std::move(words).judgement("strict-serializable");
    if (wants("internal")) add_unrepeated(judgement);
    if (wants("lost-update")) add_lost_updates(judgement);
    const bool complete = add_register_cycles(history_, index_, wanted_, check_.budget, judgement);
    judgement.bytes = std::max(judgement.bytes, register_index_bytes(history_));
    judgement.verdict = judgement.anomalies.empty() ? Verdict::valid : Verdict::invalid;
    std::vector<std::string_view> names;
    for (const Anomaly& anomaly : judgement.anomalies) names.push_back(anomaly.name);
    RuledOut ruled_out = ruled_out_by(names);
    judgement.ruled_out = std::move(ruled_out.weakest);
    judgement.also_ruled_out = std::move(ruled_out.others);
    if (!judgement.anomalies.empty() || complete) return judgement;
    return undecided(std::move(judgement),
                     "the search for cycles ended early: more steps (--steps) may decide, or "
                     "looking for G1c too");
}

/// By their values, whoever wrote them: a transaction that reads a register twice reads one value,
/// unless it writes the register itself.
void AnomalyCheck::add_unrepeated(Judgement& judgement) const {
    for (std::uint32_t id = 0; id < history_.transactions.size(); ++id) {
        const Transaction& transaction = history_.transactions[id];
        if (transaction.completion != Completion::ok) continue;
        std::map<ValueId, ValueId> seen;
        std::set<ValueId> written;
        for (const Mop& mop : history_.mops_of(transaction)) {
            if (mop.kind == MopKind::write) written.insert(mop.key);
            if (mop.kind != MopKind::read || written.contains(mop.key)) continue;
            const ValueId value = mop.value == check_.initial ? nil_value : mop.value;
            const ValueId first = seen.try_emplace(mop.key, value).first->second;
            if (first == value) continue;
            const auto words = [this](ValueId one) { return history_.values.describe(one); };
            judgement.anomalies.push_back(Anomaly{.name = "internal",
                                                  .words = "T" + std::to_string(id) + " read " +
                                                           words(mop.key) + " = " + words(first) +
                                                           " and then " + words(mop.value),
                                                  .operations = {id},
                                                  .steps = {}});
            break;
        }
    }
}

/// Several transactions that wrote a register all had read the same version of it.
void AnomalyCheck::add_lost_updates(Judgement& judgement) const {
    using Version = std::pair<std::uint32_t, std::uint32_t>;  // key, writer
    std::map<Version, std::vector<std::uint32_t>> updates;
    for (std::uint32_t node = 0; node < index_.count(); ++node) {
        std::set<std::uint32_t> met;  // keys: what it saw first counts
        for (const RegisterRead& read : index_.reads_of(node)) {
            const bool first = met.insert(read.key).second;
            if (!first || !index_.writes_key(node, read.key)) continue;
            updates[{read.key, read.writer}].push_back(index_.sources[node]);
        }
    }
    for (const auto& [version, transactions] : updates) {
        if (transactions.size() < 2) continue;
        std::string words;
        for (const std::uint32_t transaction : transactions) {
            words.append(words.empty() ? "T" : " and T").append(std::to_string(transaction));
        }
        words.append(" all read the same version of ");
        words.append(history_.values.describe(index_.keys[version.first]));
        judgement.anomalies.push_back(Anomaly{.name = "lost-update",
                                              .words = words + " and overwrote it",
                                              .operations = transactions,
                                              .steps = {}});
    }
}

/// Whether every dependency is known: no register was written twice.
bool AnomalyCheck::nothing_open() const {
    std::vector<bool> written(index_.keys.size());
    for (const std::uint32_t key : index_.writes) {
        if (written[key]) return false;
        written[key] = true;
    }
    return index_.ambiguous_reads == 0;
}

Judgement AnomalyCheck::by_level(Judgement judgement) const {
    Budget left = check_.budget;
    left.steps_max -= std::min(left.steps_max, judgement.steps);
    const Judgement held = check_registers(
        history_,
        {.level = level_.level, .initial = check_.initial, .least = level_.order, .budget = left});
    judgement.steps += held.steps;
    judgement.bytes = std::max(judgement.bytes, held.bytes);
    if (held.verdict == Verdict::valid) return judgement;
    if (held.verdict == Verdict::unknown) return undecided(std::move(judgement), held.reason);
    return undecided(std::move(judgement),
                     "the reads alone do not tell such an anomaly, but " +
                         std::string(level_.level) +
                         " is broken: whether one is there depends on the order of writes, which "
                         "was not recorded");
}

}  // namespace

Judgement check_register_anomalies(const TxnHistory& history, const RegisterAnomaliesCheck& check) {
    return AnomalyCheck(history, check).run();
}

}  // namespace geode::check::txn

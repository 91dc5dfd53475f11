// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/session_plan.h"

#include <algorithm>
#include <map>

namespace geode::check::txn {
namespace {

Error refused(std::string message) {
    return make_error(ErrorCode::invalid_argument, std::move(message));
}

class Planner {
public:
    Planner(const SessionHistory& recorded, Aborts aborts)
        : recorded_(recorded), history_(recorded.history), aborts_(aborts) {}

    Result<SessionPlan> run() && {
        GEODE_TRY_VOID(collect_writers());
        GEODE_TRY_VOID(find_observed());
        for (std::uint32_t index = 0; index < history_.transactions.size(); ++index) {
            place(index);
        }
        for (PlannedTransaction& transaction : alone_) {
            plan_.sessions.push_back({std::move(transaction)});
        }
        note();
        return std::move(plan_);
    }

private:
    struct Writer {
        std::pair<ValueId, ValueId> version;  // key and value
        std::uint32_t transaction;
    };

    bool is_initial(ValueId value) const {
        return value == nil_value || value == recorded_.initial;
    }

    Result<void> collect_writers() {
        for (std::uint32_t index = 0; index < history_.transactions.size(); ++index) {
            for (const Mop& mop : history_.mops_of(history_.transactions[index])) {
                if (mop.kind != MopKind::write) continue;
                if (is_initial(mop.value)) {
                    return refused("expected no write of the initial value, as in (" +
                                   describe(history_, history_.transactions[index]) + ")");
                }
                writers_.push_back({{mop.key, mop.value}, index});
            }
        }
        std::ranges::stable_sort(writers_, {}, &Writer::version);
        return {};
    }

    /// Who wrote what a committed transaction read must have happened, whatever was recorded.
    Result<void> find_observed() {
        observed_.assign(history_.transactions.size(), false);
        for (std::uint32_t index = 0; index < history_.transactions.size(); ++index) {
            if (history_.transactions[index].completion != Completion::ok) continue;
            for (const Mop& mop : history_.mops_of(history_.transactions[index])) {
                if (mop.kind == MopKind::read) GEODE_TRY_VOID(observe(index, mop));
            }
        }
        return {};
    }

    Result<void> observe(std::uint32_t reader, const Mop& mop) {
        const auto [begin, end] =
            std::ranges::equal_range(writers_, std::pair(mop.key, mop.value), {}, &Writer::version);
        for (auto writer = begin; writer != end; ++writer) {
            const Completion completion = history_.transactions[writer->transaction].completion;
            if (completion == Completion::ok) continue;
            const std::string words = "(" + describe(history_, history_.transactions[reader]) + ")";
            if (end - begin > 1) {
                return refused("expected one write of what was read, unless all committed, as in " +
                               words);
            }
            if (completion == Completion::fail && aborts_ == Aborts::not_told) {
                return refused(
                    "the notation has no aborted transactions, and one was read from in " + words);
            }
            observed_[writer->transaction] = true;
        }
        return {};
    }

    void place(std::uint32_t index) {
        const Transaction& transaction = history_.transactions[index];
        switch (transaction.completion) {
            case Completion::ok: session_of(transaction).push_back(planned(transaction)); return;
            case Completion::unknown:
                if (observed_[index]) {
                    alone_.push_back(planned(transaction));
                } else {
                    ++unknown_left_out_;
                }
                return;
            case Completion::fail:
                if (aborts_ == Aborts::told) {
                    session_of(transaction).push_back(planned(transaction));
                } else {
                    ++aborted_left_out_;
                }
                return;
            case Completion::refused: break;
        }
        GEODE_UNREACHABLE("no transaction is refused");
    }

    std::vector<PlannedTransaction>& session_of(const Transaction& transaction) {
        const auto [found, added] =
            sessions_.try_emplace(transaction.process, plan_.sessions.size());
        if (added) plan_.sessions.emplace_back();
        return plan_.sessions[found->second];
    }

    PlannedTransaction planned(const Transaction& transaction) const {
        const bool ok = transaction.completion == Completion::ok;
        PlannedTransaction out{.committed = transaction.completion != Completion::fail,
                               .operations = {}};
        for (const Mop& mop : history_.mops_of(transaction)) {
            const bool writes = mop.kind == MopKind::write;
            if (!ok && !writes) continue;
            out.operations.push_back({.writes = writes,
                                      .key = mop.key,
                                      .value = is_initial(mop.value) ? nil_value : mop.value});
        }
        return out;
    }

    void note() {
        const auto count = [this](std::size_t number, std::string_view what) {
            if (number == 0) return;
            plan_.notes.push_back(std::string(what) + ": " + std::to_string(number));
        };
        if (history_.timed) plan_.notes.emplace_back("real time is not told");
        count(alone_.size(),
              "transactions of unknown outcome that were read from are written as committed");
        count(unknown_left_out_,
              "transactions of unknown outcome that nobody read from are left out");
        count(aborted_left_out_, "aborted transactions are left out");
    }

    const SessionHistory& recorded_;
    const TxnHistory& history_;
    Aborts aborts_;
    std::vector<Writer> writers_;  // by version
    std::vector<bool> observed_;   // by transaction
    std::map<std::int64_t, std::size_t> sessions_;
    std::vector<PlannedTransaction> alone_;
    std::size_t unknown_left_out_ = 0;
    std::size_t aborted_left_out_ = 0;
    SessionPlan plan_;
};

}  // namespace

Result<SessionPlan> plan_sessions(const SessionHistory& recorded, Aborts aborts) {
    return Planner(recorded, aborts).run();
}

}  // namespace geode::check::txn

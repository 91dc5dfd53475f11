// SPDX-License-Identifier: Apache-2.0
#include "jepsen/transaction_workloads.h"

#include <fmt/format.h>

#include <set>

#include "jepsen/transaction_edn.h"
#include "workloads/check/formats.h"
#include "workloads/check/txn/formats.h"
#include "workloads/record/append_history.h"
#include "workloads/record/bank_history.h"

namespace geode::jepsen {
namespace {

using workloads::Ending;
using workloads::MicroOperation;

Judgement judgement_of(const check::Judgement& judged, std::string story, std::string checked) {
    Judgement judgement;
    judgement.verdict = judged.verdict;
    judgement.anomalies = check::anomaly_names(judged);
    judgement.checked = std::move(checked);
    judgement.explanation = std::move(story);
    if (judged.verdict == check::Verdict::unknown) {
        judgement.explanation.insert(0, "undecided: ");
    }
    return judgement;
}

Judgement judge_lists(const check::txn::TxnHistory& history) {
    std::set<check::ValueId> keys;
    for (const check::txn::Mop& mop : history.mops) keys.insert(mop.key);
    const check::Judgement judged = workloads::judge_append_history(history);
    return judgement_of(
        judged, check::story_of(judged),
        fmt::format("{} transactions on {} lists", history.transactions.size(), keys.size()));
}

Judgement judge_bank(const check::History& history, std::uint32_t accounts) {
    std::size_t reads = 0;
    for (const check::Operation& operation : history.operations) {
        reads += operation.function == check::Function::read &&
                 operation.completion == check::Completion::ok;
    }
    const check::Judgement judged = workloads::judge_bank_history(history, accounts);
    return judgement_of(judged, check::summary(judged),
                        fmt::format("{} reads among {} transactions on {} accounts", reads,
                                    history.operations.size(), accounts));
}

/// Fills the history and the log alike.
class AppendRecord final : public workloads::AppendHistory {
public:
    AppendRecord(Clock& clock, OperationLog& log) : AppendHistory(clock), log_(log) {}

    void invoked(std::int64_t process, std::span<const MicroOperation> operations) override {
        AppendHistory::invoked(process, operations);
        log_.invoke(process, "txn", edn_asked(operations));
    }
    void completed(std::int64_t process, Ending ending,
                   std::span<const MicroOperation> operations) override {
        AppendHistory::completed(process, ending, operations);
        std::optional<std::string> answered;
        if (ending == Ending::ok) answered = edn_answered(operations);
        log_.complete(process, ending, std::move(answered), aborted);
    }

private:
    OperationLog& log_;
};

class AppendWorkload final : public Workload {
public:
    AppendWorkload(const WorkloadOptions& options, Clock& clock, OperationLog& log)
        : options_(options),
          keys_(options.append_keys, options.appends_per_key),
          record_(clock, log) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::AppendOptions options;
        options.client = number - 1;
        options.clients = options_.clients + 1;
        options.pace = options_.pace;
        workloads::run_append_client(world, client, options, control, keys_, record_, progress);
    }

    Result<void> read_back(World& world, node::Client& client, MonoTime deadline) override {
        workloads::ClientStore store(world, client, deadline - world.now());
        return workloads::read_all_lists(store, keys_.used(), options_.clients, record_);
    }

    void take_graph(const workloads::FinalGraph&) override {}
    Judgement judge() override { return judge_lists(record_.finish()); }

private:
    WorkloadOptions options_;
    workloads::AppendKeys keys_;
    AppendRecord record_;
};

class BankRecord final : public workloads::BankHistory {
public:
    BankRecord(Clock& clock, OperationLog& log) : BankHistory(clock), log_(log) {}

    void invoked_read(std::int64_t process) override {
        BankHistory::invoked_read(process);
        log_.invoke(process, "read", "nil");
    }
    void invoked_transfer(std::int64_t process, const workloads::Transfer& transfer) override {
        BankHistory::invoked_transfer(process, transfer);
        log_.invoke(process, "transfer", edn_of(transfer));
    }
    void completed(std::int64_t process, Ending ending,
                   std::span<const std::int64_t> balances) override {
        BankHistory::completed(process, ending, balances);
        std::optional<std::string> seen;
        if (!balances.empty()) seen = edn_of(balances);
        log_.complete(process, ending, std::move(seen), aborted);
    }

private:
    OperationLog& log_;
};

class BankWorkload final : public Workload {
public:
    BankWorkload(const WorkloadOptions& options, Clock& clock, OperationLog& log)
        : options_(options), record_(clock, log) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::BankOptions options;
        options.client = number - 1;
        options.clients = options_.clients + 1;
        options.accounts = options_.bank_accounts;
        options.pace = options_.pace;
        workloads::run_bank_client(world, client, options, control, record_, progress);
    }

    Result<void> read_back(World& world, node::Client& client, MonoTime deadline) override {
        workloads::ClientStore store(world, client, deadline - world.now());
        return workloads::read_last_balances(store, options_.bank_accounts, options_.clients,
                                             record_);
    }

    void take_graph(const workloads::FinalGraph&) override {}
    Judgement judge() override { return judge_bank(record_.finish(), options_.bank_accounts); }

private:
    WorkloadOptions options_;
    BankRecord record_;
};

}  // namespace

std::unique_ptr<Workload> make_append_workload(const WorkloadOptions& options, Clock& clock,
                                               OperationLog& log) {
    return std::make_unique<AppendWorkload>(options, clock, log);
}

std::unique_ptr<Workload> make_bank_workload(const WorkloadOptions& options, Clock& clock,
                                             OperationLog& log) {
    return std::make_unique<BankWorkload>(options, clock, log);
}

Result<Judgement> judge_append_text(std::string_view text, std::string_view name) {
    GEODE_TRY(const check::txn::TxnHistory history,
              check::txn::parse_txn_history(text, name, check::txn::TxnObjects::lists,
                                            check::txn::TxnFormat::edn));
    return judge_lists(history);
}

Result<Judgement> judge_bank_text(std::string_view text, std::string_view name) {
    check::ReadOptions options;
    options.format = check::Format::edn;
    options.pairs = check::Pairs::plain;
    GEODE_TRY(const check::History history, check::parse_history(text, name, options));
    return judge_bank(history, WorkloadOptions{}.bank_accounts);
}

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
// The bank workload: every read must show the same total.

#include "sim/workload_driver.h"
#include "workloads/check/formats.h"
#include "workloads/record/bank_history.h"

namespace geode::sim {
namespace {

class BankDriver final : public WorkloadDriver {
public:
    explicit BankDriver(const WorkloadSetup& setup)
        : clients_(setup.clients),
          accounts_(setup.knobs.bank_accounts),
          pace_(transaction_pace(setup.knobs)) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        if (number == 1) history_.start(world.clock());
        workloads::BankOptions options;
        options.client = number - 1;
        options.clients = clients_;
        options.accounts = accounts_;
        options.pace = pace_;
        workloads::run_bank_client(world, client, options, control, history_, progress);
    }

    /// One last read, so that half a transfer at the end is seen by somebody.
    Result<void> read_back(World& world, node::Client& client, MonoTime deadline) override {
        constexpr std::int64_t reader = -1;
        workloads::ClientStore store(world, client, deadline - world.now());
        return workloads::read_last_balances(store, accounts_, reader, history_);
    }

    std::optional<std::string> judge(const FinalGraph*) override {
        judged_ = history_.finish();
        const check::Judgement judgement = workloads::judge_bank_history(judged_, accounts_);
        if (judgement.verdict == check::Verdict::valid) return std::nullopt;
        return check::summary(judgement);
    }

    std::optional<std::string> history_edn() const override {
        return check::write_events(judged_, check::Spelling::edn_balances).value();
    }

private:
    std::uint32_t clients_;
    std::uint32_t accounts_;
    workloads::Pace pace_;
    workloads::BankHistory history_;
    check::History judged_;
};

}  // namespace

std::unique_ptr<WorkloadDriver> make_bank_driver(const WorkloadSetup& setup) {
    return std::make_unique<BankDriver>(setup);
}

}  // namespace geode::sim

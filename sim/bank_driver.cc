// SPDX-License-Identifier: Apache-2.0
// The bank workload: every read must show the same total.

#include "sim/workload_driver.h"
#include "workloads/record/bank_history.h"

namespace geode::sim {
namespace {

class BankDriver final : public WorkloadDriver {
public:
    explicit BankDriver(const WorkloadSetup& setup)
        : clients_(setup.clients), pace_(transaction_pace(setup.knobs)) {
        bank_.accounts = setup.knobs.bank_accounts;
    }

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::BankOptions options;
        options.client = number - 1;
        options.clients = clients_;
        options.bank = bank_;
        options.pace = pace_;
        workloads::run_bank_client(world, client, options, control, history_, progress);
    }

    /// One last read, so that half a transfer at the end is seen by somebody.
    Result<void> read_back(World& world, node::Client& client, MonoTime deadline) override {
        constexpr std::int64_t reader = -1;
        workloads::ClientStore store(world, client, deadline - world.now());
        return workloads::read_last_balances(store, bank_, reader, history_);
    }

    std::optional<std::string> judge(const FinalGraph*) override {
        const check::Judgement judgement = workloads::judge_bank_history(history_.finish(), bank_);
        if (judgement.verdict == check::Verdict::valid) return std::nullopt;
        return check::summary(judgement);
    }

private:
    std::uint32_t clients_;
    workloads::Bank bank_;
    workloads::Pace pace_;
    workloads::BankHistory history_;
};

}  // namespace

std::unique_ptr<WorkloadDriver> make_bank_driver(const WorkloadSetup& setup) {
    return std::make_unique<BankDriver>(setup);
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
// The append workload: its history must be strictly serializable.

#include "base/probe.h"
#include "sim/workload_driver.h"
#include "workloads/check/txn/formats.h"
#include "workloads/record/append_history.h"

namespace geode::sim {
namespace {

class AppendDriver final : public WorkloadDriver {
public:
    explicit AppendDriver(const WorkloadSetup& setup)
        : clients_(setup.clients),
          pace_(transaction_pace(setup.knobs)),
          keys_(setup.knobs.append_keys, setup.knobs.appends_per_key) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        if (number == 1) history_.start(world.clock());
        workloads::AppendOptions options;
        options.client = number - 1;
        options.clients = clients_;
        options.pace = pace_;
        workloads::run_append_client(world, client, options, control, keys_, history_, progress);
    }

    /// One last read of every list, so that an append lost at the end is missed by somebody.
    Result<void> read_back(World& world, node::Client& client, MonoTime deadline) override {
        constexpr std::int64_t reader = -1;
        workloads::ClientStore store(world, client, deadline - world.now());
        return workloads::read_all_lists(store, keys_.used(), reader, history_);
    }

    std::optional<std::string> judge(const FinalGraph*) override {
        judged_ = history_.finish();
        const check::Judgement judgement = workloads::judge_append_history(judged_);
        if (judgement.verdict == check::Verdict::invalid) return check::story_of(judgement);
        if (judgement.verdict == check::Verdict::unknown) GEODE_REACHED("sim.append_undecided");
        return std::nullopt;
    }

    std::optional<std::string> history_edn() const override {
        return check::txn::write_events(judged_, check::Notation::edn).value();
    }

private:
    std::uint32_t clients_;
    workloads::Pace pace_;
    workloads::AppendKeys keys_;
    workloads::AppendHistory history_;
    check::txn::TxnHistory judged_;
};

}  // namespace

std::unique_ptr<WorkloadDriver> make_append_driver(const WorkloadSetup& setup) {
    return std::make_unique<AppendDriver>(setup);
}

}  // namespace geode::sim

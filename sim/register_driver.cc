// SPDX-License-Identifier: Apache-2.0
// The register workload: its history must be linearizable.

#include "sim/workload_driver.h"
#include "workloads/check/formats.h"
#include "workloads/record/register_history.h"

namespace geode::sim {
namespace {

class RegisterDriver final : public WorkloadDriver {
public:
    explicit RegisterDriver(const WorkloadSetup& setup)
        : clients_(setup.clients), keys_(setup.knobs.register_keys) {
        pace_.think_time_mean = setup.knobs.think_time_mean;
        pace_.deadline = setup.knobs.operation_deadline;
    }

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        if (number == 1) history_.start(world.clock());
        workloads::RegisterOptions options;
        options.client = number - 1;
        options.clients = clients_;
        options.keys = keys_;
        options.pace = pace_;
        workloads::run_register_client(world, client, options, control, next_value_, history_,
                                       progress);
    }

    /// One last read of every register, so that a write lost at the end is missed by somebody.
    Result<void> read_back(World&, node::Client& client, MonoTime deadline) override {
        constexpr std::int64_t reader = -1;
        return workloads::read_back_registers(client, VertexId(1), keys_, reader, history_,
                                              deadline);
    }

    std::optional<std::string> judge(const FinalGraph*) override {
        judged_ = history_.finish();
        return workloads::judge_register_history(judged_);
    }

    std::optional<std::string> history_edn() const override {
        return check::write_events(judged_, check::Spelling::edn_registers).value();
    }

private:
    std::uint32_t clients_;
    std::uint32_t keys_;
    workloads::Pace pace_;
    std::int64_t next_value_ = 1;
    workloads::RegisterHistory history_;
    check::History judged_;
};

}  // namespace

std::unique_ptr<WorkloadDriver> make_register_driver(const WorkloadSetup& setup) {
    return std::make_unique<RegisterDriver>(setup);
}

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#include "sim/register_driver.h"

#include "base/probe.h"
#include "workloads/check/linearizability.h"

namespace geode::sim {
namespace {

using workloads::Ending;
using workloads::RegisterFunction;

check::Function function_of(RegisterFunction function) {
    switch (function) {
        case RegisterFunction::read: return check::Function::read;
        case RegisterFunction::write: return check::Function::write;
        case RegisterFunction::cas: return check::Function::cas;
    }
    GEODE_UNREACHABLE("a register function outside its enum");
}

class RegisterDriver final : public WorkloadDriver {
public:
    explicit RegisterDriver(const WorkloadSetup& setup)
        : clients_(setup.clients), keys_(setup.knobs.register_keys) {
        pace_.think_time_mean = setup.knobs.think_time_mean;
        pace_.deadline = setup.knobs.operation_deadline;
    }

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
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
        for (std::uint32_t key = 1; key <= keys_; ++key) {
            workloads::RegisterCall call;
            call.process = reader;
            call.key = VertexId(key);
            history_.invoked(call);
            GEODE_TRY(const std::optional<graph::Vertex> vertex,
                      client.get_vertex(call.key, deadline));
            std::optional<std::int64_t> seen;
            if (vertex && vertex->properties.contains("value")) {
                seen = vertex->properties.find("value")->second.int64();
            }
            history_.completed(reader, Ending::ok, seen);
        }
        return {};
    }

    std::optional<std::string> judge(const FinalGraph*) override {
        return judge_register_history(history_.finish());
    }

private:
    std::uint32_t clients_;
    std::uint32_t keys_;
    workloads::Pace pace_;
    std::int64_t next_value_ = 1;
    RegisterHistory history_;
};

}  // namespace

void RegisterHistory::invoked(const workloads::RegisterCall& call) {
    check::ValueTable& values = builder_.values();
    check::Call made;
    made.process = call.process;
    made.function = function_of(call.function);
    made.key = values.integer(static_cast<std::int64_t>(call.key.value()));
    if (call.function != RegisterFunction::read) made.argument = values.integer(call.argument);
    if (call.expected) made.expected = values.integer(*call.expected);
    const Result<void> taken = builder_.invoke(made);
    GEODE_ASSERT_MSG(taken.has_value(), "a process has one operation at a time");
}

void RegisterHistory::completed(std::int64_t process, Ending ending,
                                std::optional<std::int64_t> seen) {
    Result<void> taken;
    switch (ending) {
        case Ending::ok:
            taken =
                builder_.ok(process, seen ? builder_.values().integer(*seen) : check::nil_value);
            break;
        case Ending::refused: taken = builder_.refuse(process); break;
        case Ending::fail: taken = builder_.fail(process); break;
        case Ending::unknown: taken = builder_.info(process); break;
    }
    GEODE_ASSERT_MSG(taken.has_value(), "what completes was invoked");
}

std::optional<std::string> judge_register_history(const check::History& history) {
    const std::unique_ptr<check::Model> model = check::make_register_model();
    check::LinearizabilityOptions options;
    options.steps_max = 50'000'000;
    options.bytes_max = std::uint64_t{256} << 20;
    const Result<check::LinearizabilityResult> checked =
        check::check_linearizability(history, *model, options);
    GEODE_ASSERT_MSG(checked.has_value(), "the model knows all that the workload does");
    if (checked->verdict == check::Verdict::valid) return std::nullopt;
    if (checked->verdict == check::Verdict::unknown) {
        GEODE_REACHED("sim.linearizability_undecided");
        return std::nullopt;
    }
    return "not linearizable: " + checked->explanation;
}

std::unique_ptr<WorkloadDriver> make_register_driver(const WorkloadSetup& setup) {
    return std::make_unique<RegisterDriver>(setup);
}

}  // namespace geode::sim

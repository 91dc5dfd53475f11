// SPDX-License-Identifier: Apache-2.0
#include "workloads/record/register_history.h"

#include "base/probe.h"
#include "workloads/check/linearizability.h"

namespace geode::workloads {
namespace {

check::Function function_of(RegisterFunction function) {
    switch (function) {
        case RegisterFunction::read: return check::Function::read;
        case RegisterFunction::write: return check::Function::write;
        case RegisterFunction::cas: return check::Function::cas;
    }
    GEODE_UNREACHABLE("a register function outside its enum");
}

}  // namespace

void RegisterHistory::invoked(const RegisterCall& call) {
    check::ValueTable& values = builder_.values();
    check::Call made;
    made.process = call.process;
    made.function = function_of(call.function);
    made.key = values.integer(static_cast<std::int64_t>(call.key.value()));
    if (call.function != RegisterFunction::read) made.argument = values.integer(call.argument);
    if (call.expected) made.expected = values.integer(*call.expected);
    made.time_ns = stopwatch_.elapsed_ns();
    const Result<void> taken = builder_.invoke(made);
    GEODE_ASSERT_MSG(taken.has_value(), "a process has one operation at a time");
}

void RegisterHistory::completed(std::int64_t process, Ending ending,
                                std::optional<std::int64_t> seen) {
    Result<void> taken;
    const std::int64_t now = stopwatch_.elapsed_ns();
    switch (ending) {
        case Ending::ok:
            taken = builder_.ok(process, seen ? builder_.values().integer(*seen) : check::nil_value,
                                now);
            break;
        case Ending::refused: taken = builder_.refuse(process, now); break;
        case Ending::fail: taken = builder_.fail(process, now); break;
        case Ending::unknown: taken = builder_.info(process, now); break;
    }
    GEODE_ASSERT_MSG(taken.has_value(), "what completes was invoked");
}

Result<void> read_back_registers(node::Client& client, VertexId first_key, std::uint32_t keys,
                                 std::int64_t reader, RegisterRecorder& recorder,
                                 MonoTime deadline) {
    for (std::uint32_t key = 0; key < keys; ++key) {
        RegisterCall call;
        call.process = reader;
        call.key = VertexId(first_key.value() + key);
        recorder.invoked(call);
        GEODE_TRY(const std::optional<graph::Vertex> vertex, client.get_vertex(call.key, deadline));
        std::optional<std::int64_t> seen;
        if (vertex && vertex->properties.contains("value")) {
            seen = vertex->properties.find("value")->second.int64();
        }
        recorder.completed(reader, Ending::ok, seen);
    }
    return {};
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

}  // namespace geode::workloads

// SPDX-License-Identifier: Apache-2.0
#include "workloads/register.h"

namespace geode::workloads {
namespace {

constexpr std::string_view value_property = "value";

struct Answer {
    Ending ending = Ending::fail;
    std::optional<std::int64_t> seen;  ///< the register's value, where the answer told it
    bool tells = false;
};

std::optional<std::int64_t> value_of(const graph::Value& value) {
    if (value.is_null()) return std::nullopt;
    GEODE_ASSERT_MSG(value.kind() == graph::ValueKind::int64, "nobody writes anything else");
    return value.int64();
}

Answer read(node::Client& client, VertexId key, MonoTime deadline) {
    const Result<std::optional<graph::Vertex>> vertex = client.get_vertex(key, deadline);
    if (!vertex) return {Ending::fail, std::nullopt, false};
    if (!*vertex) return {Ending::ok, std::nullopt, true};
    const auto found = (*vertex)->properties.find(value_property);
    if (found == (*vertex)->properties.end()) return {Ending::ok, std::nullopt, true};
    return {Ending::ok, value_of(found->second), true};
}

Answer write(node::Client& client, const RegisterCall& call, MonoTime deadline) {
    graph::Vertex vertex;
    vertex.id = call.key;
    vertex.properties.emplace(value_property, graph::Value(call.argument));
    const Result<graph::Outcome> outcome = client.write(graph::PutVertex{vertex}, deadline);
    if (!outcome) return {ending_of_write(outcome.code()), std::nullopt, false};
    GEODE_ASSERT_MSG(outcome->is_ok(), "a put of one small vertex is always accepted");
    return {Ending::ok, call.argument, true};
}

Answer compare_and_set(node::Client& client, const RegisterCall& call, MonoTime deadline) {
    graph::CompareAndSet command;
    command.vertex = call.key;
    command.property = value_property;
    if (call.expected) command.expected = graph::Value(*call.expected);
    command.desired = graph::Value(call.argument);
    command.create = true;
    const Result<graph::Outcome> outcome = client.write(command, deadline);
    if (!outcome) return {ending_of_write(outcome.code()), std::nullopt, false};
    if (outcome->is_ok()) return {Ending::ok, call.argument, true};
    GEODE_ASSERT_MSG(outcome->code == graph::OutcomeCode::conflict, "the only way to be refused");
    if (!outcome->actual) return {Ending::refused, std::nullopt, false};
    return {Ending::refused, value_of(*outcome->actual), true};
}

Answer perform(node::Client& client, const RegisterCall& call, MonoTime deadline) {
    switch (call.function) {
        case RegisterFunction::read: return read(client, call.key, deadline);
        case RegisterFunction::write: return write(client, call, deadline);
        case RegisterFunction::cas: return compare_and_set(client, call, deadline);
    }
    GEODE_UNREACHABLE("a register function outside its enum");
}

/// Which generation of registers is in use.
std::uint64_t generation_at(const RegisterOptions& options, MonoTime now) {
    if (options.key_life <= Duration(0)) return 0;
    return static_cast<std::uint64_t>((now - options.begun) / options.key_life);
}

}  // namespace

void run_register_client(World& world, node::Client& client, const RegisterOptions& options,
                         const Control& control, std::int64_t& next_value,
                         RegisterRecorder& recorder, Progress& progress) {
    GEODE_ASSERT(options.keys >= 1 && options.client < options.clients);
    Prng prng = world.random().stream("workload");
    ProcessNumber process(options.client, options.clients);
    std::vector<std::optional<std::int64_t>> last_seen(options.keys);
    std::uint64_t generation = 0;
    while (!control.stop) {
        think(world, prng, options.pace);
        if (control.stop) break;
        if (const std::uint64_t now = generation_at(options, world.now()); now != generation) {
            generation = now;
            last_seen.assign(options.keys, std::nullopt);
        }
        const std::uint64_t key = prng.below(options.keys);
        const std::uint64_t kind = prng.below(10);
        RegisterCall call;
        call.process = process.value();
        call.key = VertexId(options.first_key.value() + generation * options.keys + key);
        call.function = kind < 5   ? RegisterFunction::read
                        : kind < 8 ? RegisterFunction::write
                                   : RegisterFunction::cas;
        if (call.function != RegisterFunction::read) call.argument = next_value++;
        if (call.function == RegisterFunction::cas) call.expected = last_seen[key];
        const MonoTime begun = world.now();
        recorder.invoked(call);
        const Answer answer = perform(client, call, world.deadline_in(options.pace.deadline));
        recorder.completed(call.process, answer.ending,
                           call.function == RegisterFunction::read ? answer.seen : std::nullopt);
        if (answer.tells) last_seen[key] = answer.seen;
        if (answer.ending == Ending::unknown) process.abandon();
        progress.count(answer.ending, world.now() - begun);
    }
    progress.finished = true;
}

}  // namespace geode::workloads

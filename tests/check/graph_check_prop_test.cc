// SPDX-License-Identifier: Apache-2.0

// The final content of a vertex is judged as a register that is read once when all is over: held
// against the linearizability checker itself.

#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "tests/check/oracle.h"
#include "workloads/check/graph_check.h"

namespace geode::check {
namespace {

/// The same operations as writes of one vertex; the integer 1 deletes it.
std::vector<GraphWrite> as_graph_writes(const History& history) {
    std::vector<GraphWrite> writes;
    for (const Operation& operation : history.operations) {
        if (operation.function != Function::write) continue;
        const std::string content = history.values.describe(operation.argument);
        writes.push_back({VertexId(1), content == "1" ? std::nullopt : std::optional(content),
                          operation.completion, operation.invoked, operation.completed});
    }
    return writes;
}

/// Whether a read of `final` (nothing, or the value) after everything else is linearizable.
bool final_read_fits(const History& history, const std::optional<std::string>& final) {
    History read_once{.values = history.values, .operations = {}};
    for (Operation operation : history.operations) {
        if (operation.function != Function::write) continue;
        if (read_once.values.describe(operation.argument) == "1") operation.argument = nil_value;
        read_once.operations.push_back(operation);
    }
    const ValueId result = final ? read_once.values.integer(std::stoll(*final)) : nil_value;
    constexpr std::uint64_t after_all = 1'000'000;
    read_once.operations.push_back(Operation{.function = Function::read,
                                             .completion = Completion::ok,
                                             .result = result,
                                             .invoked = after_all,
                                             .completed = after_all + 1});
    return check_linearizability(read_once, *make_register_model())->verdict == Verdict::valid;
}

TEST_CASE("graph: agrees with the linearizability of a final read", "[fast][prop]") {
    rc::prop("any final content", [] {
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        const History history =
            oracle::RandomHistory(
                {.operations = 8, .processes = 3, .cas = false, .unknown_percent = 30}, seed)
                .run();
        const std::vector<GraphWrite> writes = as_graph_writes(history);
        const std::vector<std::optional<std::string>> finals{std::nullopt, "2", "3", "4"};
        for (const auto& final : finals) {
            GraphDump dump;
            if (final) dump.vertices.push_back({VertexId(1), *final});
            const bool accepted = check_graph(writes, dump).empty();
            RC_ASSERT(accepted == final_read_fits(history, final));
        }
    });
}

}  // namespace
}  // namespace geode::check

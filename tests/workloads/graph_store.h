// SPDX-License-Identifier: Apache-2.0
#pragma once

// The product's own graph in memory as a store for transactions, so that what they rely on is what
// the daemon does; with hooks to let others work in between, and faults to be found.

#include <functional>

#include "tests/graph/map_view.h"
#include "workloads/optimistic.h"

namespace geode::workloads {

class GraphStore final : public PropertyStore {
public:
    Result<graph::Value> read(VertexId vertex, std::string_view property) override {
        ++reads;
        if (failing_reads > 0) {
            --failing_reads;
            return make_error(ErrorCode::unknown_outcome, "planned");
        }
        const std::optional<graph::Vertex> found =
            graph::expect(graph::GraphTransaction(view).reader().get_vertex(vertex));
        if (after_read) after_read();
        if (!found) return graph::Value();
        const auto at = found->properties.find(property);
        return at == found->properties.end() ? graph::Value() : at->second;
    }
    Result<graph::Outcome> apply(const graph::Batch& batch) override {
        if (before_apply) before_apply();
        if (lost_answers > 0) {
            --lost_answers;
            return make_error(ErrorCode::unknown_outcome, "planned");
        }
        if (!atomic) return apply_each(batch);
        return apply_command(batch);
    }

    graph::MapView view;
    std::uint32_t reads = 0;
    std::uint32_t failing_reads = 0;     ///< the next so many
    std::uint32_t lost_answers = 0;      ///< of the next so many batches, which do not happen
    bool atomic = true;                  ///< false: what comes before a refused command stays
    std::function<void()> after_read;    ///< with what was read on its way back
    std::function<void()> before_apply;  ///< with the batch on its way

private:
    graph::Outcome apply_command(const graph::Command& command) {
        graph::GraphTransaction transaction(view);
        graph::Outcome outcome = graph::apply_ok(transaction, command);
        graph::commit(transaction, view);
        return outcome;
    }
    graph::Outcome apply_each(const graph::Batch& batch) {
        graph::Outcome outcome;
        for (const graph::SingleCommand& command : batch.commands) {
            const auto whole =
                std::visit([](const auto& one) { return graph::Command(one); }, command);
            outcome = apply_command(whole);
            if (!outcome.is_ok()) break;
        }
        return outcome;
    }
};

}  // namespace geode::workloads

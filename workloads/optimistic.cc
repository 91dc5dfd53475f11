// SPDX-License-Identifier: Apache-2.0
#include "workloads/optimistic.h"

#include "base/probe.h"

namespace geode::workloads {

Result<graph::Value> ClientStore::read(VertexId vertex, std::string_view property) {
    GEODE_TRY(const std::optional<graph::Vertex> found,
              client_.get_vertex(vertex, world_.deadline_in(request_deadline_)));
    if (!found) return graph::Value();
    const auto at = found->properties.find(property);
    return at == found->properties.end() ? graph::Value() : at->second;
}

Result<graph::Outcome> ClientStore::apply(const graph::Batch& batch) {
    return client_.write(batch, world_.deadline_in(request_deadline_));
}

Result<graph::Value> OptimisticTransaction::read(VertexId vertex) {
    if (const auto held = held_.find(vertex); held != held_.end()) return held->second.now;
    const Result<graph::Value> found = store_.read(vertex, property_);
    if (!found) {
        return make_error(ErrorCode::unavailable, "a read failed: " + found.error().describe());
    }
    held_.emplace(vertex, Held{*found, *found});
    return *found;
}

void OptimisticTransaction::write(VertexId vertex, graph::Value value) {
    const auto held = held_.find(vertex);
    GEODE_ASSERT_MSG(held != held_.end(), "what is written was read before");
    held->second.now = std::move(value);
}

Result<graph::Outcome> OptimisticTransaction::commit() {
    GEODE_ASSERT_MSG(!held_.empty(), "a transaction reads something");
    graph::Batch batch;
    batch.commands.reserve(held_.size());
    for (auto& [vertex, held] : held_) {
        graph::CompareAndSet comparison;
        comparison.vertex = vertex;
        comparison.property = property_;
        comparison.expected = std::move(held.found);
        comparison.desired = std::move(held.now);
        comparison.create = true;
        batch.commands.emplace_back(std::move(comparison));
    }
    held_.clear();
    Result<graph::Outcome> outcome = store_.apply(batch);
    GEODE_ASSERT_MSG(!outcome || outcome->code != graph::OutcomeCode::not_found,
                     "a vertex that does not exist counts as one without properties");
    if (outcome && outcome->code == graph::OutcomeCode::conflict) {
        GEODE_REACHED("workload.transaction_aborted");
    }
    return outcome;
}

}  // namespace geode::workloads

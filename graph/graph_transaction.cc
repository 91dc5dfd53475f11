// SPDX-License-Identifier: Apache-2.0
#include "graph/graph_transaction.h"

#include <utility>

#include "base/probe.h"

namespace geode::graph {
namespace {

Outcome refused(OutcomeCode code, std::string message) {
    GEODE_ASSERT(code != OutcomeCode::ok);
    return {code, std::move(message), std::nullopt};
}

std::string name_of(VertexId id) {
    return "vertex " + std::to_string(id.value());
}

Outcome vertex_missing(VertexId id) {
    return refused(OutcomeCode::not_found, name_of(id) + " does not exist");
}

}  // namespace

void GraphTransaction::clear() {
    overlay_.clear();
    base_has_vertex_.clear();
}

Result<Outcome> GraphTransaction::apply(const Command& command) {
    if (std::optional<std::string> complaint = find_invalid(command)) {
        return refused(OutcomeCode::invalid, std::move(*complaint));
    }
    overlay_.mark();
    Result<Outcome> outcome = std::visit([this](const auto& each) { return run(each); }, command);
    if (!outcome || !outcome->is_ok()) overlay_.rollback();
    return outcome;
}

Result<bool> GraphTransaction::exists(VertexId id) {
    const Bytes key = vertex_key(id);
    if (const std::optional<Bytes>* change = overlay_.find(key)) return change->has_value();
    const auto [at, inserted] = base_has_vertex_.try_emplace(id.value(), false);
    if (!inserted) return at->second;
    const Result<std::optional<Bytes>> record = base_.get(key);
    if (!record) {
        base_has_vertex_.erase(at);
        return record.error();
    }
    at->second = record->has_value();
    return at->second;
}

Result<Outcome> GraphTransaction::run(const PutVertex& put) {
    overlay_.put(vertex_key(put.vertex.id), encode_vertex(put.vertex));
    return Outcome();
}

Result<Outcome> GraphTransaction::run(const PutEdge& put) {
    const EdgeKey& key = put.edge.key;
    for (const VertexId end : {key.from, key.to}) {
        GEODE_TRY(const bool found, exists(end));
        if (!found) return vertex_missing(end);
    }
    overlay_.put(out_edge_key(key), encode_edge(put.edge.properties));
    overlay_.put(in_edge_key(key), in_edge_record());
    return Outcome();
}

void GraphTransaction::remove_edge(const EdgeKey& edge) {
    overlay_.remove(out_edge_key(edge));
    overlay_.remove(in_edge_key(edge));
}

Result<Outcome> GraphTransaction::run(const DeleteEdge& remove) {
    GEODE_TRY(const std::optional<Bytes> record, overlay_.get(out_edge_key(remove.key)));
    if (!record) {
        return refused(OutcomeCode::not_found, "edge " + to_text(remove.key) + " does not exist");
    }
    remove_edge(remove.key);
    return Outcome();
}

Result<Outcome> GraphTransaction::remove_edges_of(VertexId id) {
    // Collected first, because the overlay is not written while it is iterated.
    std::vector<EdgeKey> edges;
    GEODE_TRY_VOID(
        reader().for_each_edge(id, Direction::both, std::nullopt, [&](const EdgeRef& edge) {
            edges.push_back(edge.key());
            return edges.size() <= detach_edges_max;
        }));
    if (edges.size() > detach_edges_max) {
        GEODE_REACHED("graph.detach_over_limit");
        return refused(OutcomeCode::invalid, name_of(id) + " has more than " +
                                                 std::to_string(detach_edges_max) +
                                                 " edges; delete some of them first");
    }
    for (const EdgeKey& edge : edges) remove_edge(edge);
    return Outcome();
}

Result<Outcome> GraphTransaction::run(const DeleteVertex& remove) {
    GEODE_TRY(const bool found, exists(remove.id));
    if (!found) return vertex_missing(remove.id);
    if (remove.detach) {
        GEODE_TRY(Outcome outcome, remove_edges_of(remove.id));
        if (!outcome.is_ok()) return outcome;
    } else {
        std::optional<EdgeKey> first;
        GEODE_TRY_VOID(reader().for_each_edge(remove.id, Direction::both, std::nullopt,
                                              [&](const EdgeRef& edge) {
                                                  first = edge.key();
                                                  return false;
                                              }));
        if (first) {
            return refused(OutcomeCode::conflict,
                           name_of(remove.id) + " still has edge " + to_text(*first));
        }
    }
    overlay_.remove(vertex_key(remove.id));
    return Outcome();
}

Result<Outcome> GraphTransaction::run(const CompareAndSet& cas) {
    GEODE_TRY(std::optional<Vertex> found, reader().get_vertex(cas.vertex));
    if (!found && !cas.create) return vertex_missing(cas.vertex);
    Vertex vertex = found ? std::move(*found) : Vertex{cas.vertex, {}, {}};
    const auto at = vertex.properties.find(cas.property);
    const Value actual = at == vertex.properties.end() ? Value() : at->second;
    if (actual != cas.expected) {
        return Outcome{OutcomeCode::conflict,
                       "property " + cas.property + " of " + name_of(cas.vertex) +
                           " has another value than expected",
                       actual};
    }
    if (cas.desired.is_null()) {
        vertex.properties.erase(cas.property);
    } else {
        vertex.properties.insert_or_assign(cas.property, cas.desired);
    }
    // One property more may be one too many, which the command alone could not show.
    if (std::optional<std::string> complaint = find_invalid(vertex)) {
        return refused(OutcomeCode::invalid, std::move(*complaint));
    }
    overlay_.put(vertex_key(vertex.id), encode_vertex(vertex));
    return Outcome();
}

Result<Outcome> GraphTransaction::run(const Batch& batch) {
    for (std::size_t i = 0; i < batch.commands.size(); ++i) {
        GEODE_TRY(Outcome outcome,
                  std::visit([this](const auto& each) { return run(each); }, batch.commands[i]));
        if (outcome.is_ok()) continue;
        outcome.message = "command " + std::to_string(i + 1) + ": " + outcome.message;
        return outcome;
    }
    return Outcome();
}

}  // namespace geode::graph

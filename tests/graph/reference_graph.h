// SPDX-License-Identifier: Apache-2.0
#pragma once

// The property graph as one would write it on a whiteboard: two maps, whole copies for rollback.
// Written from the words in graph/command.h, sharing no code with the product but the types.

#include <algorithm>
#include <map>

#include "graph/command.h"

namespace geode::graph {

class ReferenceGraph {
public:
    std::map<VertexId, Vertex> vertices;
    std::map<EdgeKey, Properties> edges;

    Outcome apply(const Command& command) {
        const ReferenceGraph before = *this;
        Outcome outcome;
        if (malformed(command)) {
            outcome.code = OutcomeCode::invalid;
        } else {
            outcome = std::visit([&](const auto& each) { return run(each); }, command);
        }
        if (!outcome.is_ok()) *this = before;
        return outcome;
    }

    std::vector<EdgeKey> edges_of(VertexId id, Direction direction, const std::string* type) const {
        std::vector<EdgeKey> found;
        if (direction != Direction::in) {
            for (const auto& [key, properties] : edges) {
                if (key.from == id && (type == nullptr || key.type == *type)) found.push_back(key);
            }
        }
        if (direction == Direction::out) return found;
        std::vector<EdgeKey> in;
        for (const auto& [key, properties] : edges) {
            const bool again = direction == Direction::both && key.from == key.to;
            if (key.to != id || again) continue;
            if (type == nullptr || key.type == *type) in.push_back(key);
        }
        std::sort(in.begin(), in.end(), [](const EdgeKey& left, const EdgeKey& right) {
            return std::tie(left.type, left.from, left.rank) <
                   std::tie(right.type, right.from, right.rank);
        });
        found.insert(found.end(), in.begin(), in.end());
        return found;
    }

private:
    /// Only what the generators make: empty types, null properties.
    static bool malformed(const SingleCommand& command) {
        const auto null_inside = [](const Properties& properties) {
            return std::any_of(properties.begin(), properties.end(),
                               [](const auto& each) { return each.second.is_null(); });
        };
        if (const auto* put = std::get_if<PutEdge>(&command)) {
            return put->edge.key.type.empty() || null_inside(put->edge.properties);
        }
        if (const auto* put = std::get_if<PutVertex>(&command)) {
            return null_inside(put->vertex.properties);
        }
        if (const auto* remove = std::get_if<DeleteEdge>(&command)) return remove->key.type.empty();
        return false;
    }
    static bool malformed(const Command& command) {
        if (const auto* batch = std::get_if<Batch>(&command)) {
            return std::any_of(batch->commands.begin(), batch->commands.end(),
                               [](const SingleCommand& single) { return malformed(single); });
        }
        return std::visit(
            [](const auto& each) {
                if constexpr (std::is_same_v<std::decay_t<decltype(each)>, Batch>) {
                    return false;
                } else {
                    return malformed(SingleCommand(each));
                }
            },
            command);
    }

    Outcome run(const PutVertex& put) {
        vertices[put.vertex.id] = put.vertex;
        return {};
    }
    Outcome run(const PutEdge& put) {
        if (!vertices.contains(put.edge.key.from) || !vertices.contains(put.edge.key.to)) {
            return {OutcomeCode::not_found, "", {}};
        }
        edges[put.edge.key] = put.edge.properties;
        return {};
    }
    Outcome run(const DeleteEdge& remove) {
        return {edges.erase(remove.key) == 1 ? OutcomeCode::ok : OutcomeCode::not_found, "", {}};
    }
    Outcome run(const DeleteVertex& remove) {
        if (!vertices.contains(remove.id)) return {OutcomeCode::not_found, "", {}};
        const auto touches = [&](const auto& each) {
            return each.first.from == remove.id || each.first.to == remove.id;
        };
        if (!remove.detach && std::any_of(edges.begin(), edges.end(), touches)) {
            return {OutcomeCode::conflict, "", {}};
        }
        std::erase_if(edges, touches);
        vertices.erase(remove.id);
        return {};
    }
    Outcome run(const CompareAndSet& cas) {
        const bool exists = vertices.contains(cas.vertex);
        if (!exists && !cas.create) return {OutcomeCode::not_found, "", {}};
        Vertex vertex = exists ? vertices[cas.vertex] : Vertex{cas.vertex, {}, {}};
        const bool present = vertex.properties.contains(cas.property);
        const Value actual = present ? vertex.properties[cas.property] : Value();
        if (!(actual == cas.expected)) return {OutcomeCode::conflict, "", actual};
        vertex.properties.erase(cas.property);
        if (!cas.desired.is_null()) vertex.properties[cas.property] = cas.desired;
        vertices[cas.vertex] = vertex;
        return {};
    }
    Outcome run(const Batch& batch) {
        for (const SingleCommand& command : batch.commands) {
            const Outcome outcome =
                std::visit([&](const auto& each) { return run(each); }, command);
            if (!outcome.is_ok()) return outcome;
        }
        return {};
    }
};

}  // namespace geode::graph

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands: what a client may ask of the graph in one atomic step, and what comes back.
//
// A command is deterministic: its outcome depends on the graph it is applied to and on nothing
// else, so replicas that apply the same commands in the same order agree on every outcome, message
// texts included. `ok` means that the whole command happened, any other outcome that nothing did.
//
//   PutVertex      creates, or replaces labels and properties wholly; edges stay.
//   DeleteVertex   `conflict` while the vertex has edges, unless `detach` removes them too.
//   PutEdge        creates, or replaces the properties; `not_found` names a missing endpoint.
//   DeleteEdge     `not_found` if there is no such edge.
//   CompareAndSet  sets one vertex property if it has the expected value (Value equality: 1 is not
//                  1.0). Null means absent, on both sides. On a mismatch: `conflict`, with the
//                  actual value. On a missing vertex: `not_found`; with `create` it counts as a
//                  vertex without labels and properties, and is made if the comparison holds.
//   Batch          all or nothing, in order, later commands seeing earlier ones; not nested.
//
// Beyond a maximum of limits.h, or malformed (an empty name, a null property): `invalid`.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/element.h"

namespace geode::graph {

struct PutVertex {
    Vertex vertex;
    friend bool operator==(const PutVertex&, const PutVertex&) = default;
};
struct DeleteVertex {
    VertexId id;
    bool detach = false;
    friend bool operator==(const DeleteVertex&, const DeleteVertex&) = default;
};
struct PutEdge {
    Edge edge;
    friend bool operator==(const PutEdge&, const PutEdge&) = default;
};
struct DeleteEdge {
    EdgeKey key;
    friend bool operator==(const DeleteEdge&, const DeleteEdge&) = default;
};
struct CompareAndSet {
    VertexId vertex;
    std::string property;
    Value expected;  ///< null: absent
    Value desired;   ///< null: remove
    bool create = false;
    friend bool operator==(const CompareAndSet&, const CompareAndSet&) = default;
};

using SingleCommand = std::variant<PutVertex, DeleteVertex, PutEdge, DeleteEdge, CompareAndSet>;
struct Batch {
    std::vector<SingleCommand> commands;
    friend bool operator==(const Batch&, const Batch&) = default;
};
using Command = std::variant<PutVertex, DeleteVertex, PutEdge, DeleteEdge, CompareAndSet, Batch>;

enum class OutcomeCode : std::uint8_t { ok, not_found, conflict, invalid };

struct Outcome {
    OutcomeCode code = OutcomeCode::ok;
    std::string message;  ///< why not `ok`; of a Batch it starts with "command N: ", N from 1
    std::optional<Value> actual;  ///< of a mismatched CompareAndSet; null if absent
    bool is_ok() const { return code == OutcomeCode::ok; }
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// "ok", "not_found", "conflict", "invalid".
std::string_view to_string(OutcomeCode code) noexcept;

/// What is malformed or beyond a maximum, in words; nothing if the command may be applied. Looks
/// at the command alone, so a node may refuse a bad one before replicating it.
std::optional<std::string> find_invalid(const Command& command);
std::optional<std::string> find_invalid(const Vertex& vertex);

}  // namespace geode::graph

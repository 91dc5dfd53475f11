// SPDX-License-Identifier: Apache-2.0
#pragma once

// Final graphs: after a run, is what the store holds what its clients were promised?
//
// Input is the log of vertex and edge writes with their outcomes, and a dump of the whole graph
// taken when nothing runs any more. Each element (a vertex, an edge) is judged like a register that
// is read once at the end: its final content must be one that some linearization of its writes
// leaves, that is
//   - the content of a write that happened or may have, unless another write, acknowledged, began
//     only after that one had completed; or
//   - nothing, if no write of it was acknowledged, or a delete explains it by the same rule.
// Deleting a vertex may take its edges along: such a delete explains the absence of an edge, but
// does not demand it (the check for dangling edges does).
//
// The structure of the dump is judged too: both adjacency directions list the same edges, every end
// of an edge exists, nothing is listed twice.
//
// Content is compared as bytes, so writer and dump must encode labels and properties the same way.

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "workloads/check/history.h"

namespace geode::check {

/// `number` tells parallel edges apart; 0 where there are none.
struct EdgeKey {
    VertexId source;
    std::string label;
    VertexId target;
    std::uint64_t number = 0;
    friend auto operator<=>(const EdgeKey&, const EdgeKey&) = default;
};

using GraphElement = std::variant<VertexId, EdgeKey>;

struct GraphWrite {
    GraphElement element;
    std::optional<std::string> content;  ///< labels and properties; nullopt deletes
    Completion completion = Completion::unknown;
    std::uint64_t invoked = 0;                  ///< position among all events
    std::uint64_t completed = never_completed;  ///< as in Operation
};

struct GraphDump {
    struct Vertex {
        VertexId id;
        std::string content;
    };
    struct Edge {
        EdgeKey key;
        std::string content;
    };
    std::vector<Vertex> vertices;
    std::vector<Edge> out_edges;  ///< as stored with their sources
    std::vector<Edge> in_edges;   ///< as stored with their targets
};

enum class GraphAnomaly : std::uint8_t {
    lost_write,       ///< an acknowledged write is neither there nor replaced
    unwritten,        ///< content that no write, acknowledged or possible, put there
    adjacency,        ///< the two directions disagree
    dangling_edge,    ///< an end of an edge does not exist
    duplicate,        ///< listed twice
    replicas_differ,  ///< replicas that should be equal are not
    not_unique,       ///< two elements hold a value that only one may hold
    count_differs,    ///< a count that is kept is not what there is
};

/// "lost-write", "unwritten", "adjacency", "dangling-edge", "duplicate", "replicas-differ",
/// "not-unique", "count-differs".
std::string_view to_string(GraphAnomaly anomaly) noexcept;

struct GraphViolation {
    GraphAnomaly anomaly;
    std::string element;      ///< "vertex 7", "edge 7-KNOWS->8"; for replicas their names
    std::string explanation;  ///< in words
};

/// Every violation, ordered by element within each kind of check; empty if there is none.
/// O(n log n).
std::vector<GraphViolation> check_graph(std::span<const GraphWrite> writes, const GraphDump& dump);

/// What an element holds of a property that a constraint makes unique.
struct UniqueValue {
    std::string constraint;  ///< its name: "Person.email"
    std::string value;       ///< as bytes: equal values are encoded the same
    GraphElement element;
};

/// Every value that more than one element holds under the same constraint: a violation for each
/// element but the first, in the order of constraint, value and element. O(n log n).
std::vector<GraphViolation> check_unique(std::span<const UniqueValue> values);

/// A count that a store keeps, and what a scan of the same found.
struct CountClaim {
    std::string_view name;  ///< "vertices with label Person"
    std::uint64_t counted = 0;
    std::uint64_t scanned = 0;
};

/// A violation for each count that differs from its scan.
std::vector<GraphViolation> check_counts(std::span<const CountClaim> claims);

struct ReplicaDump {
    std::string_view name;
    std::string_view bytes;
};

/// Compares each replica with the first: one violation for each that differs, naming the first
/// differing byte.
std::vector<GraphViolation> check_replicas(std::span<const ReplicaDump> replicas);

}  // namespace geode::check

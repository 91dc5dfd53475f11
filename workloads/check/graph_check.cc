// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/graph_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace geode::check {
namespace {

constexpr std::size_t shown_bytes_max = 40;

using Content = std::optional<std::string>;

std::string describe(const GraphElement& element) {
    if (const auto* const vertex = std::get_if<VertexId>(&element)) {
        return "vertex " + std::to_string(vertex->value());
    }
    const EdgeKey& edge = std::get<EdgeKey>(element);
    std::string out = "edge " + std::to_string(edge.source.value()) + "-" + edge.label + "->" +
                      std::to_string(edge.target.value());
    if (edge.number != 0) out.append(" #").append(std::to_string(edge.number));
    return out;
}

/// Bytes for a person: printable ones as they are, others in hexadecimal, long ones cut.
std::string shown(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char byte : bytes.substr(0, shown_bytes_max)) {
        const auto code = static_cast<unsigned char>(byte);
        if (code >= 0x20 && code < 0x7f) {
            out += byte;
        } else {
            out.append("\\x") += digits[code >> 4];
            out += digits[code & 15];
        }
    }
    return out.append(bytes.size() > shown_bytes_max ? "...\"" : "\"");
}

std::string describe(const Content& content) {
    return content ? shown(*content) : "nothing";
}

std::string describe(const GraphWrite& write) {
    std::string out = write.content ? "the write of " + shown(*write.content) : "the delete";
    out.append(" invoked at ").append(std::to_string(write.invoked));
    if (write.completion == Completion::unknown) return out.append(", outcome unknown");
    return out.append(", acknowledged at ").append(std::to_string(write.completed));
}

/// What is known about one element.
struct ElementHistory {
    std::vector<const GraphWrite*> writes;          // those that happened or may have
    std::vector<const GraphWrite*> vertex_deletes;  // of an edge: deletes of its ends
    Content final;
};

class GraphChecker {
public:
    GraphChecker(std::span<const GraphWrite> writes, const GraphDump& dump)
        : writes_(writes), dump_(dump) {}

    std::vector<GraphViolation> run();

private:
    using Edges = std::map<EdgeKey, const std::string*>;

    void gather();
    void check_element(const GraphElement& element, const ElementHistory& history);
    Edges index_edges(const std::vector<GraphDump::Edge>& edges, std::string_view direction);
    void check_adjacency();
    void check_ends(const Edges& edges);
    void report(GraphAnomaly anomaly, const GraphElement& element, std::string explanation);

    std::span<const GraphWrite> writes_;
    const GraphDump& dump_;
    std::map<GraphElement, ElementHistory> elements_;
    std::set<VertexId> vertices_;
    std::vector<GraphViolation> found_;
};

std::vector<GraphViolation> GraphChecker::run() {
    gather();
    for (const auto& [element, history] : elements_) check_element(element, history);
    check_adjacency();
    return std::move(found_);
}

void GraphChecker::gather() {
    std::map<VertexId, std::vector<const GraphWrite*>> deletes;
    for (const GraphWrite& write : writes_) {
        GEODE_ASSERT(write.invoked < write.completed);
        // A refused write changed nothing, as a failed one.
        const bool possible =
            write.completion == Completion::ok || write.completion == Completion::unknown;
        if (!possible) continue;
        elements_[write.element].writes.push_back(&write);
        const auto* const vertex = std::get_if<VertexId>(&write.element);
        if (vertex != nullptr && !write.content) deletes[*vertex].push_back(&write);
    }
    for (const GraphDump::Vertex& vertex : dump_.vertices) {
        if (!vertices_.insert(vertex.id).second) {
            report(GraphAnomaly::duplicate, vertex.id, "is listed twice");
        }
        elements_[vertex.id].final = vertex.content;
    }
    for (const GraphDump::Edge& edge : dump_.out_edges) elements_[edge.key].final = edge.content;
    for (auto& [element, history] : elements_) {
        const auto* const edge = std::get_if<EdgeKey>(&element);
        if (edge == nullptr) continue;
        for (const VertexId end : {edge->source, edge->target}) {
            const auto found = deletes.find(end);
            if (found == deletes.end()) continue;
            history.vertex_deletes.insert(history.vertex_deletes.end(), found->second.begin(),
                                          found->second.end());
        }
    }
}

void GraphChecker::check_element(const GraphElement& element, const ElementHistory& history) {
    // Of all acknowledged writes, the one that began last: what any other must not precede.
    const GraphWrite* last = nullptr;
    for (const GraphWrite* const write : history.writes) {
        if (write->completion != Completion::ok) continue;
        if (last == nullptr || write->invoked > last->invoked) last = write;
    }
    const auto may_be_last = [last](const GraphWrite* write) {
        return last == nullptr || write->completion == Completion::unknown ||
               last->invoked < write->completed;
    };
    if (!history.final && last == nullptr) return;
    if (!history.final && std::ranges::any_of(history.vertex_deletes, may_be_last)) return;
    const GraphWrite* origin = nullptr;
    for (const GraphWrite* const write : history.writes) {
        if (write->content != history.final) continue;
        if (may_be_last(write)) return;
        origin = write;
    }
    if (origin == nullptr && history.final) {
        report(GraphAnomaly::unwritten, element,
               "holds " + describe(history.final) + ", which nobody wrote");
        return;
    }
    GEODE_ASSERT(last != nullptr);
    std::string explanation = "holds " + describe(history.final) + ", but " + describe(*last) +
                              " is neither there nor replaced";
    if (origin != nullptr) {
        explanation.append("; ").append(describe(*origin)).append(" came before it");
    }
    report(GraphAnomaly::lost_write, element, std::move(explanation));
}

GraphChecker::Edges GraphChecker::index_edges(const std::vector<GraphDump::Edge>& edges,
                                              std::string_view direction) {
    Edges index;
    for (const GraphDump::Edge& edge : edges) {
        if (index.try_emplace(edge.key, &edge.content).second) continue;
        report(GraphAnomaly::duplicate, edge.key,
               "is listed twice among the " + std::string(direction));
    }
    return index;
}

void GraphChecker::check_adjacency() {
    const Edges out = index_edges(dump_.out_edges, "out-edges");
    const Edges in = index_edges(dump_.in_edges, "in-edges");
    Edges all = out;
    all.insert(in.begin(), in.end());
    for (const auto& [key, content] : all) {
        const auto at_source = out.find(key);
        const auto at_target = in.find(key);
        if (at_source == out.end()) {
            report(GraphAnomaly::adjacency, key, "is stored with its target only");
        } else if (at_target == in.end()) {
            report(GraphAnomaly::adjacency, key, "is stored with its source only");
        } else if (*at_source->second != *at_target->second) {
            report(GraphAnomaly::adjacency, key,
                   "holds " + shown(*at_source->second) + " with its source and " +
                       shown(*at_target->second) + " with its target");
        }
    }
    check_ends(all);
}

void GraphChecker::check_ends(const Edges& edges) {
    for (const auto& [key, content] : edges) {
        for (const VertexId end : {key.source, key.target}) {
            if (vertices_.contains(end)) continue;
            report(GraphAnomaly::dangling_edge, key,
                   "ends at vertex " + std::to_string(end.value()) + ", which does not exist");
            if (key.source == key.target) break;
        }
    }
}

void GraphChecker::report(GraphAnomaly anomaly, const GraphElement& element,
                          std::string explanation) {
    std::string name = describe(element);
    explanation.insert(0, name + " ");
    found_.push_back(GraphViolation{anomaly, std::move(name), std::move(explanation)});
}

}  // namespace

std::string_view to_string(GraphAnomaly anomaly) noexcept {
    switch (anomaly) {
        case GraphAnomaly::lost_write: return "lost-write";
        case GraphAnomaly::unwritten: return "unwritten";
        case GraphAnomaly::adjacency: return "adjacency";
        case GraphAnomaly::dangling_edge: return "dangling-edge";
        case GraphAnomaly::duplicate: return "duplicate";
        case GraphAnomaly::replicas_differ: return "replicas-differ";
        case GraphAnomaly::not_unique: return "not-unique";
        case GraphAnomaly::count_differs: return "count-differs";
    }
    return "?";
}

std::vector<GraphViolation> check_graph(std::span<const GraphWrite> writes, const GraphDump& dump) {
    return GraphChecker(writes, dump).run();
}

std::vector<GraphViolation> check_unique(std::span<const UniqueValue> values) {
    std::vector<const UniqueValue*> sorted;
    for (const UniqueValue& value : values) sorted.push_back(&value);
    std::ranges::sort(sorted, [](const UniqueValue* a, const UniqueValue* b) {
        return std::tie(a->constraint, a->value, a->element) <
               std::tie(b->constraint, b->value, b->element);
    });
    const auto same = [](const UniqueValue* a, const UniqueValue* b) {
        return std::tie(a->constraint, a->value) == std::tie(b->constraint, b->value);
    };
    std::vector<GraphViolation> found;
    const UniqueValue* first = nullptr;   // that holds the value of the last one seen
    const UniqueValue* before = nullptr;  // the last one seen
    for (const UniqueValue* const value : sorted) {
        if (first == nullptr || !same(first, value)) first = before = value;
        const bool listed_before = value->element == before->element;
        before = value;
        if (listed_before) continue;
        std::string name = describe(value->element);
        std::string words = name + " holds " + shown(value->value) + ", as " +
                            describe(first->element) + " does, but " + value->constraint +
                            " is unique";
        found.push_back(
            GraphViolation{GraphAnomaly::not_unique, std::move(name), std::move(words)});
    }
    return found;
}

std::vector<GraphViolation> check_counts(std::span<const CountClaim> claims) {
    std::vector<GraphViolation> found;
    for (const CountClaim& claim : claims) {
        if (claim.counted == claim.scanned) continue;
        found.push_back(GraphViolation{GraphAnomaly::count_differs, std::string(claim.name),
                                       "the count of " + std::string(claim.name) + " is kept as " +
                                           std::to_string(claim.counted) + ", but there are " +
                                           std::to_string(claim.scanned)});
    }
    return found;
}

std::vector<GraphViolation> check_replicas(std::span<const ReplicaDump> replicas) {
    std::vector<GraphViolation> found;
    for (std::size_t index = 1; index < replicas.size(); ++index) {
        const ReplicaDump& first = replicas.front();
        const ReplicaDump& other = replicas[index];
        if (first.bytes == other.bytes) continue;
        const auto differs = std::ranges::mismatch(first.bytes, other.bytes);
        const auto offset = differs.in1 - first.bytes.begin();
        const std::string names = std::string(first.name) + ", " + std::string(other.name);
        found.push_back(GraphViolation{
            GraphAnomaly::replicas_differ, names,
            "replicas " + names + " differ from byte " + std::to_string(offset) + " on (" +
                std::to_string(first.bytes.size()) + " and " + std::to_string(other.bytes.size()) +
                " bytes): " + shown(std::string_view(differs.in1, first.bytes.end())) + " and " +
                shown(std::string_view(differs.in2, other.bytes.end()))});
    }
    return found;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0

// Final graphs by their definition: small ones, written at random and damaged. The final content of
// a vertex is also that of a register that is read once when all is over: held against the
// linearizability checker itself.

#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>
#include <map>

#include "tests/check/final_state_oracle.h"
#include "tests/check/oracle.h"
#include "workloads/check/graph_check.h"

namespace geode::check {
namespace {

using oracle::agree;
using oracle::fast_states;
using oracle::for_seeds;
using oracle::slow_states;
using oracle::Violations;

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

std::string name_of(const GraphElement& element) {
    if (std::holds_alternative<VertexId>(element)) {
        return "vertex " + std::to_string(std::get<VertexId>(element).value());
    }
    const EdgeKey& edge = std::get<EdgeKey>(element);
    return "edge " + std::to_string(edge.source.value()) + "-" + edge.label + "->" +
           std::to_string(edge.target.value()) +
           (edge.number == 0 ? "" : " #" + std::to_string(edge.number));
}

using Content = std::optional<std::string>;

struct RandomGraph {
    std::vector<GraphWrite> writes;
    GraphDump dump;
};

class GraphDraw {
public:
    explicit GraphDraw(std::uint64_t seed) : random_(seed) {}

    RandomGraph run() {
        RandomGraph out;
        for (const oracle::Interval& interval : oracle::draw_intervals(random_, random_.below(8))) {
            const Completion completion = oracle::draw_completion(random_);
            const bool open = completion == Completion::unknown;
            out.writes.push_back({draw_element(), draw_content(), completion, interval.invoked,
                                  open ? never_completed : interval.completed});
        }
        fill(out);
        damage(out.dump);
        return out;
    }

private:
    VertexId draw_vertex() { return VertexId(1 + random_.below(2)); }
    EdgeKey draw_edge() {
        return {draw_vertex(), random_.below(4) == 0 ? "L" : "K", draw_vertex(), random_.below(2)};
    }
    GraphElement draw_element() {
        if (random_.below(2) == 0) return draw_vertex();
        return draw_edge();
    }
    Content draw_content() {
        constexpr const char* contents[] = {"a", "b", "c"};
        if (random_.below(3) == 0) return std::nullopt;
        return contents[random_.below(3)];
    }
    /// What is left if most writes happen, one after the other.
    void fill(RandomGraph& out) {
        std::map<GraphElement, Content> held;
        for (const GraphWrite& write : out.writes) {
            const bool happens = write.completion == Completion::ok ||
                                 (write.completion == Completion::unknown && random_.below(2) == 0);
            if (happens) held[write.element] = write.content;
        }
        for (const auto& [element, content] : held) {
            if (!content) continue;
            if (std::holds_alternative<VertexId>(element)) {
                out.dump.vertices.push_back({std::get<VertexId>(element), *content});
                continue;
            }
            const EdgeKey& edge = std::get<EdgeKey>(element);
            if (!held[edge.source] || !held[edge.target]) {
                if (random_.below(4) != 0) continue;  // went with its vertex
            }
            out.dump.out_edges.push_back({edge, *content});
            out.dump.in_edges.push_back({edge, *content});
        }
    }
    template <class Item>
    void damage_list(std::vector<Item>& items, const Item& other) {
        if (items.empty() || random_.below(3) == 0) {
            items.push_back(other);
            return;
        }
        const std::size_t which = random_.below(items.size());
        switch (random_.below(3)) {
            case 0: items.erase(items.begin() + static_cast<std::ptrdiff_t>(which)); break;
            case 1: items[which].content = "d"; break;
            default: items.push_back(items[which]);
        }
    }
    void damage(GraphDump& dump) {
        for (std::uint64_t left = random_.below(3); left > 0; --left) {
            switch (random_.below(3)) {
                case 0: damage_list(dump.vertices, {draw_vertex(), "a"}); break;
                case 1: damage_list(dump.out_edges, {draw_edge(), "a"}); break;
                default: damage_list(dump.in_edges, {draw_edge(), "a"});
            }
        }
    }

    Prng random_;
};

/// What each element may hold in the end: a delete of an end may take an edge along.
std::set<Content> contents_of(const GraphElement& element, const std::vector<GraphWrite>& writes) {
    std::vector<oracle::Change<Content>> changes;
    for (const GraphWrite& write : writes) {
        const bool may =
            write.completion == Completion::ok || write.completion == Completion::unknown;
        if (!may) continue;
        const bool own = write.element == element;
        bool takes_along = false;
        if (const auto* const edge = std::get_if<EdgeKey>(&element)) {
            const bool end = write.element == GraphElement(edge->source) ||
                             write.element == GraphElement(edge->target);
            takes_along = end && !write.content;
        }
        if (!own && !takes_along) continue;
        changes.push_back({write.content, own && write.completion == Completion::ok, write.invoked,
                           write.completed});
    }
    return oracle::contents_left<Content>(changes, std::nullopt);
}

void judge_contents(const RandomGraph& graph, Violations& out) {
    std::map<GraphElement, Content> finals;
    for (const GraphWrite& write : graph.writes) finals[write.element];
    for (const auto& vertex : graph.dump.vertices) finals[vertex.id] = vertex.content;
    for (const auto& edge : graph.dump.out_edges) finals[edge.key] = edge.content;
    for (const auto& [element, final] : finals) {
        if (contents_of(element, graph.writes).contains(final)) continue;
        const bool written = std::ranges::any_of(graph.writes, [&](const GraphWrite& write) {
            return write.element == element && write.content == final &&
                   (write.completion == Completion::ok || write.completion == Completion::unknown);
        });
        out.emplace_back(final && !written ? "unwritten" : "lost-write", name_of(element));
    }
}

void judge_structure(const GraphDump& dump, Violations& out) {
    std::set<EdgeKey> edges;
    const auto contents = [](const std::vector<GraphDump::Edge>& list, const EdgeKey& key) {
        std::vector<std::string> found;
        for (const GraphDump::Edge& edge : list) {
            if (edge.key == key) found.push_back(edge.content);
        }
        return found;
    };
    for (const auto& edge : dump.out_edges) edges.insert(edge.key);
    for (const auto& edge : dump.in_edges) edges.insert(edge.key);
    const auto vertices = [&](VertexId id) {
        return std::ranges::count(dump.vertices, id, &GraphDump::Vertex::id);
    };
    for (const std::uint64_t id : {1U, 2U}) {
        for (std::ptrdiff_t again = 1; again < vertices(VertexId(id)); ++again) {
            out.emplace_back("duplicate", "vertex " + std::to_string(id));
        }
    }
    for (const EdgeKey& key : edges) {
        const auto at_source = contents(dump.out_edges, key);
        const auto at_target = contents(dump.in_edges, key);
        for (std::size_t again = 1; again < at_source.size(); ++again) {
            out.emplace_back("duplicate", name_of(key));
        }
        for (std::size_t again = 1; again < at_target.size(); ++again) {
            out.emplace_back("duplicate", name_of(key));
        }
        const bool both = !at_source.empty() && !at_target.empty();
        if (!both || at_source.front() != at_target.front()) {
            out.emplace_back("adjacency", name_of(key));
        }
        for (const VertexId end : std::set<VertexId>{key.source, key.target}) {
            if (vertices(end) == 0) out.emplace_back("dangling-edge", name_of(key));
        }
    }
}

Violations told(const std::vector<GraphViolation>& found) {
    Violations out;
    for (const GraphViolation& violation : found) {
        out.emplace_back(std::string(to_string(violation.anomaly)), violation.element);
    }
    return out;
}

void hold_graphs(std::uint64_t states) {
    std::uint64_t sound = 0;
    std::uint64_t damaged = 0;
    for_seeds(states, [&](std::uint64_t seed) {
        const RandomGraph graph = GraphDraw(seed).run();
        Violations expected;
        judge_contents(graph, expected);
        judge_structure(graph.dump, expected);
        ++(expected.empty() ? sound : damaged);
        agree(told(check_graph(graph.writes, graph.dump)), expected);
    });
    CHECK(sound * 20 > damaged);
    CHECK(damaged * 20 > sound);
}

TEST_CASE("graph: agrees with its definition", "[fast][prop]") {
    hold_graphs(fast_states);
}

TEST_CASE("graph: agrees with its definition on many graphs", "[slow][prop]") {
    hold_graphs(slow_states);
}

TEST_CASE("graph: unique values and counts agree with their definitions", "[fast][prop]") {
    for_seeds(fast_states, [](std::uint64_t seed) {
        Prng random(seed);
        std::vector<UniqueValue> values;
        std::map<std::pair<std::string, std::string>, std::set<GraphElement>> holders;
        for (std::uint64_t left = random.below(7); left > 0; --left) {
            const std::string constraint(1, "PQ"[random.below(2)]);
            const std::string value(1, "xy"[random.below(2)]);
            GraphElement element = VertexId(1 + random.below(3));
            if (random.below(4) == 0) element = EdgeKey{VertexId(1), "K", VertexId(2)};
            holders[{constraint, value}].insert(element);
            values.push_back({constraint, value, element});
        }
        Violations expected;
        for (const auto& [place, elements] : holders) {
            for (const GraphElement& element : elements) {
                if (element == *elements.begin()) continue;
                expected.emplace_back("not-unique", name_of(element));
            }
        }
        agree(told(check_unique(values)), expected);

        std::vector<CountClaim> claims;
        expected.clear();
        for (const std::string_view name : {"vertices", "edges"}) {
            const CountClaim& claim =
                claims.emplace_back(CountClaim{name, random.below(3), random.below(3)});
            if (claim.counted > claim.scanned || claim.counted < claim.scanned) {
                expected.emplace_back("count-differs", std::string(name));
            }
        }
        agree(told(check_counts(claims)), expected);

        std::vector<std::string> bytes;
        for (std::uint64_t left = random.below(4); left > 0; --left) {
            bytes.push_back(std::string(random.below(3), 'a') + (random.below(2) == 0 ? "" : "b"));
        }
        std::vector<ReplicaDump> replicas;
        expected.clear();
        constexpr std::string_view names[] = {"n1", "n2", "n3"};
        for (std::size_t index = 0; index < bytes.size(); ++index) {
            replicas.push_back({names[index], bytes[index]});
            if (bytes[index] == bytes[0]) continue;
            expected.emplace_back("replicas-differ", "n1, " + std::string(names[index]));
        }
        agree(told(check_replicas(replicas)), expected);
    });
}

}  // namespace
}  // namespace geode::check

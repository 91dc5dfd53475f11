// SPDX-License-Identifier: Apache-2.0
#include "jepsen/graph_edn.h"

#include <fmt/format.h>

#include <set>

#include "jepsen/operation_log.h"
#include "workloads/check/edn.h"

namespace geode::jepsen {
namespace {

using check::EdnForm;
using check::EdnKind;
using check::EdnNode;
using check::EdnReader;

// ---- writing ----

std::string properties_edn(const graph::Properties& properties) {
    std::string text;
    for (const auto& [name, value] : properties) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", edn_text(name),
                            value.kind() == graph::ValueKind::int64 ? std::to_string(value.int64())
                                                                    : edn_text("not an integer"));
    }
    return "{" + text + "}";
}

std::string vertex_edn(const graph::Vertex& vertex) {
    std::string labels;
    for (const std::string& label : vertex.labels) {
        labels += (labels.empty() ? "" : " ") + edn_text(label);
    }
    return fmt::format("{{:id {}, :labels [{}], :properties {}}}", vertex.id.value(), labels,
                       properties_edn(vertex.properties));
}

std::string key_edn(const graph::EdgeKey& key) {
    return fmt::format(":from {}, :type {}, :to {}, :rank {}", key.from.value(), edn_text(key.type),
                       key.to.value(), key.rank);
}

std::string edge_edn(const graph::Edge& edge) {
    return fmt::format("{{{}, :properties {}}}", key_edn(edge.key),
                       properties_edn(edge.properties));
}

struct EdnOf {
    FunctionAndValue operator()(const graph::PutVertex& put) const {
        return {"put-vertex", vertex_edn(put.vertex)};
    }
    FunctionAndValue operator()(const graph::DeleteVertex& removal) const {
        return {"delete-vertex",
                fmt::format("{{:id {}, :detach {}}}", removal.id.value(), removal.detach)};
    }
    FunctionAndValue operator()(const graph::PutEdge& put) const {
        return {"put-edge", edge_edn(put.edge)};
    }
    FunctionAndValue operator()(const graph::DeleteEdge& removal) const {
        return {"delete-edge", "{" + key_edn(removal.key) + "}"};
    }
    FunctionAndValue operator()(const graph::CompareAndSet&) const {
        GEODE_UNREACHABLE("the graph workload does not compare and set");
    }
    FunctionAndValue operator()(const graph::Batch& batch) const {
        std::string text;
        for (const graph::SingleCommand& command : batch.commands) {
            const FunctionAndValue one = std::visit(*this, command);
            text += fmt::format("{}[:{} {}]", text.empty() ? "" : " ", one.function, one.value);
        }
        return {"batch", "[" + text + "]"};
    }
};

template <class Item, class Write>
std::string vector_edn(const std::vector<Item>& items, Write write) {
    std::string text;
    for (const Item& item : items) text += (text.empty() ? "" : " ") + write(item);
    return "[" + text + "]";
}

// ---- reading ----

/// Reads one form. Anything unexpected sets `failed` and yields an empty value.
class Decoder {
public:
    explicit Decoder(const EdnForm& form) : form_(form) {}

    graph::Command command(std::string_view function, const EdnNode& value);
    workloads::FinalGraph graph(const EdnNode& value);
    std::int64_t integer(const EdnNode& map, std::string_view key);
    std::string_view keyword(const EdnNode& map, std::string_view key);
    const EdnNode* member(const EdnNode& map, std::string_view key);
    bool failed() const { return failed_; }

private:
    graph::SingleCommand single(std::string_view function, const EdnNode& value);
    std::vector<const EdnNode*> items(const EdnNode* node);
    std::string text(const EdnNode& map, std::string_view key);
    graph::Properties properties(const EdnNode& map);
    graph::Vertex vertex(const EdnNode& map);
    graph::EdgeKey key(const EdnNode& map);
    graph::Edge edge(const EdnNode& map) { return {key(map), properties(map)}; }

    const EdnForm& form_;
    bool failed_ = false;
};

const EdnNode* Decoder::member(const EdnNode& map, std::string_view key) {
    const EdnNode* const found =
        map.kind == EdnKind::map ? form_.find(form_.index_of(map), key) : nullptr;
    if (found == nullptr) failed_ = true;
    return found;
}

std::int64_t Decoder::integer(const EdnNode& map, std::string_view key) {
    const EdnNode* const node = member(map, key);
    if (node == nullptr || node->kind != EdnKind::integer) {
        failed_ = true;
        return 0;
    }
    return node->integer;
}

std::string_view Decoder::keyword(const EdnNode& map, std::string_view key) {
    const EdnNode* const node = member(map, key);
    if (node == nullptr || node->kind != EdnKind::keyword) {
        failed_ = true;
        return {};
    }
    return node->text.substr(1);
}

std::string Decoder::text(const EdnNode& map, std::string_view key) {
    const EdnNode* const node = member(map, key);
    if (node == nullptr || node->kind != EdnKind::text) {
        failed_ = true;
        return {};
    }
    return std::string(node->text);
}

std::vector<const EdnNode*> Decoder::items(const EdnNode* node) {
    std::vector<const EdnNode*> found;
    if (node == nullptr || node->kind == EdnKind::nil) return found;
    const std::size_t begin = form_.index_of(*node);
    for (std::size_t at = begin + 1; at < form_.nodes[begin].end; at = form_.nodes[at].end) {
        found.push_back(&form_.nodes[at]);
    }
    return found;
}

graph::Properties Decoder::properties(const EdnNode& map) {
    graph::Properties properties;
    const auto pairs = items(member(map, ":properties"));
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
        const EdnNode& value = *pairs[i + 1];
        properties.emplace(std::string(pairs[i]->text),
                           value.kind == EdnKind::integer ? graph::Value(value.integer)
                                                          : graph::Value(std::string(value.text)));
    }
    return properties;
}

graph::Vertex Decoder::vertex(const EdnNode& map) {
    graph::Vertex vertex;
    vertex.id = VertexId(static_cast<std::uint64_t>(integer(map, ":id")));
    for (const EdnNode* label : items(member(map, ":labels"))) {
        vertex.labels.emplace(label->text);
    }
    vertex.properties = properties(map);
    return vertex;
}

graph::EdgeKey Decoder::key(const EdnNode& map) {
    graph::EdgeKey key;
    key.from = VertexId(static_cast<std::uint64_t>(integer(map, ":from")));
    key.type = text(map, ":type");
    key.to = VertexId(static_cast<std::uint64_t>(integer(map, ":to")));
    key.rank = static_cast<std::uint64_t>(integer(map, ":rank"));
    return key;
}

graph::SingleCommand Decoder::single(std::string_view function, const EdnNode& value) {
    if (function == "put-vertex") return graph::PutVertex{vertex(value)};
    if (function == "put-edge") return graph::PutEdge{edge(value)};
    if (function == "delete-edge") return graph::DeleteEdge{key(value)};
    graph::DeleteVertex removal;
    if (function != "delete-vertex") failed_ = true;
    removal.id = VertexId(static_cast<std::uint64_t>(integer(value, ":id")));
    const EdnNode* const detach = member(value, ":detach");
    removal.detach = detach != nullptr && detach->text == "true";
    return removal;
}

graph::Command Decoder::command(std::string_view function, const EdnNode& value) {
    if (function != "batch") {
        return std::visit([](auto&& one) { return graph::Command(one); }, single(function, value));
    }
    graph::Batch batch;
    for (const EdnNode* pair : items(&value)) {
        const auto parts = items(pair);
        if (parts.size() != 2 || parts[0]->kind != EdnKind::keyword) {
            failed_ = true;
            break;
        }
        batch.commands.push_back(single(parts[0]->text.substr(1), *parts[1]));
    }
    return batch;
}

workloads::FinalGraph Decoder::graph(const EdnNode& value) {
    workloads::FinalGraph graph;
    for (const EdnNode* node : items(member(value, ":vertices"))) {
        graph.vertices.push_back(vertex(*node));
    }
    for (const EdnNode* node : items(member(value, ":out-edges"))) {
        graph.out_edges.push_back(edge(*node));
    }
    for (const EdnNode* node : items(member(value, ":in-edges"))) {
        graph.in_edges.push_back(edge(*node));
    }
    return graph;
}

workloads::Ending ending_of(std::string_view type) {
    if (type == "ok") return workloads::Ending::ok;
    return type == "fail" ? workloads::Ending::fail : workloads::Ending::unknown;
}

/// False if the event is not what the graph workload writes.
bool take_event(const EdnForm& form, GraphHistory& history, std::set<std::int64_t>& running) {
    Decoder decoder(form);
    const EdnNode& map = form.nodes[0];
    const EdnNode* const process = decoder.member(map, ":process");
    if (process == nullptr) return false;
    if (process->kind != EdnKind::integer) return true;  // the nemesis
    const std::string_view type = decoder.keyword(map, ":type");
    const std::string_view function = decoder.keyword(map, ":f");
    const EdnNode* const value = decoder.member(map, ":value");
    if (decoder.failed()) return false;
    if (function == "scan") {
        if (type == "ok") history.final_graph = decoder.graph(*value);
        return !decoder.failed();
    }
    if (type == "invoke") {
        if (!running.insert(process->integer).second) return false;
        history.log.invoked(process->integer, decoder.command(function, *value));
        return !decoder.failed();
    }
    if (running.erase(process->integer) == 0) return false;
    history.log.completed(process->integer, ending_of(type));
    return true;
}

}  // namespace

FunctionAndValue edn_of(const graph::Command& command) {
    return std::visit(EdnOf{}, command);
}

std::string edn_of(const workloads::FinalGraph& graph) {
    return fmt::format("{{:vertices {}, :out-edges {}, :in-edges {}}}",
                       vector_edn(graph.vertices, vertex_edn),
                       vector_edn(graph.out_edges, edge_edn), vector_edn(graph.in_edges, edge_edn));
}

Result<GraphHistory> parse_graph_history(std::string_view text, std::string_view name) {
    EdnReader reader(text, name);
    EdnForm form;
    GraphHistory history;
    std::set<std::int64_t> running;
    while (true) {
        GEODE_TRY(const bool found, reader.next(form));
        if (!found) return Result<GraphHistory>(std::move(history));
        if (!take_event(form, history, running)) {
            return reader.error_at(form.offset, "an event of the graph workload");
        }
    }
}

}  // namespace geode::jepsen

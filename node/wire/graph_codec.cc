// SPDX-License-Identifier: Apache-2.0
#include "node/wire/graph_codec.h"

#include "graph/limits.h"

namespace geode::wire {
namespace {

Error malformed(const char* what) {
    return make_error(ErrorCode::protocol_error, what);
}

void build_properties(capnp::List<Property>::Builder out, const graph::Properties& properties) {
    unsigned index = 0;
    for (const auto& [name, value] : properties) {
        auto property = out[index++];
        property.setName(as_data(name));
        build(property.initValue(), value);
    }
}

Result<graph::Value> read_value(Value::Reader in, std::uint32_t depth) {
    switch (in.which()) {
        case Value::NULL_: return graph::Value();
        case Value::BOOLEAN: return graph::Value(static_cast<bool>(in.getBoolean()));
        case Value::INTEGER: return graph::Value(in.getInteger());
        case Value::REAL: return graph::Value(in.getReal());
        case Value::TEXT: return graph::Value(text(in.getText()));
        case Value::LIST: {
            if (depth >= graph::list_depth_max) return malformed("lists nested too deep");
            // A list of empty structs may claim any length at no cost in bytes.
            if (in.getList().size() > graph::list_elements_max) return malformed("a huge list");
            graph::List list;
            for (const auto element : in.getList()) {
                GEODE_TRY(graph::Value value, read_value(element, depth + 1));
                list.push_back(std::move(value));
            }
            return graph::Value(std::move(list));
        }
    }
    return make_error(ErrorCode::unsupported, "a value of an unknown kind");
}

Result<graph::Properties> read_properties(capnp::List<Property>::Reader in) {
    if (in.size() > graph::properties_max) return malformed("too many properties");
    graph::Properties properties;
    for (const auto property : in) {
        GEODE_TRY(graph::Value value, read_value(property.getValue(), 0));
        if (!properties.emplace(text(property.getName()), std::move(value)).second) {
            return malformed("a property appears twice");
        }
    }
    return properties;
}

Result<graph::SingleCommand> read_single(Command::Reader in) {
    switch (in.which()) {
        case Command::PUT_VERTEX: {
            GEODE_TRY(graph::Vertex vertex, read(in.getPutVertex()));
            return graph::SingleCommand(graph::PutVertex{std::move(vertex)});
        }
        case Command::DELETE_VERTEX: {
            const auto deletion = in.getDeleteVertex();
            return graph::SingleCommand(
                graph::DeleteVertex{VertexId(deletion.getId()), deletion.getDetach()});
        }
        case Command::PUT_EDGE: {
            GEODE_TRY(graph::Edge edge, read(in.getPutEdge()));
            return graph::SingleCommand(graph::PutEdge{std::move(edge)});
        }
        case Command::DELETE_EDGE:
            return graph::SingleCommand(graph::DeleteEdge{read(in.getDeleteEdge())});
        case Command::COMPARE_AND_SET: {
            const auto swap = in.getCompareAndSet();
            GEODE_TRY(graph::Value expected, read_value(swap.getExpected(), 0));
            GEODE_TRY(graph::Value desired, read_value(swap.getDesired(), 0));
            return graph::SingleCommand(
                graph::CompareAndSet{VertexId(swap.getVertex()), text(swap.getProperty()),
                                     std::move(expected), std::move(desired), swap.getCreate()});
        }
        case Command::BATCH: return malformed("a batch inside a batch");
    }
    return make_error(ErrorCode::unsupported, "a command of an unknown kind");
}

struct CommandBuilder {
    Command::Builder out;

    void operator()(const graph::PutVertex& put) { build(out.initPutVertex(), put.vertex); }
    void operator()(const graph::DeleteVertex& deletion) {
        auto target = out.initDeleteVertex();
        target.setId(deletion.id.value());
        target.setDetach(deletion.detach);
    }
    void operator()(const graph::PutEdge& put) { build(out.initPutEdge(), put.edge); }
    void operator()(const graph::DeleteEdge& deletion) {
        build(out.initDeleteEdge(), deletion.key);
    }
    void operator()(const graph::CompareAndSet& swap) {
        auto target = out.initCompareAndSet();
        target.setVertex(swap.vertex.value());
        target.setProperty(as_data(swap.property));
        build(target.initExpected(), swap.expected);
        build(target.initDesired(), swap.desired);
        target.setCreate(swap.create);
    }
    void operator()(const graph::Batch& batch) {
        auto list = out.initBatch(static_cast<unsigned>(batch.commands.size()));
        unsigned index = 0;
        for (const graph::SingleCommand& command : batch.commands) {
            std::visit(CommandBuilder{list[index++]}, command);
        }
    }
};

}  // namespace

void build(Value::Builder out, const graph::Value& value) {
    switch (value.kind()) {
        case graph::ValueKind::null: out.setNull(); return;
        case graph::ValueKind::boolean: out.setBoolean(value.boolean()); return;
        case graph::ValueKind::int64: out.setInteger(value.int64()); return;
        case graph::ValueKind::float64: out.setReal(value.float64()); return;
        case graph::ValueKind::string: out.setText(as_data(value.string())); return;
        case graph::ValueKind::list: {
            auto list = out.initList(static_cast<unsigned>(value.list().size()));
            unsigned index = 0;
            for (const graph::Value& element : value.list()) build(list[index++], element);
            return;
        }
    }
}

void build(Vertex::Builder out, const graph::Vertex& vertex) {
    out.setId(vertex.id.value());
    auto labels = out.initLabels(static_cast<unsigned>(vertex.labels.size()));
    unsigned index = 0;
    for (const std::string& label : vertex.labels) labels.set(index++, as_data(label));
    build_properties(out.initProperties(static_cast<unsigned>(vertex.properties.size())),
                     vertex.properties);
}

void build(EdgeKey::Builder out, const graph::EdgeKey& key) {
    out.setFrom(key.from.value());
    out.setType(as_data(key.type));
    out.setTo(key.to.value());
    out.setRank(key.rank);
}

void build(Edge::Builder out, const graph::Edge& edge) {
    build(out.initKey(), edge.key);
    build_properties(out.initProperties(static_cast<unsigned>(edge.properties.size())),
                     edge.properties);
}

void build(Command::Builder out, const graph::Command& command) {
    std::visit(CommandBuilder{out}, command);
}

Result<graph::Value> read(Value::Reader in) {
    return read_value(in, 0);
}

Result<graph::Vertex> read(Vertex::Reader in) {
    graph::Vertex vertex;
    vertex.id = VertexId(in.getId());
    if (in.getLabels().size() > graph::labels_max) return malformed("too many labels");
    for (const auto label : in.getLabels()) vertex.labels.insert(text(label));
    GEODE_TRY(vertex.properties, read_properties(in.getProperties()));
    return vertex;
}

graph::EdgeKey read(EdgeKey::Reader in) {
    return {VertexId(in.getFrom()), text(in.getType()), VertexId(in.getTo()), in.getRank()};
}

Result<graph::Edge> read(Edge::Reader in) {
    graph::Edge edge;
    edge.key = read(in.getKey());
    GEODE_TRY(edge.properties, read_properties(in.getProperties()));
    return edge;
}

Result<graph::Command> read(Command::Reader in) {
    if (in.which() != Command::BATCH) {
        GEODE_TRY(graph::SingleCommand single, read_single(in));
        return std::visit([](auto&& command) { return graph::Command(std::move(command)); },
                          std::move(single));
    }
    if (in.getBatch().size() > graph::batch_commands_max) return malformed("a huge batch");
    graph::Batch batch;
    batch.commands.reserve(in.getBatch().size());
    for (const auto element : in.getBatch()) {
        GEODE_TRY(graph::SingleCommand command, read_single(element));
        batch.commands.push_back(std::move(command));
    }
    return graph::Command(std::move(batch));
}

}  // namespace geode::wire

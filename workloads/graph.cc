// SPDX-License-Identifier: Apache-2.0
#include "workloads/graph.h"

namespace geode::workloads {
namespace {

constexpr std::string_view edge_type_names[] = {"FOLLOWS", "KNOWS", "LIKES", "OWNS"};

class Generator {
public:
    Generator(Prng& prng, const GraphOptions& options, std::int64_t& next_stamp)
        : prng_(prng), options_(options), next_stamp_(next_stamp) {}

    /// Vertices are put more often than deleted, so that edges find their ends.
    graph::Command next() {
        const std::uint64_t kind = prng_.below(20);
        if (kind < 5) return put_vertex();
        if (kind < 7) return graph::DeleteVertex{vertex(), true};
        if (kind < 8) return graph::DeleteVertex{vertex(), false};
        if (kind < 15) return put_edge();
        if (kind < 19) return graph::DeleteEdge{edge()};
        return put_pair();
    }

private:
    VertexId vertex() { return VertexId(1 + prng_.below(options_.vertices)); }
    graph::EdgeKey edge() {
        graph::EdgeKey key;
        key.from = vertex();
        key.type = edge_type_names[prng_.below(options_.edge_types)];
        key.to = vertex();  // the same vertex, a loop, is allowed
        key.rank = prng_.below(options_.edge_ranks);
        return key;
    }
    graph::Properties stamped() {
        graph::Properties properties;
        properties.emplace(stamp_property, graph::Value(next_stamp_++));
        return properties;
    }
    graph::PutVertex put_vertex() {
        graph::Vertex item;
        item.id = vertex();
        item.labels = {"Item"};
        item.properties = stamped();
        return {std::move(item)};
    }
    graph::PutEdge put_edge() { return {graph::Edge{edge(), stamped()}}; }
    /// Two vertices and an edge between them, all or nothing.
    graph::Command put_pair() {
        graph::Batch batch;
        const graph::EdgeKey key = edge();
        for (const VertexId id : {key.from, key.to}) {
            graph::PutVertex put = put_vertex();
            put.vertex.id = id;
            batch.commands.emplace_back(std::move(put));
        }
        batch.commands.emplace_back(graph::PutEdge{graph::Edge{key, stamped()}});
        return batch;
    }

    Prng& prng_;
    const GraphOptions& options_;
    std::int64_t& next_stamp_;
};

}  // namespace

void run_graph_client(World& world, node::Client& client, const GraphOptions& options,
                      const Control& control, std::int64_t& next_stamp, GraphRecorder& recorder,
                      Progress& progress) {
    GEODE_ASSERT(options.vertices >= 1 && options.edge_ranks >= 1);
    GEODE_ASSERT(options.edge_types >= 1 && options.edge_types <= std::size(edge_type_names));
    Prng prng = world.random().stream("workload");
    Generator generator(prng, options, next_stamp);
    ProcessNumber process(options.client, options.clients);
    while (!control.stop) {
        think(world, prng, options.pace);
        if (control.stop) break;
        const graph::Command command = generator.next();
        const MonoTime begun = world.now();
        recorder.invoked(process.value(), command);
        const Ending ending =
            ending_of(client.write(command, world.deadline_in(options.pace.deadline)));
        recorder.completed(process.value(), ending);
        if (ending == Ending::unknown) process.abandon();
        progress.count(ending, world.now() - begun);
    }
    progress.finished = true;
}

}  // namespace geode::workloads

// SPDX-License-Identifier: Apache-2.0
#include "graph/graph_check.h"

#include <utility>

#include "base/hash_map.h"

namespace geode::graph {
namespace {

/// One run of check_adjacency. Each step says whether to go on; it stops at a finding or an error.
class AdjacencyCheck {
public:
    explicit AdjacencyCheck(KvView& view) : view_(view) {}

    Result<std::optional<std::string>> run() {
        for (const KeyRange& range :
             {vertex_range(), edge_range(Direction::out), edge_range(Direction::in)}) {
            GEODE_TRY_VOID(
                view_.for_each(range.from, range.to, [&](BytesView key, BytesView record) {
                    return key[0] == vertex_prefix ? check_vertex(key, record)
                                                   : check_edge(key, record);
                }));
            if (error_) return *std::move(error_);
            if (finding_) break;
        }
        return std::move(finding_);
    }

private:
    bool found(std::string finding) {
        finding_ = std::move(finding);
        return false;
    }

    bool check_vertex(BytesView key, BytesView record) {
        const Result<VertexId> id = decode_vertex_key(key);
        if (!id) return found(id.error().message);
        const Result<Vertex> vertex = decode_vertex(*id, record);
        if (vertex) return true;
        return found("vertex " + std::to_string(id->value()) + ": " + vertex.error().message);
    }

    bool check_edge(BytesView key, BytesView record) {
        const Result<EdgeRef> edge = decode_edge_key(key, scratch_);
        if (!edge) return found(edge.error().message);
        const EdgeKey identity = edge->key();
        const std::string name = "edge " + to_text(identity);
        if (edge->direction == Direction::out) {
            const Result<Properties> properties = decode_edge(record);
            if (!properties) return found(name + ": " + properties.error().message);
            return check_vertex_exists(identity.from, name) &&
                   check_vertex_exists(identity.to, name) &&
                   check_present(in_edge_key(identity), name + " has no in-edge record");
        }
        const Result<void> marker = check_in_edge_record(record);
        if (!marker) return found(name + ": " + marker.error().message);
        return check_present(out_edge_key(identity), name + " has no out-edge record");
    }

    bool check_vertex_exists(VertexId id, const std::string& name) {
        // Edges come sorted by their start, so most questions repeat the one before.
        if (known_vertex_ == id) return true;
        if (!check_present(vertex_key(id),
                           name + " touches missing vertex " + std::to_string(id.value()))) {
            return false;
        }
        known_vertex_ = id;
        return true;
    }

    bool check_present(BytesView key, std::string finding) {
        Result<std::optional<Bytes>> record = view_.get(key);
        if (!record) {
            error_ = std::move(record).error();
            return false;
        }
        return record->has_value() || found(std::move(finding));
    }

    KvView& view_;
    Bytes scratch_;
    std::optional<VertexId> known_vertex_;
    std::optional<std::string> finding_;
    std::optional<Error> error_;
};

std::uint64_t extend(std::uint64_t hash, BytesView bytes) {
    const std::uint64_t size = bytes.size();
    char raw[sizeof size];
    std::memcpy(raw, &size, sizeof size);
    return hash_bytes(bytes, hash_bytes(BytesView(raw, sizeof raw), hash));
}

}  // namespace

Result<std::optional<std::string>> check_adjacency(KvView& view) {
    return AdjacencyCheck(view).run();
}

Result<GraphDigest> digest(KvView& view) {
    GraphDigest digest;
    digest.hash = hash_bytes({});
    for (const KeyRange& range :
         {vertex_range(), edge_range(Direction::out), edge_range(Direction::in)}) {
        GEODE_TRY_VOID(view.for_each(range.from, range.to, [&](BytesView key, BytesView record) {
            if (key[0] == vertex_prefix) ++digest.vertices;
            if (key[0] == out_edge_prefix) ++digest.edges;
            digest.hash = extend(extend(digest.hash, key), record);
            return true;
        }));
    }
    return digest;
}

}  // namespace geode::graph

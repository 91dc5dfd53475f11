// SPDX-License-Identifier: Apache-2.0
#pragma once

// The store of graph tests: a std::map with KvAccess's reads, and a KvBatch that writes into it.

#include <catch2/catch.hpp>
#include <map>

#include "graph/graph_transaction.h"

namespace geode::graph {

class MapView final : public KvView {
public:
    Result<std::optional<Bytes>> get(BytesView key) override {
        if (fails()) return make_error(ErrorCode::io_error, "planned");
        const auto at = map.find(key);
        return at == map.end() ? std::optional<Bytes>() : std::optional<Bytes>(at->second);
    }
    Result<void> for_each(BytesView from, BytesView to, Visitor visit) override {
        for (auto at = map.lower_bound(from); at != map.end() && at->first < to; ++at) {
            if (fails()) return make_error(ErrorCode::io_error, "planned");
            if (!visit(at->first, at->second)) break;
        }
        return {};
    }
    void put(const Bytes& key, const Bytes& value) { map[key] = value; }
    void remove(const Bytes& key) { map.erase(key); }

    std::map<Bytes, Bytes, std::less<>> map;
    std::uint64_t reads_until_failure = UINT64_MAX;

private:
    bool fails() {
        if (reads_until_failure == 0) return true;
        --reads_until_failure;
        return false;
    }
};

/// The value; a test that has none fails with the error's words.
template <class T>
T expect(Result<T> result) {
    if (!result) FAIL(result.error().describe());
    return std::move(result).value();
}

/// Writes what the transaction collected, as a node does, and starts it over.
inline void commit(GraphTransaction& transaction, MapView& store) {
    transaction.append_to(store);
    transaction.clear();
}

inline Outcome apply_ok(GraphTransaction& transaction, const Command& command) {
    return expect(transaction.apply(command));
}

inline Vertex person(std::uint64_t id, Properties properties = {}) {
    return {VertexId(id), {"Person"}, std::move(properties)};
}

inline Edge edge(std::uint64_t from, std::string type, std::uint64_t to, std::uint64_t rank = 0,
                 Properties properties = {}) {
    return {{VertexId(from), std::move(type), VertexId(to), rank}, std::move(properties)};
}

}  // namespace geode::graph

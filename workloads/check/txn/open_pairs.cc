// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "workloads/check/txn/components.h"
#include "workloads/check/txn/graph.h"
#include "workloads/check/txn/open_appends.h"

namespace geode::check::txn {
namespace {

/// All edges of a graph, for components.h.
class AllEdges {
public:
    explicit AllEdges(const DependencyGraph& graph) : graph_(graph) {}
    std::uint32_t nodes() const { return graph_.nodes(); }
    std::uint32_t begin(std::uint32_t node) const { return graph_.row_begin(node); }
    std::uint32_t end(std::uint32_t node) const { return graph_.row_end(node); }
    std::uint32_t at(std::uint32_t, std::uint32_t edge) const { return graph_.target(edge); }

private:
    const DependencyGraph& graph_;
};

}  // namespace

bool has_open_pair(const ListIndex& index, const DependencyGraph& graph) {
    const Components components = ComponentSearch(AllEdges(graph)).run();
    struct Place {
        std::uint32_t component;
        std::uint32_t transaction;
        auto operator<=>(const Place&) const = default;
    };
    std::vector<Place> places;
    for (std::uint32_t key = 0; key < index.keys(); ++key) {
        places.clear();
        for (const std::uint32_t append : index.unseen(key)) {
            const std::uint32_t transaction = index.append(append).transaction;
            if (!index.committed()[transaction] || components.trivial(transaction)) continue;
            places.push_back({components.of[transaction], transaction});
        }
        std::ranges::sort(places);
        places.erase(std::ranges::unique(places).begin(), places.end());
        if (std::ranges::adjacent_find(places, {}, &Place::component) != places.end()) return true;
    }
    return false;
}

}  // namespace geode::check::txn

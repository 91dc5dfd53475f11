// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/chain_clocks.h"

#include <algorithm>

#include "base/assert.h"

namespace geode::check::txn {

ChainClocks::ChainClocks(const OrderedGraph& graph, std::uint32_t columns, const PlaceOf& place_of)
    : columns_(columns), rows_(std::size_t{graph.count()} * columns), places_(graph.count()) {
    for (std::uint32_t position = 0; position < graph.count(); ++position) {
        const std::uint32_t node = graph.node_at(position);
        std::uint32_t* const own = rows_.data() + std::size_t{node} * columns;
        for (const std::uint32_t before : graph.known_before(node)) {
            ++steps_;
            const ChainPlace& place = places_[before];
            if (place.chain != ChainPlace::none) {
                if (own[place.chain] > place.place) continue;  // then its row is in ours
                own[place.chain] = place.place + 1;
            }
            const std::uint32_t* const other = rows_.data() + std::size_t{before} * columns;
            for (std::uint32_t at = 0; at < columns; ++at) own[at] = std::max(own[at], other[at]);
            steps_ += columns / 64;  // a fraction: they lie one behind the other
        }
        places_[node] = place_of(node, row(node));
        GEODE_ASSERT(places_[node].chain == ChainPlace::none || places_[node].chain < columns);
    }
}

}  // namespace geode::check::txn

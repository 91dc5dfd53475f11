// SPDX-License-Identifier: Apache-2.0
#pragma once

// Optimistic transactions: reads as they come, writes kept aside, one atomic batch at the end.
//
// No client can hold a transaction open in the graph, but batches of compare-and-sets happen wholly
// or not at all. That is enough: the batch of a transaction says of every value it read "this is
// still so", and what shall be there from then on. If the batch happens, all that was read held
// together at that one moment, which lies between the transaction's beginning and its end: it is
// strictly serializable there. If one comparison fails, the transaction is aborted and has changed
// nothing. What the harness promises of its transactions is therefore exactly what the product
// promises of a Batch, and a checker of transactions judges that promise.
//
// Invariants:
//  1. A vertex is read from the store at most once; later reads see what the transaction wrote.
//  2. The batch compares every value that was read, in the order of the vertices: one that was
//     only read is replaced by itself. Absent is null on both sides; such a vertex is made.
//  3. Nothing is changed before commit().
//
// Nothing is retried here: an aborted transaction is an answer like any other.

#include <map>
#include <string>
#include <string_view>

#include "node/client/client.h"

namespace geode::workloads {

/// Where transactions read and commit: a cluster behind a client, or a graph in a test.
class PropertyStore {
public:
    virtual ~PropertyStore() = default;
    /// The vertex's property; null if the vertex has none or does not exist. May suspend.
    virtual Result<graph::Value> read(VertexId vertex, std::string_view property) = 0;
    /// Applies the batch, with the errors of node::Client::write. May suspend.
    virtual Result<graph::Outcome> apply(const graph::Batch& batch) = 0;
};

/// A cluster. Each request has a deadline of its own, so that a transaction of many reads has time
/// for all of them. Borrows both.
class ClientStore final : public PropertyStore {
public:
    ClientStore(World& world, node::Client& client, Duration request_deadline)
        : world_(world), client_(client), request_deadline_(request_deadline) {}

    Result<graph::Value> read(VertexId vertex, std::string_view property) override;
    Result<graph::Outcome> apply(const graph::Batch& batch) override;

private:
    World& world_;
    node::Client& client_;
    Duration request_deadline_;
};

/// One transaction over one property of several vertices. Borrows the store.
class OptimisticTransaction {
public:
    OptimisticTransaction(PropertyStore& store, std::string_view property)
        : store_(store), property_(property) {}

    /// The value as this transaction sees it; null for absent. Error: `unavailable`, whatever the
    /// store said: the transaction cannot go on, and has changed nothing.
    Result<graph::Value> read(VertexId vertex);
    /// What a vertex that has been read shall hold; null removes it.
    void write(VertexId vertex, graph::Value value);
    /// Last, after at least one read. `ok`, or nothing was changed: `conflict` if something that
    /// was read is no longer so, `invalid` if what was written is beyond the graph's limits. Errors
    /// as of node::Client::write.
    Result<graph::Outcome> commit();

private:
    struct Held {
        graph::Value found;  ///< in the store
        graph::Value now;
    };

    PropertyStore& store_;
    std::string property_;
    std::map<VertexId, Held> held_;
};

}  // namespace geode::workloads

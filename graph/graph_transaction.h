// SPDX-License-Identifier: Apache-2.0
#pragma once

// GraphTransaction: applies commands to the graph, collecting their writes for one atomic batch.
//
// A node applies many log entries per write to its store: one transaction, apply() per entry,
// append_to() a batch that also gets the applied index and the session records, one write.
//
// Invariants:
//  1. A command sees all earlier commands of the transaction, written or not.
//  2. A command that is not `ok`, or that returns an error, leaves no trace. A Batch likewise, as
//     a whole.
//  3. Every edge has its out-edge and its in-edge record and both its vertices (graph_check.h),
//     before and after every command. Nothing else writes graph keys.
//  4. The store below does not change while the transaction has changes.
// It does not lock, retry, log or deduplicate; that is the caller's.

#include "graph/command.h"
#include "graph/graph_reader.h"
#include "graph/kv_overlay.h"

#include "base/hash_map.h"

namespace geode::graph {

class GraphTransaction {
public:
    /// Borrows `base`.
    explicit GraphTransaction(KvView& base) : base_(base), overlay_(base) {}

    /// Applies one command in memory; durable only once the caller has written the batch. Blocks
    /// for reads of the base. Errors: the view's, and `corrupt` for a record that does not decode;
    /// the command is then undone and the transaction stands as it was before.
    Result<Outcome> apply(const Command& command);

    /// Reads the graph with this transaction's changes.
    GraphReader reader() { return GraphReader(overlay_); }

    /// Appends the collected puts and removes, in key order, to a batch such as storage::KvBatch.
    template <class KeyValueBatch>
    void append_to(KeyValueBatch& batch) const {
        overlay_.append_to(batch);
    }
    /// Keys that append_to() will put or remove.
    std::size_t change_count() const { return overlay_.change_count(); }

    /// Starts over: after the batch has been written, or to drop it.
    void clear();

private:
    Result<Outcome> run(const PutVertex& put);
    Result<Outcome> run(const DeleteVertex& remove);
    Result<Outcome> run(const PutEdge& put);
    Result<Outcome> run(const DeleteEdge& remove);
    Result<Outcome> run(const CompareAndSet& cas);
    Result<Outcome> run(const Batch& batch);

    Result<bool> exists(VertexId id);
    void remove_edge(const EdgeKey& edge);
    Result<Outcome> remove_edges_of(VertexId id);

    KvView& base_;
    KvOverlay overlay_;
    /// Whether the base, which does not change meanwhile, has a vertex. A bulk load asks the same
    /// question of a popular vertex thousands of times. Looked up, never iterated: salt 0 is fine.
    HashMap<std::uint64_t, bool> base_has_vertex_{0};
};

}  // namespace geode::graph

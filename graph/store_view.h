// SPDX-License-Identifier: Apache-2.0
#pragma once

// StoreView: the graph's view of the key-value store of a node, or of a snapshot of it.
//
// Lives inside one KvStore::access(), because KvAccess does:
//
//     store.access([&](storage::KvAccess& kv) -> Result<std::vector<Outcome>> {
//         StoreView view(kv);
//         GraphTransaction transaction(view);
//         ... transaction.apply(command) for each log entry ...
//         storage::KvBatch batch;
//         transaction.append_to(batch);
//         batch.put(applied index under meta_prefix ...);
//         GEODE_TRY_VOID(kv.write(batch));
//         ...
//     });
//
// Its own header, so that clients, who know commands but no store, need not include storage.

#include "graph/kv_view.h"
#include "storage/kv_store.h"

namespace geode::graph {

class StoreView final : public KvView {
public:
    /// Borrows both. With a snapshot the view stays what it was whatever is written meanwhile.
    explicit StoreView(storage::KvAccess& access, const storage::KvSnapshot* at = nullptr)
        : access_(access), at_(at) {}

    Result<std::optional<Bytes>> get(BytesView key) override { return access_.get(key, at_); }
    Result<void> for_each(BytesView from, BytesView to, Visitor visit) override {
        if (from >= to) return {};  // To the store an empty `to` is the end; here it is before all.
        return access_.for_each({from, to}, visit, at_);
    }

private:
    storage::KvAccess& access_;
    const storage::KvSnapshot* at_;
};

}  // namespace geode::graph

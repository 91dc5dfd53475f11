// SPDX-License-Identifier: Apache-2.0
#pragma once

// KvCore: one open LevelDB with everything it needs. Internal to storage; all of it blocks.
//
// Order of destruction matters: background work is drained, snapshots are released, then the
// database goes, then what it points to (measured: deleting it without draining hangs).

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>

#include <memory>
#include <vector>

#include "storage/kv_store.h"
#include "storage/leveldb_env.h"

namespace geode::storage {

struct KvSnapshot::Slot {
    const KvCore* owner = nullptr;
    const leveldb::Snapshot* snapshot = nullptr;
};

class KvCore {
public:
    static Result<std::unique_ptr<KvCore>> open(Disk& disk, const std::string& path,
                                                KvOptions options);
    ~KvCore();

    Result<std::optional<Bytes>> get(BytesView key, const KvSnapshot* at);
    Result<void> write(const KvBatch& batch);
    Result<void> for_each(KvRange range, FunctionRef<bool(BytesView, BytesView)> visit,
                          const KvSnapshot* at);
    Result<std::unique_ptr<KvSnapshot>> snapshot();
    Result<void> make_durable();
    void drain() { env_.drain(); }

private:
    explicit KvCore(Disk& disk) : env_(disk) {}

    Result<void> usable();
    Error fail(const leveldb::Status& status);
    leveldb::ReadOptions read_options(const KvSnapshot* at) const;
    void release_abandoned_snapshots();

    LevelEnv env_;
    std::unique_ptr<leveldb::Logger> no_logger_;
    std::unique_ptr<leveldb::Cache> cache_;
    std::unique_ptr<const leveldb::FilterPolicy> filter_;
    std::unique_ptr<leveldb::DB> db_;
    std::vector<std::shared_ptr<KvSnapshot::Slot>> snapshots_;
    std::optional<Error> failure_;
};

}  // namespace geode::storage

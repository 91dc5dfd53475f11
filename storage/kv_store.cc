// SPDX-License-Identifier: Apache-2.0
#include "storage/kv_store.h"

#include "base/hash_map.h"
#include "storage/kv_core.h"

namespace geode::storage {

Result<std::optional<Bytes>> KvAccess::get(BytesView key, const KvSnapshot* at) {
    return core_.get(key, at);
}

Result<void> KvAccess::write(const KvBatch& batch) {
    return core_.write(batch);
}

Result<void> KvAccess::for_each(KvRange range, FunctionRef<bool(BytesView, BytesView)> visit,
                                const KvSnapshot* at) {
    return core_.for_each(range, visit, at);
}

Result<KvDigest> KvAccess::digest(KvRange range, const KvSnapshot* at) {
    KvDigest digest;
    GEODE_TRY(const std::optional<Bytes> rest, extend_digest(digest, range, UINT64_MAX, at));
    GEODE_ASSERT(!rest.has_value());
    return digest;
}

Result<std::optional<Bytes>> KvAccess::extend_digest(KvDigest& digest, KvRange range,
                                                     std::uint64_t bytes_max,
                                                     const KvSnapshot* at) {
    std::optional<Bytes> rest;
    std::uint64_t bytes = 0;
    GEODE_TRY_VOID(core_.for_each(
        range,
        [&](BytesView key, BytesView value) {
            if (bytes > 0 && bytes >= bytes_max) {
                rest = key;
                return false;
            }
            bytes += key.size() + value.size();
            ++digest.count;
            digest.bytes += key.size() + value.size();
            digest.hash = mix_hash(digest.hash ^ hash_bytes(key), hash_bytes(value));
            return true;
        },
        at));
    return rest;
}

Result<std::unique_ptr<KvSnapshot>> KvAccess::snapshot() {
    return core_.snapshot();
}

Result<void> KvAccess::make_durable() {
    return core_.make_durable();
}

KvStore::KvStore(World& world, std::unique_ptr<KvCore> core)
    : world_(world), mutex_(world), core_(std::move(core)) {}

KvStore::~KvStore() {
    GEODE_ASSERT_MSG(!mutex_.locked(), "a store destroyed under an access");
}

KvStore::Drainer::~Drainer() {
    core.drain();
}

Result<std::unique_ptr<KvStore>> KvStore::open(World& world, std::string path, KvOptions options) {
    GEODE_ASSERT(!path.empty());
    GEODE_TRY(std::unique_ptr<KvCore> core,
              world.offload().run([&] { return KvCore::open(world.disk(), path, options); }));
    return std::unique_ptr<KvStore>(new KvStore(world, std::move(core)));
}

}  // namespace geode::storage

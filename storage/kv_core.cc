// SPDX-License-Identifier: Apache-2.0
#include "storage/kv_core.h"

#include <leveldb/write_batch.h>

#include "base/crc32c.h"

namespace geode::storage {
namespace {

constexpr int filter_bits_per_key = 10;
constexpr int open_files_max = 200;
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t shown_key_bytes_max = 32;

leveldb::Slice slice(BytesView bytes) {
    return {bytes.data(), bytes.size()};
}

BytesView view(const leveldb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

std::string hex(BytesView bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes.substr(0, shown_key_bytes_max)) {
        text.push_back(digits[static_cast<unsigned char>(byte) >> 4]);
        text.push_back(digits[static_cast<unsigned char>(byte) & 15]);
    }
    return bytes.size() > shown_key_bytes_max ? text + "..." : text;
}

// The value without its checksum, which must fit (kv_store.h, invariant 2).
Result<BytesView> checked_value(BytesView key, BytesView stored) {
    if (stored.size() >= checksum_bytes) {
        const BytesView value = stored.substr(0, stored.size() - checksum_bytes);
        const auto checksum = read_little<std::uint32_t>(stored, value.size());
        if (checksum == crc32c(value, crc32c(key))) return value;
    }
    return make_error(ErrorCode::corrupt, "the value of key " + hex(key) + " fails its checksum");
}

// Without a logger of ours LevelDB would open a file for it.
class NoLogger final : public leveldb::Logger {
public:
    void Logv(const char*, std::va_list) override {}
};

}  // namespace

void KvBatch::put(BytesView key, BytesView value) {
    append_little(encoded_, std::uint8_t{1});
    append_little(encoded_, static_cast<std::uint32_t>(key.size()));
    append_little(encoded_, static_cast<std::uint32_t>(value.size() + checksum_bytes));
    encoded_.append(key).append(value);
    append_little(encoded_, crc32c(value, crc32c(key)));
    ++count_;
}

void KvBatch::remove(BytesView key) {
    append_little(encoded_, std::uint8_t{0});
    append_little(encoded_, static_cast<std::uint32_t>(key.size()));
    append_little(encoded_, std::uint32_t{0});
    encoded_.append(key);
    ++count_;
}

void KvBatch::clear() {
    encoded_.clear();
    count_ = 0;
}

Result<std::unique_ptr<KvCore>> KvCore::open(Disk& disk, const std::string& path,
                                             KvOptions options) {
    GEODE_TRY_VOID(disk.create_dir(path));
    const std::size_t slash = path.rfind('/');
    GEODE_TRY_VOID(disk.sync_dir(slash == std::string::npos ? "" : path.substr(0, slash)));
    std::unique_ptr<KvCore> core(new KvCore(disk));
    core->no_logger_ = std::make_unique<NoLogger>();
    core->cache_.reset(leveldb::NewLRUCache(options.cache_bytes));
    core->filter_.reset(leveldb::NewBloomFilterPolicy(filter_bits_per_key));
    leveldb::Options level;
    level.env = &core->env_;
    level.create_if_missing = true;
    level.paranoid_checks = true;
    level.info_log = core->no_logger_.get();
    level.block_cache = core->cache_.get();
    level.filter_policy = core->filter_.get();
    level.write_buffer_size = options.write_buffer_bytes;
    level.max_file_size = options.table_bytes;
    level.max_open_files = open_files_max;
    leveldb::DB* db = nullptr;
    const leveldb::Status status = leveldb::DB::Open(level, path, &db);
    core->db_.reset(db);
    core->drain();
    if (!status.ok()) return core->fail(status);
    GEODE_TRY_VOID(core->usable());
    return core;
}

KvCore::~KvCore() {
    drain();
    for (const auto& slot : snapshots_) db_->ReleaseSnapshot(slot->snapshot);
    db_.reset();
}

Result<void> KvCore::usable() {
    if (!failure_.has_value() && !env_.failure().has_value()) return {};
    if (!failure_.has_value()) failure_ = env_.failure();
    return make_error(ErrorCode::io_error, "the store failed before: " + failure_->describe());
}

// Poisons. The disk's own error says more than what LevelDB made of it.
Error KvCore::fail(const leveldb::Status& status) {
    GEODE_ASSERT(!status.ok());
    if (!failure_.has_value()) failure_ = env_.failure();
    if (!failure_.has_value()) {
        failure_ = make_error(status.IsCorruption() ? ErrorCode::corrupt : ErrorCode::io_error,
                              status.ToString());
    }
    return *failure_;
}

leveldb::ReadOptions KvCore::read_options(const KvSnapshot* at) const {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    if (at != nullptr) {
        GEODE_ASSERT(at->slot_->owner == this);
        options.snapshot = at->slot_->snapshot;
    }
    return options;
}

Result<std::optional<Bytes>> KvCore::get(BytesView key, const KvSnapshot* at) {
    GEODE_TRY_VOID(usable());
    Bytes stored;
    const leveldb::Status status = db_->Get(read_options(at), slice(key), &stored);
    if (status.IsNotFound()) return std::optional<Bytes>();
    if (!status.ok()) return fail(status);
    GEODE_TRY(const BytesView value, checked_value(key, stored));
    stored.resize(value.size());
    return std::optional<Bytes>(std::move(stored));
}

Result<void> KvCore::write(const KvBatch& batch) {
    GEODE_TRY_VOID(usable());
    leveldb::WriteBatch level;
    const BytesView encoded = batch.encoded_;
    for (std::size_t at = 0; at < encoded.size();) {
        const bool is_put = read_little<std::uint8_t>(encoded, at) == 1;
        const auto key_bytes = read_little<std::uint32_t>(encoded, at + 1);
        const auto value_bytes = read_little<std::uint32_t>(encoded, at + 5);
        const BytesView key = encoded.substr(at + 9, key_bytes);
        const BytesView value = encoded.substr(at + 9 + key_bytes, value_bytes);
        is_put ? level.Put(slice(key), slice(value)) : level.Delete(slice(key));
        at += 9 + std::size_t{key_bytes} + value_bytes;
    }
    const leveldb::Status status = db_->Write({}, &level);
    drain();
    if (!status.ok()) return fail(status);
    return usable();
}

Result<void> KvCore::make_durable() {
    GEODE_TRY_VOID(usable());
    leveldb::WriteOptions options;
    options.sync = true;
    leveldb::WriteBatch nothing;
    const leveldb::Status status = db_->Write(options, &nothing);
    drain();
    if (!status.ok()) return fail(status);
    return usable();
}

Result<void> KvCore::for_each(KvRange range, FunctionRef<bool(BytesView, BytesView)> visit,
                              const KvSnapshot* at) {
    GEODE_TRY_VOID(usable());
    leveldb::ReadOptions options = read_options(at);
    options.fill_cache = false;
    const std::unique_ptr<leveldb::Iterator> cursor(db_->NewIterator(options));
    for (cursor->Seek(slice(range.from)); cursor->Valid(); cursor->Next()) {
        const BytesView key = view(cursor->key());
        if (!range.to.empty() && key >= range.to) break;
        GEODE_TRY(const BytesView value, checked_value(key, view(cursor->value())));
        if (!visit(key, value)) break;
    }
    if (!cursor->status().ok()) return fail(cursor->status());
    return usable();
}

Result<std::unique_ptr<KvSnapshot>> KvCore::snapshot() {
    GEODE_TRY_VOID(usable());
    release_abandoned_snapshots();
    auto slot = std::make_shared<KvSnapshot::Slot>();
    slot->owner = this;
    slot->snapshot = db_->GetSnapshot();
    snapshots_.push_back(slot);
    return std::make_unique<KvSnapshot>(std::move(slot));
}

// Handles are dropped on the event loop, perhaps while another thread is in here, so dropping one
// only gives up its reference; a slot that nobody else refers to can gain no new ones.
void KvCore::release_abandoned_snapshots() {
    std::erase_if(snapshots_, [&](const std::shared_ptr<KvSnapshot::Slot>& slot) {
        if (slot.use_count() > 1) return false;
        db_->ReleaseSnapshot(slot->snapshot);
        return true;
    });
}

}  // namespace geode::storage

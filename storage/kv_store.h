// SPDX-License-Identifier: Apache-2.0
#pragma once

// KvStore: an ordered key-value store on LevelDB, for the state machine and its indexes.
//
// Writes are atomic and not synced: the replicated log is what is durable, and the state machine
// puts its applied index into the same batch as the data. After a crash the store holds the effect
// of some prefix of the writes, not shorter than what make_durable() covered; the log may be
// compacted only below that.
//
// LevelDB blocks, so all work on it runs in access(), off the event loop, one call at a time. Its
// background work is done before access() returns, on the same thread.
//
// Invariants:
//  1. Prefix: if a write survives a crash, every earlier write does (leveldb_env.h says how).
//  2. Each value is stored with a CRC32C over key and value, appended here and checked on each
//     read, so that no layer below can return other bytes than were written, or another key's.
//  3. After an I/O error or damage found by LevelDB the store is poisoned: every later call returns
//     io_error. A value that fails its own check (2) is `corrupt` but does not poison, so that a
//     scrub can go on and count. What was poisoned is reopened, or rebuilt from a replica.
//  4. Damage to the end of LevelDB's own unsynced log looks like a torn write and is cut. The node
//     notices if that took durable data: the applied index lies below the start of its log.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "base/bytes.h"
#include "runtime/sync.h"

namespace geode::storage {

class KvCore;

/// Changes that take effect together, in order.
class KvBatch {
public:
    void put(BytesView key, BytesView value);
    /// Fine if the key is not there.
    void remove(BytesView key);
    void clear();
    bool empty() const { return count_ == 0; }
    std::size_t count() const { return count_; }
    /// Roughly what it will take in the store's log.
    std::size_t size_bytes() const { return encoded_.size(); }

private:
    friend class KvCore;
    // Per change: u8 1 put or 0 remove, u32 key bytes, u32 value bytes, key, value. The value
    // carries its checksum already.
    Bytes encoded_;
    std::size_t count_ = 0;
};

/// Keys in [from, to), bytewise; an empty `to` means to the end.
struct KvRange {
    BytesView from;
    BytesView to;
};

/// For comparing replicas: equal contents give equal digests. Not cryptographic.
struct KvDigest {
    std::uint64_t count = 0;  ///< keys
    std::uint64_t bytes = 0;  ///< of keys and values
    std::uint64_t hash = 0;
    friend bool operator==(const KvDigest&, const KvDigest&) = default;
};

/// A stable view: what was written before it was taken, and nothing later. Holds old data on disk
/// while it lives. It may outlive its store, but is of no use then. Not durable.
class KvSnapshot {
public:
    struct Slot;
    explicit KvSnapshot(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}

private:
    friend class KvCore;
    std::shared_ptr<Slot> slot_;
};

/// Access to the store inside KvStore::access(). Blocks; never suspends. Not to be kept.
///
/// Errors of all: `io_error` (this failed or the store is poisoned), `corrupt`, `disk_full`.
class KvAccess {
public:
    explicit KvAccess(KvCore& core) : core_(core) {}

    /// The value of `key`, or nothing.
    Result<std::optional<Bytes>> get(BytesView key, const KvSnapshot* at = nullptr);
    /// Applies all of `batch` or, on an error, an unknown outcome until reopened. Not synced.
    Result<void> write(const KvBatch& batch);
    /// Calls `visit(key, value)` for each key of `range` in order until it returns false. The views
    /// live until the visit returns. Writes meanwhile are not seen.
    Result<void> for_each(KvRange range, FunctionRef<bool(BytesView, BytesView)> visit,
                          const KvSnapshot* at = nullptr);
    /// Reads all of `range`.
    Result<KvDigest> digest(KvRange range, const KvSnapshot* at = nullptr);
    /// Adds the next keys of `range`, about `bytes_max` of them and at least one, to `digest`.
    /// Returns where to go on (over the same snapshot), or nothing at the end.
    Result<std::optional<Bytes>> extend_digest(KvDigest& digest, KvRange range,
                                               std::uint64_t bytes_max,
                                               const KvSnapshot* at = nullptr);
    Result<std::unique_ptr<KvSnapshot>> snapshot();
    /// Everything written so far survives a crash after this.
    Result<void> make_durable();

private:
    KvCore& core_;
};

struct KvOptions {
    std::size_t write_buffer_bytes = 4 * 1024 * 1024;  ///< LevelDB's memtable and log
    std::size_t cache_bytes = 8 * 1024 * 1024;         ///< of uncompressed table blocks
    std::size_t table_bytes = 2 * 1024 * 1024;         ///< of one file
};

class KvStore {
public:
    /// Opens or creates the store in directory `path`, whose parent exists. Suspends. Errors:
    /// `corrupt`, `locked`, `io_error`, `disk_full`.
    static Result<std::unique_ptr<KvStore>> open(World& world, std::string path, KvOptions options);
    /// No access may be under way. Never suspends; syncs nothing.
    ~KvStore();
    KvStore(const KvStore&) = delete;
    KvStore& operator=(const KvStore&) = delete;

    /// Runs `work(KvAccess&)` off the event loop and returns what it returns; one at a time, in the
    /// order of the calls that did not have to wait. Suspends. `work` must not suspend or throw,
    /// and runs to its end even if the calling fiber is killed meanwhile.
    template <class F>
    auto access(F&& work) -> std::invoke_result_t<F&, KvAccess&> {
        MutexLock lock(mutex_);
        return world_.offload().run([&] {
            const Drainer drainer{*core_};
            KvAccess granted(*core_);
            return work(granted);
        });
    }

    /// Everything written so far survives a crash after this. Suspends.
    Result<void> make_durable() {
        return access([](KvAccess& granted) { return granted.make_durable(); });
    }

private:
    // LevelDB queues background work on reads too; it is done before anyone else gets in.
    struct Drainer {
        KvCore& core;
        ~Drainer();
    };

    KvStore(World& world, std::unique_ptr<KvCore> core);

    World& world_;
    Mutex mutex_;
    std::unique_ptr<KvCore> core_;
};

}  // namespace geode::storage

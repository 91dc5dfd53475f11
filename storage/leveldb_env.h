// SPDX-License-Identifier: Apache-2.0
#pragma once

// LevelEnv: LevelDB's window to the world, over Disk, on one thread. Internal to storage.
//
// LevelDB wants threads, clocks and files from one class; here it gets files. Background work is
// queued by Schedule() and run by drain(), which the caller calls after every LevelDB call, so
// LevelDB never waits for another thread and behaves the same in both worlds and on every run.
// Nothing here suspends; all of it runs inside Offload.
//
// What LevelDB leaves open about durability is closed here:
//  1. A new .log is created only after the previous one was synced, and its name is durable before
//     it is written to. Without this a later write can survive a crash that an earlier one does not
//     (measured with 1.23: 18 of 1,000 crashes).
//  2. The directory is synced before a record of a MANIFEST is written, so that the tables it names
//     exist if it survives, and after the rename of CURRENT. LevelDB's own posix env syncs the
//     directory later, between writing the record and syncing it: a crash in between may keep the
//     record and lose a table's name, and the database does not open again.
//  3. A .log is read back only up to its first invalid record. LevelDB itself skips the damaged
//     block and goes on, which would leave holes where unsynced sectors reached the disk out of
//     order. Nothing after such a cut may matter: a later .log with contents is Corruption.
//  4. A MANIFEST is cut likewise if the invalid record is its last; each was synced before the
//     next was written, so a valid one after it proves damage: Corruption.
//
// The first error other than not_found is kept: LevelDB swallows some, and the store above must be
// poisoned by any.

#include <leveldb/env.h>

#include <deque>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "runtime/disk.h"

namespace geode::storage {

/// Length of the longest prefix of `bytes` that consists of valid LevelDB log records.
std::size_t level_log_valid_prefix(BytesView bytes);
/// Whether a valid record begins after the invalid one at `damage`.
bool level_log_record_after(BytesView bytes, std::size_t damage);

class LevelEnv final : public leveldb::Env {
public:
    explicit LevelEnv(Disk& disk) : disk_(disk) {}
    ~LevelEnv() override;

    /// Runs queued background work until there is none.
    void drain();
    /// The first disk error since construction.
    const std::optional<Error>& failure() const { return failure_; }
    /// Keeps `error` if it is the first; returns it in LevelDB's terms.
    leveldb::Status fail(const Error& error);

    leveldb::Status NewSequentialFile(const std::string& path,
                                      leveldb::SequentialFile** out) override;
    leveldb::Status NewRandomAccessFile(const std::string& path,
                                        leveldb::RandomAccessFile** out) override;
    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** out) override;
    leveldb::Status NewAppendableFile(const std::string& path,
                                      leveldb::WritableFile** out) override;
    bool FileExists(const std::string& path) override;
    leveldb::Status GetChildren(const std::string& path, std::vector<std::string>* out) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    leveldb::Status CreateDir(const std::string& path) override;
    leveldb::Status RemoveDir(const std::string& path) override;
    leveldb::Status GetFileSize(const std::string& path, std::uint64_t* out) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    leveldb::Status LockFile(const std::string& path, leveldb::FileLock** out) override;
    leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
    void Schedule(void (*work)(void*), void* argument) override;
    void StartThread(void (*work)(void*), void* argument) override;
    leveldb::Status GetTestDirectory(std::string* out) override;
    leveldb::Status NewLogger(const std::string& path, leveldb::Logger** out) override;
    std::uint64_t NowMicros() override;
    void SleepForMicroseconds(int micros) override;

private:
    friend class LevelWritableFile;

    leveldb::Status check(const Result<void>& result);
    Result<Bytes> read_whole(const std::string& path);
    leveldb::Status trusted_contents(const std::string& path, Bytes& bytes);

    struct Job {
        void (*work)(void*);
        void* argument;
    };

    Disk& disk_;
    std::deque<Job> jobs_;
    std::optional<Error> failure_;
    leveldb::WritableFile* current_log_ = nullptr;  ///< the .log being written, while open
    std::string cut_log_;                           ///< a .log that was cut (invariant 3)
    std::uint64_t micros_ = 0;                      ///< deterministic stand-in for a clock
};

}  // namespace geode::storage

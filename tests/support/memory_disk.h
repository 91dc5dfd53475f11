// SPDX-License-Identifier: Apache-2.0
#pragma once

// MemoryDisk: a Disk in memory for unit tests, which loses at a crash what a disk may lose.
//
// Each file keeps its durable bytes and the unsynced changes since; each directory keeps its
// durable names and the unsynced name operations since. crash() applies a subset of both, chosen
// by the pattern, as rule 3 of runtime/disk.h permits. The object outlives the lives of the node;
// files opened before a crash are dead after it.
//
//     disk.die_at(17);            // the 18th mutation from now happens unsynced, then all fails
//     ... run the node ...
//     disk.crash(Loss::torn, prng);
//     ... open it again, check what was acknowledged ...
//
// A mutation is any call that may change the disk: write, truncate, sync, create, rename, remove,
// create_dir, remove_dir, sync_dir. Reads are not counted, but `fault` sees them too.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "runtime/disk.h"

namespace geode::test {

/// Which unsynced changes survive a crash.
enum class Loss : std::uint8_t {
    all,       ///< none: only what was synced
    nothing,   ///< every one, still unsynced: the process died, the machine did not
    torn,      ///< a prefix of each file's and directory's changes; the last write cut at a byte
    shuffled,  ///< any subset: of name operations, and of 512-byte sectors of the writes
               ///< (of torn and shuffled, a quarter of the files each loses all and loses nothing)
};
inline constexpr Loss all_losses[] = {Loss::all, Loss::nothing, Loss::torn, Loss::shuffled};

struct DiskOperation {
    std::string_view kind;  ///< as the Disk or File function is named; "create" for a new file
    std::string_view path;
};

class MemoryDisk final : public Disk {
public:
    struct Inode;

    MemoryDisk();
    ~MemoryDisk() override;

    // --- faults ---

    /// The `count`-th mutation from now (0: the next) takes effect unsynced and reports io_error;
    /// after it every call fails until crash().
    void die_at(std::uint64_t count) { die_at_ = mutations_ + count; }
    bool dead() const { return dead_; }
    /// Ends this life: closes all files, releases locks, applies `loss`. The next life may start.
    void crash(Loss loss, Prng& prng);
    /// Called before each operation; an error code is returned instead of doing it. A failed sync
    /// drops the file's unsynced changes for good, though they stay readable until a crash.
    std::function<std::optional<ErrorCode>(const DiskOperation&)> fault;

    // --- observers and scripting ---

    std::uint64_t mutations() const { return mutations_; }
    std::uint64_t count(std::string_view kind) const;
    /// The bytes of a file as the running node sees them; asserts that it exists.
    std::string contents(std::string_view path) const;
    /// Replaces a file's bytes, durably, as bit rot would.
    void corrupt(std::string_view path, std::string bytes);
    /// Paths of all files, sorted.
    std::vector<std::string> files() const;

    // --- Disk ---

    Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
    Result<void> rename(std::string_view from, std::string_view to) override;
    Result<void> remove(std::string_view path) override;
    Result<bool> exists(std::string_view path) override;
    Result<void> create_dir(std::string_view path) override;
    Result<void> remove_dir(std::string_view path) override;
    Result<std::vector<std::string>> list(std::string_view path) override;
    Result<void> sync_dir(std::string_view path) override;
    Result<std::unique_ptr<DirectoryLock>> lock(std::string_view path) override;

private:
    friend class MemoryFile;
    friend class MemoryLock;
    using Names = std::map<std::string, std::shared_ptr<Inode>, std::less<>>;
    struct NameChange {
        std::string from;  ///< removed if it still names `inode`; "" for a creation
        std::string to;    ///< set to `inode`; "" for a removal
        std::shared_ptr<Inode> inode;
    };

    Result<void> begin(std::string_view kind, std::string_view path, std::uint64_t life);
    /// As begin(), for a mutation; `doomed` is set if it must take effect and then report death.
    Result<void> begin_mutation(std::string_view kind, std::string_view path, std::uint64_t life,
                                bool& doomed);
    Result<void> change_names(NameChange change, bool doomed);
    static void apply(Names& names, const NameChange& change);
    bool is_dir(std::string_view path) const;
    void crash_names(Loss loss, Prng& prng);

    Names live_;
    Names durable_;
    std::map<std::string, std::vector<NameChange>, std::less<>> pending_;  ///< by directory
    std::map<std::string, std::uint64_t, std::less<>> counts_;
    std::set<std::string, std::less<>> locks_;
    std::uint64_t mutations_ = 0;
    std::uint64_t die_at_ = UINT64_MAX;
    std::uint64_t life_ = 1;
    bool dead_ = false;
};

}  // namespace geode::test

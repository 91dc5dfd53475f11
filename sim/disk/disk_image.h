// SPDX-License-Identifier: Apache-2.0
#pragma once

// DiskImage: the contents of one node's disk, and what a power loss makes of them.
//
// Every file keeps its current contents and, for each change since it was last synced, what would
// undo it. That makes the common case cheap (an append undoes to a size, sync forgets a list) and
// a power loss exact: undo everything, then redo what is drawn to have reached the platter.
//
// A power loss keeps, of the unsynced changes, nothing, everything, a prefix in write order, or a
// random subset; the change at the border may be torn at a sector boundary. Name changes are drawn
// the same way (disk_names.h). What was synced is never touched.
//
// A failed sync leaves its changes `lost`: they read back fine until the power loss that drops
// them, whatever later syncs return (rule 4 of runtime/disk.h).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "sim/disk/disk_names.h"

namespace geode::sim {

/// One unsynced change of a file: a write, or a truncation (`written` is 0 then).
struct PendingChange {
    enum class Fate : std::uint8_t { open, durable, lost };
    std::uint64_t sequence = 0;
    std::uint64_t offset = 0;    ///< of a write; the new size of a truncation
    std::uint64_t written = 0;   ///< bytes
    std::uint64_t old_size = 0;  ///< of the file, before
    std::string old_bytes;       ///< what was overwritten or cut off
    bool truncation = false;
    Fate fate = Fate::open;
};

struct Inode {
    bool directory = false;
    std::uint64_t number = 0;
    std::string contents;
    std::vector<PendingChange> pending;
};

/// What a power loss may do; a run's choice.
struct PowerLossOptions {
    bool lose_data = true;
    bool lose_names = true;
    bool tear = true;
};

enum class PowerLossMode : std::uint8_t { keep_all, drop_all, keep_prefix, keep_subset };

struct PowerLossReport {
    PowerLossMode mode = PowerLossMode::keep_all;
    std::uint64_t bytes_lost = 0;
    std::uint64_t changes_lost = 0;
    std::uint64_t names_lost = 0;
    std::uint64_t writes_torn = 0;
};

class DiskImage {
public:
    static constexpr std::uint64_t sector_bytes = 512;
    /// Beyond this many unsynced changes of a file the oldest become durable by themselves, as a
    /// kernel writes back.
    static constexpr std::size_t pending_changes_max = 4096;

    DiskNames& names() { return names_; }
    const DiskNames& names() const { return names_; }
    InodeRef create(std::string_view path, bool directory);
    void rename(std::string_view from, std::string_view to) {
        names_.rename(from, to, ++sequence_);
    }
    void remove(std::string_view path) { names_.remove(path, ++sequence_); }

    void write(Inode& inode, std::uint64_t offset, std::string_view bytes);
    void truncate(Inode& inode, std::uint64_t size);
    /// What was written up to that sequence is durable: later writes came while the sync was under
    /// way.
    void sync(Inode& inode, std::uint64_t up_to = UINT64_MAX);
    /// Of the last change so far.
    std::uint64_t sequence() const { return sequence_; }
    /// The sync failed: what it should have made durable will be lost.
    void fail_sync(Inode& inode);

    /// Loses power with a mode drawn from `random`, or the given one.
    PowerLossReport power_loss(Prng& random, const PowerLossOptions& options,
                               const PowerLossMode* mode);

private:
    struct Plan;
    bool keeps(const Plan& plan, std::uint64_t sequence) const;
    Plan make_plan(Prng& random, const PowerLossOptions& options, const PowerLossMode* mode) const;
    void settle(Inode& inode, const Plan& plan, Prng& random, PowerLossReport& report);
    static void undo(Inode& inode, const PendingChange& change);
    static void redo(Inode& inode, const PendingChange& change, std::string_view bytes);
    void remember(Inode& inode, PendingChange change);
    void write_back_oldest(Inode& inode);

    DiskNames names_;
    std::uint64_t sequence_ = 0;
    std::uint64_t next_inode_ = 1;
};

}  // namespace geode::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once

// ShadowDisk: what of a real node's data would survive a loss of power.
//
// SIGKILL takes nothing from a process that it wrote: the kernel still has it. So the library that
// is preloaded into the node tells what it does to its disk (preload/disk_journal.h), this replays
// it into the disk image of the simulator, and when the node is dead the image loses power and is
// written over the real files. What may be lost is thus the same in both worlds: unsynced writes,
// torn at sectors, and names whose directory was not synced.
//
// A process may die after a change and before it told of it. Nobody was told of that change, so it
// is taken back before another process goes on: else that one would build on what the image lacks.
//
// The node must be dead for follow(), resume(), lose_power() and their effect on files; nobody else
// may touch its data. Plain blocking calls.

#include <map>
#include <string>
#include <string_view>

#include "base/prng.h"
#include "base/result.h"
#include "sim/data/power_loss.h"
#include "sim/disk/disk_image.h"

namespace geode::jepsen {

class ShadowDisk {
public:
    /// Of a data directory that is not there yet, or is empty. Makes the journal. Error:
    /// `io_error`.
    static Result<ShadowDisk> create(std::string data_directory, std::string journal);

    /// Takes note of what the node has done since the last call. Errors: `io_error`; `corrupt` if
    /// the journal contradicts itself, which is a bug of the library or of this class.
    Result<void> follow();

    /// Before another process of the node: follows, and takes back what the last one did but did
    /// not tell. Errors as above.
    Result<void> resume();

    /// Follows, draws what is lost, and makes the files so. Errors as above.
    Result<sim::PowerLossReport> lose_power(Prng& random, const sim::PowerLoss& loss);

    const std::string& journal() const { return journal_; }

private:
    struct Record;
    struct BegunSync {
        std::uint64_t inode = 0;
        std::uint64_t sequence = 0;  ///< of the last change before it
    };

    ShadowDisk(std::string data_directory, std::string journal)
        : data_directory_(std::move(data_directory)), journal_(std::move(journal)) {}
    Result<void> replay(const Record& record);
    Result<void> replay_creation(const Record& record);
    Result<void> replay_change(const Record& record);
    Result<void> replay_name(const Record& record);
    Result<void> end_sync(std::uint64_t number);
    Result<bool> agrees_with_files() const;
    Result<void> write_files() const;
    Result<void> find_inodes();

    std::string data_directory_;
    std::string journal_;
    std::uint64_t replayed_ = 0;  ///< bytes of the journal
    sim::DiskImage image_;
    std::map<std::uint64_t, sim::InodeRef> files_;      ///< by the kernel's number
    std::map<std::uint64_t, std::string> directories_;  ///< likewise; the root is ""
    std::map<std::uint64_t, BegunSync> syncs_;          ///< under way
};

}  // namespace geode::jepsen

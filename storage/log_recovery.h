// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the segments of a log directory back after a crash.
//
// Cut silently: the unfinished end of the last segment, and a last segment whose creation was not
// finished. Both can only hold what was never acknowledged. Cutting is physical and synced before
// anything new is written, so that what was cut can never come back as damage or as a phantom.
// Everything else is `corrupt`, with the file and the offset, and leaves the files as they are: a
// node then asks its replicas.
//
// What was read but not cut is made durable again: the process may have died where the machine did
// not, and bytes that only the page cache holds must not be taken for durable. The last batch is
// also rewritten, because after a failed sync the cache may hold bytes as clean that the disk never
// got (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).

#include <memory>

#include "base/bytes.h"
#include "runtime/disk.h"
#include "storage/log_catalog.h"

namespace geode::storage {

struct RecoveredLog {
    LogCatalog catalog;
    std::map<GroupId, std::vector<LogEntry>> entries;
    std::uint64_t active_number = 0;  ///< 0: the directory holds no segment
    std::uint64_t active_end = 0;     ///< where the next record goes
    std::unique_ptr<File> active;
};

/// Path of segment `number` (>= 1) in `directory`.
std::string segment_path(std::string_view directory, std::uint64_t number);

/// Blocks (inside Offload). The directory must exist. Errors: `corrupt`, `unsupported` (a newer
/// format), `io_error`, `disk_full`.
Result<RecoveredLog> recover_log(Disk& disk, std::string_view directory);

}  // namespace geode::storage

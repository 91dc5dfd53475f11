// SPDX-License-Identifier: Apache-2.0
#pragma once

// Disk: one node's files, as plain blocking calls.
//
// The rules a POSIX disk keeps, and no better:
//  1. Data is durable only after File::sync() has returned without error.
//  2. A name (created, renamed or removed) is durable only after sync_dir() of its directory.
//  3. After a crash unsynced data may be absent, present, torn at sector size or reordered;
//     unsynced names may be old or new.
//  4. A failed sync() means the data may be lost for good: retrying and succeeding proves nothing.
//
// Calls block; they never suspend. Node logic makes them inside Offload::run only. Paths are
// relative to the node's data directory, '/'-separated, without "." or "..". Errors everywhere:
// `io_error`, `disk_full` (writes), `not_found`, and `io_error` for all once the node is dead.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace geode {

enum class OpenMode : std::uint8_t {
    read,        ///< must exist; not_found otherwise
    write,       ///< read and write; created empty if absent, kept if present
    create_new,  ///< read and write; already_exists if present
    truncate,    ///< read and write; emptied if present, created if absent
};

class File {
public:
    /// Closes without syncing.
    virtual ~File() = default;
    /// Reads up to `into.size()` bytes at `offset`; fewer only at the end of the file.
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
    /// Writes all of `bytes` at `offset`; a gap reads as zeros. On error any part may be written.
    virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
    /// Writes at the current end.
    virtual Result<void> append(std::string_view bytes) = 0;
    /// Makes the contents and the size durable (rule 1, rule 4).
    virtual Result<void> sync() = 0;
    /// Cuts or extends with zeros; durable after sync().
    virtual Result<void> truncate(std::uint64_t size_bytes) = 0;
    virtual Result<std::uint64_t> size() = 0;
};

/// Held while a data directory is in use; released by destruction or process death.
class DirectoryLock {
public:
    virtual ~DirectoryLock() = default;
};

class Disk {
public:
    virtual ~Disk() = default;
    virtual Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;
    /// Replaces `to` atomically if it exists; durable after sync_dir().
    virtual Result<void> rename(std::string_view from, std::string_view to) = 0;
    virtual Result<void> remove(std::string_view path) = 0;
    virtual Result<bool> exists(std::string_view path) = 0;
    /// Makes one directory (parents must exist); fine if it is there.
    virtual Result<void> create_dir(std::string_view path) = 0;
    /// Removes an empty directory.
    virtual Result<void> remove_dir(std::string_view path) = 0;
    /// Names of the files and directories directly in `path` ("" is the root), sorted bytewise.
    virtual Result<std::vector<std::string>> list(std::string_view path) = 0;
    /// Makes the names in `path` durable (rule 2). "" is the root.
    virtual Result<void> sync_dir(std::string_view path) = 0;
    /// Takes the exclusive lock `path`. Error `locked` if another process (or World) holds it.
    virtual Result<std::unique_ptr<DirectoryLock>> lock(std::string_view path) = 0;
};

}  // namespace geode

// SPDX-License-Identifier: Apache-2.0
#pragma once

// DataDirectory: makes sure that a node only ever touches its own data.
//
// A data directory belongs to one node of one cluster, for good: the file IDENTITY says which. It
// is written before anything else, in a directory that holds nothing, by way of a synced temporary
// file and a rename, so that it is there whole or not at all. While a process uses the directory it
// holds the lock LOCK. What does not match is refused, and nothing in the directory is changed.
//
// IDENTITY, little-endian: "GEODEDIR", u32 format version (1), u32 node id, u32 length of the
// cluster name, the cluster name, u32 CRC32C of all before it.

#include <memory>
#include <string>

#include "runtime/world.h"

namespace geode::storage {

inline constexpr std::size_t cluster_name_bytes_max = 255;

struct Identity {
    std::string cluster;  ///< 1..cluster_name_bytes_max bytes
    NodeId node;
    friend bool operator==(const Identity&, const Identity&) = default;
};

class DataDirectory {
public:
    /// Takes the root of the World's disk for `identity`, making it its own if it is empty.
    /// Suspends. On return the identity survives a crash, and the lock is held until destruction.
    /// Errors: `foreign_data` (another node, cluster or program), `unsupported` (newer format),
    /// `corrupt` (IDENTITY is damaged), `locked`, `io_error`, `disk_full`.
    static Result<std::unique_ptr<DataDirectory>> open(World& world, const Identity& identity);

    /// Reads who owns the directory without locking or changing it. Suspends. Error `not_found`
    /// for an empty directory; otherwise as open().
    static Result<Identity> inspect(World& world);

private:
    explicit DataDirectory(std::unique_ptr<DirectoryLock> lock) : lock_(std::move(lock)) {}

    std::unique_ptr<DirectoryLock> lock_;
};

}  // namespace geode::storage

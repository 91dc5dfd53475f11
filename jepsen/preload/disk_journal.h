// SPDX-License-Identifier: Apache-2.0
#pragma once

// DiskJournal: what a real node did to its disk, told by the library that is preloaded into it.
//
// A file of records, appended to in the order in which the changes took effect: a change and its
// record are made under one lock. The harness replays it into a sim::DiskImage (shadow_disk.h), and
// so knows at every moment what a loss of power would leave. A record is a header, a name, and
// bytes. The file outlives the process; only the tail of a record can be missing, of a change that
// nobody was told of.
//
// Files go by their inode's number, names are as the node gave them: below its data directory.
// A sync is two records. What was written before `sync_begun` is durable from `sync_ended` on; one
// that never ended promised nothing. Each process numbers its syncs from 1.

#include <cstdint>

namespace geode::jepsen {

enum class JournalKind : std::uint32_t {
    create_file = 1,   ///< inode, name
    create_directory,  ///< inode, name
    write,             ///< inode, offset, bytes
    truncate,          ///< inode, offset: the new size
    sync_begun,        ///< inode, of a file or a directory; offset: the sync's number
    sync_ended,        ///< offset: that number
    rename,            ///< name; bytes: the new name
    remove,            ///< name
};

struct JournalHeader {
    static constexpr std::uint32_t magic_value = 0x676a6e6c;  // "gjnl"
    std::uint32_t magic = magic_value;
    JournalKind kind = JournalKind::create_file;
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
    std::uint32_t name_bytes = 0;
    std::uint32_t payload_bytes = 0;
};
static_assert(sizeof(JournalHeader) == 32);

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes the journal of a node's disk (disk_journal.h) while its calls go through. Internal to the
// preloaded library; the C library's own functions come as callables.
//
// Changes are made and told under one lock, so the journal has the order in which they took effect.
// Syncs are not: they take long, and a write may come while one is under way.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <atomic>

#include "jepsen/preload/disk_journal.h"

namespace geode::jepsen {

/// -1 if no journal is asked for. A node that cannot tell what it does must not do it: the harness
/// would take its disk for empty.
inline int open_journal() {
    const char* const path = ::getenv("GEODE_DISK_JOURNAL");
    if (path == nullptr) return -1;
    const int file = ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0) ::abort();
    return file;
}

/// A change and its record belong together: both are made while this lives.
class JournalEntry {
public:
    JournalEntry() { ::pthread_mutex_lock(&lock); }
    ~JournalEntry() { ::pthread_mutex_unlock(&lock); }
    JournalEntry(const JournalEntry&) = delete;
    JournalEntry& operator=(const JournalEntry&) = delete;

    /// Keeps errno. A journal with a hole would be taken for the truth: better no node than that.
    static void tell(JournalKind kind, std::uint64_t inode, std::uint64_t offset,
                     const char* name = "", const void* bytes = nullptr, size_t size = 0) {
        const int error = errno;
        JournalHeader header;
        header.kind = kind;
        header.inode = inode;
        header.offset = offset;
        header.name_bytes = static_cast<std::uint32_t>(::strlen(name));
        header.payload_bytes = static_cast<std::uint32_t>(size);
        const iovec parts[] = {{&header, sizeof header},
                               {const_cast<char*>(name), header.name_bytes},
                               {const_cast<void*>(bytes), size}};
        const auto whole = static_cast<ssize_t>(sizeof header + header.name_bytes + size);
        if (::writev(file(), parts, 3) != whole) ::abort();
        errno = error;
    }

    static bool is_kept() { return file() >= 0; }

private:
    static int file() {
        static const int opened = open_journal();
        return opened;
    }
    static inline pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
};

inline std::uint64_t inode_of(int file) {
    struct stat status{};
    return ::fstat(file, &status) == 0 ? status.st_ino : 0;
}

/// 0: nothing is there.
inline std::uint64_t inode_at(int folder, const char* name) {
    struct stat status{};
    return ::fstatat(folder, name, &status, 0) == 0 ? status.st_ino : 0;
}

/// Runs the call, and tells of it if it did something.
template <class Call, class Tell>
auto told(Call call, Tell tell) {
    if (!JournalEntry::is_kept()) return call();
    const JournalEntry entry;
    const auto answer = call();
    if (answer >= 0) tell(answer);
    return answer;
}

template <class Call>
int told_sync(int file, Call call) {
    if (!JournalEntry::is_kept()) return call();
    static std::atomic<std::uint64_t> syncs{0};
    const std::uint64_t number = syncs.fetch_add(1) + 1;
    {
        const JournalEntry entry;
        JournalEntry::tell(JournalKind::sync_begun, inode_of(file), number);
    }
    const int status = call();
    if (status != 0) return status;
    const JournalEntry entry;
    JournalEntry::tell(JournalKind::sync_ended, 0, number);
    return status;
}

template <class Call>
int told_open(int folder, const char* name, int flags, Call open) {
    const bool may_change = (flags & (O_CREAT | O_TRUNC)) != 0 && folder != AT_FDCWD;
    if (!may_change || !JournalEntry::is_kept()) return open();
    const JournalEntry entry;
    const std::uint64_t before = inode_at(folder, name);
    const int file = open();
    if (file < 0) return file;
    if (before == 0) {
        JournalEntry::tell(JournalKind::create_file, inode_of(file), 0, name);
    } else if ((flags & O_TRUNC) != 0) {
        JournalEntry::tell(JournalKind::truncate, before, 0);
    }
    return file;
}

}  // namespace geode::jepsen

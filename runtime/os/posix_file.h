// SPDX-License-Identifier: Apache-2.0
#pragma once

// PosixFile: runtime/disk.h's File over one descriptor.
//
// pread, pwrite and fdatasync with EINTR and short-count loops. Calls may come from several worker
// threads at once: there is no file position and no cached size.
//
// Once a sync has failed every later sync of this File fails: the kernel drops the error together
// with the dirty pages, so that a retry would succeed over lost data (disk.h rule 4; Rebello et
// al., "Can Applications Recover from fsync Failures?", ATC 2020).

#include <atomic>
#include <string>

#include "runtime/disk.h"
#include "runtime/os/unique_fd.h"

namespace geode::os {

/// Maps an errno of a file operation: ENOENT and ENOTDIR `not_found`, EEXIST `already_exists`,
/// ENOSPC, EDQUOT and EFBIG `disk_full`, all else `io_error`.
Error file_error(const char* operation, std::string_view path, int error);

class PosixFile final : public File {
public:
    /// `path` is for messages.
    PosixFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override;
    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override;
    Result<void> append(std::string_view bytes) override;
    Result<void> sync() override;
    Result<void> truncate(std::uint64_t size_bytes) override;
    Result<std::uint64_t> size() override;

private:
    UniqueFd fd_;
    std::string path_;
    std::atomic<bool> sync_failed_{false};
};

}  // namespace geode::os

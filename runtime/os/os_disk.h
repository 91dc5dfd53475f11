// SPDX-License-Identifier: Apache-2.0
#pragma once

// OsDisk: runtime/disk.h below one data directory.
//
// The directory is opened once and every path is resolved from that descriptor, so that the process
// may change its working directory and nobody can swap the directory under a running node. Paths
// that would leave it ("..", absolute) are `invalid_argument`. Symbolic links an operator has put
// inside are followed.
//
// Calls may come from several worker threads at once. Every descriptor is close-on-exec. The lock
// is flock(2): it ends with the process however that dies, and works between two Worlds of one
// process.

#include <memory>
#include <string>

#include "runtime/disk.h"
#include "runtime/os/unique_fd.h"

namespace geode::os {

class OsDisk final : public Disk {
public:
    /// Opens `data_dir`, making it (mode 0700) if only its last component is missing. "" gives a
    /// disk whose every call is `not_found`, for programs without data.
    static Result<std::unique_ptr<OsDisk>> open_root(const std::string& data_dir);

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
    explicit OsDisk(UniqueFd root) : root_(std::move(root)) {}
    Result<std::string> checked(std::string_view path) const;
    Result<UniqueFd> open_dir(std::string_view path) const;

    UniqueFd root_;  ///< empty: no data directory
};

}  // namespace geode::os

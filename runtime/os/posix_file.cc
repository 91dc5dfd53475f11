// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/posix_file.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace geode::os {
namespace {

static_assert(sizeof(off_t) == 8, "files are larger than 2 GiB");

bool is_offset(std::uint64_t offset, std::uint64_t length) {
    constexpr auto offset_max = static_cast<std::uint64_t>(INT64_MAX);
    return offset <= offset_max && length <= offset_max - offset;
}

Error too_far(std::string_view path) {
    return make_error(ErrorCode::invalid_argument, "offset beyond 2^63 in " + std::string(path));
}

}  // namespace

Error file_error(const char* operation, std::string_view path, int error) {
    ErrorCode code = ErrorCode::io_error;
    switch (error) {
        case ENOENT:
        case ENOTDIR: code = ErrorCode::not_found; break;
        case EEXIST: code = ErrorCode::already_exists; break;
        case ENOSPC:
        case EDQUOT:
        case EFBIG: code = ErrorCode::disk_full; break;
        default: break;
    }
    std::string message(operation);
    message.append(" ").append(path.empty() ? "." : path).append(": ").append(strerror(error));
    return make_error(code, std::move(message));
}

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, std::span<char> into) {
    if (!is_offset(offset, into.size())) return too_far(path_);
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t count = ::pread(fd_.get(), into.data() + done, into.size() - done,
                                      static_cast<off_t>(offset + done));
        if (count == 0) break;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return file_error("read", path_, errno);
        done += static_cast<std::size_t>(count);
    }
    GEODE_ASSERT(done <= into.size());
    return done;
}

Result<void> PosixFile::write_at(std::uint64_t offset, std::string_view bytes) {
    if (!is_offset(offset, bytes.size())) return too_far(path_);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pwrite(fd_.get(), bytes.data() + done, bytes.size() - done,
                                       static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return file_error("write", path_, errno);
        // Zero for a non-empty write is no error to POSIX, and would loop here for ever.
        if (count == 0) return file_error("write", path_, EIO);
        done += static_cast<std::size_t>(count);
    }
    GEODE_ASSERT(done == bytes.size());
    return {};
}

Result<void> PosixFile::append(std::string_view bytes) {
    GEODE_TRY(const std::uint64_t end, size());
    return write_at(end, bytes);
}

Result<void> PosixFile::sync() {
    if (sync_failed_.load()) return file_error("sync after a failed sync", path_, EIO);
    int status = 0;
    do {
        status = ::fdatasync(fd_.get());
    } while (status != 0 && errno == EINTR);
    if (status == 0) return {};
    const int error = errno;
    sync_failed_.store(true);
    return file_error("sync", path_, error);
}

Result<void> PosixFile::truncate(std::uint64_t size_bytes) {
    if (!is_offset(size_bytes, 0)) return too_far(path_);
    int status = 0;
    do {
        status = ::ftruncate(fd_.get(), static_cast<off_t>(size_bytes));
    } while (status != 0 && errno == EINTR);
    if (status != 0) return file_error("truncate", path_, errno);
    return {};
}

Result<std::uint64_t> PosixFile::size() {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return file_error("stat", path_, errno);
    GEODE_ASSERT(status.st_size >= 0);
    return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace geode::os

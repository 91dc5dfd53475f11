// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/os_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/assert.h"
#include "runtime/os/posix_file.h"

namespace geode::os {
namespace {

constexpr mode_t file_permissions = 0600;  // graph data is nobody else's business
constexpr mode_t dir_permissions = 0700;

class FlockLock final : public DirectoryLock {
public:
    explicit FlockLock(UniqueFd fd) : fd_(std::move(fd)) {}

private:
    UniqueFd fd_;
};

/// Repeats a call that signals may interrupt.
template <class Call>
int retry_interrupted(Call call) {
    int result = 0;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result;
}

int open_flags(OpenMode mode) {
    switch (mode) {
        case OpenMode::read: return O_RDONLY | O_CLOEXEC;
        case OpenMode::write: return O_RDWR | O_CLOEXEC | O_CREAT;
        case OpenMode::create_new: return O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL;
        case OpenMode::truncate: return O_RDWR | O_CLOEXEC | O_CREAT | O_TRUNC;
    }
    GEODE_UNREACHABLE("an OpenMode outside its enumeration");
}

bool is_component(std::string_view part) {
    return !part.empty() && part != "." && part != ".." && part.find('\0') == part.npos;
}

}  // namespace

Result<std::unique_ptr<OsDisk>> OsDisk::open_root(const std::string& data_dir) {
    if (data_dir.empty()) return std::unique_ptr<OsDisk>(new OsDisk(UniqueFd()));
    if (::mkdir(data_dir.c_str(), dir_permissions) != 0 && errno != EEXIST) {
        // A read-only parent is no trouble if the directory is there; open() decides.
        if (errno != EROFS && errno != EACCES) return file_error("mkdir", data_dir, errno);
    }
    UniqueFd root(retry_interrupted(
        [&] { return ::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!root) return file_error("open", data_dir, errno);
    return std::unique_ptr<OsDisk>(new OsDisk(std::move(root)));
}

/// The path, null-terminated, if it names something below the root.
Result<std::string> OsDisk::checked(std::string_view path) const {
    if (!root_) return make_error(ErrorCode::not_found, "this program has no data directory");
    for (std::size_t from = 0; from <= path.size();) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        if (!is_component(path.substr(from, slash - from))) {
            return make_error(ErrorCode::invalid_argument,
                              "not a path below the data directory: " + std::string(path));
        }
        from = slash + 1;
    }
    return std::string(path);
}

Result<UniqueFd> OsDisk::open_dir(std::string_view path) const {
    std::string name = ".";
    if (!path.empty() || !root_) {
        GEODE_TRY(name, checked(path));
    }
    UniqueFd fd(retry_interrupted(
        [&] { return ::openat(root_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!fd) return file_error("open directory", path, errno);
    return fd;
}

Result<std::unique_ptr<File>> OsDisk::open(std::string_view path, OpenMode mode) {
    GEODE_TRY(std::string name, checked(path));
    UniqueFd fd(retry_interrupted(
        [&] { return ::openat(root_.get(), name.c_str(), open_flags(mode), file_permissions); }));
    if (!fd) return file_error("open", path, errno);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return file_error("stat", path, errno);
    // Linux opens directories for reading and fails only on the first read.
    if (!S_ISREG(status.st_mode)) return file_error("open", path, EISDIR);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd), std::move(name)));
}

Result<void> OsDisk::rename(std::string_view from, std::string_view to) {
    GEODE_TRY(const std::string old_name, checked(from));
    GEODE_TRY(const std::string new_name, checked(to));
    if (::renameat(root_.get(), old_name.c_str(), root_.get(), new_name.c_str()) != 0) {
        return file_error("rename", from, errno);
    }
    return {};
}

Result<void> OsDisk::remove(std::string_view path) {
    GEODE_TRY(const std::string name, checked(path));
    if (::unlinkat(root_.get(), name.c_str(), 0) != 0) return file_error("remove", path, errno);
    return {};
}

Result<bool> OsDisk::exists(std::string_view path) {
    if (path.empty() && root_) return true;
    GEODE_TRY(const std::string name, checked(path));
    struct stat status{};
    if (::fstatat(root_.get(), name.c_str(), &status, 0) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return file_error("stat", path, errno);
}

Result<void> OsDisk::create_dir(std::string_view path) {
    GEODE_TRY(const std::string name, checked(path));
    if (::mkdirat(root_.get(), name.c_str(), dir_permissions) == 0) return {};
    if (errno != EEXIST) return file_error("mkdir", path, errno);
    struct stat status{};
    if (::fstatat(root_.get(), name.c_str(), &status, 0) != 0 || !S_ISDIR(status.st_mode)) {
        return file_error("mkdir", path, EEXIST);
    }
    return {};
}

Result<void> OsDisk::remove_dir(std::string_view path) {
    GEODE_TRY(const std::string name, checked(path));
    if (::unlinkat(root_.get(), name.c_str(), AT_REMOVEDIR) != 0) {
        return file_error("remove directory", path, errno);
    }
    return {};
}

Result<std::vector<std::string>> OsDisk::list(std::string_view path) {
    GEODE_TRY(UniqueFd fd, open_dir(path));
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd.get()), ::closedir);
    if (dir == nullptr) return file_error("list", path, errno);
    fd.release();  // the DIR closes it
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(dir.get());
        if (entry == nullptr && errno != 0) return file_error("list", path, errno);
        if (entry == nullptr) break;
        if (is_component(entry->d_name)) names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> OsDisk::sync_dir(std::string_view path) {
    GEODE_TRY(const UniqueFd fd, open_dir(path));
    if (retry_interrupted([&] { return ::fsync(fd.get()); }) != 0) {
        return file_error("sync directory", path, errno);
    }
    return {};
}

Result<std::unique_ptr<DirectoryLock>> OsDisk::lock(std::string_view path) {
    GEODE_TRY(const std::string name, checked(path));
    UniqueFd fd(retry_interrupted([&] {
        return ::openat(root_.get(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_permissions);
    }));
    if (!fd) return file_error("open", path, errno);
    if (retry_interrupted([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
        if (errno != EWOULDBLOCK) return file_error("lock", path, errno);
        return make_error(ErrorCode::locked, name + " is held by another process");
    }
    return std::unique_ptr<DirectoryLock>(std::make_unique<FlockLock>(std::move(fd)));
}

}  // namespace geode::os

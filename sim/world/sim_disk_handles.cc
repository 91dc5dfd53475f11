// SPDX-License-Identifier: Apache-2.0
// What node code holds of a SimDisk: LifeDisk, its files and its locks.
#include <algorithm>
#include <cstring>

#include "sim/world/sim_disk.h"

namespace geode::sim {
namespace {

using Operation = SimDisk::Operation;

Error not_found(std::string_view path) {
    return make_error(ErrorCode::not_found, std::string(path) + " does not exist");
}

class LifeFile final : public File {
public:
    LifeFile(SimDisk& disk, std::uint32_t life, InodeRef inode, bool writable)
        : disk_(disk), life_(life), inode_(std::move(inode)), writable_(writable) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
        GEODE_TRY_VOID(begin(Operation::read, offset, into.size()));
        const std::string& contents = inode_->contents;
        if (offset >= contents.size()) return std::size_t{0};
        const std::size_t count =
            std::min(into.size(), contents.size() - static_cast<std::size_t>(offset));
        std::memcpy(into.data(), contents.data() + offset, count);
        return count;
    }

    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
        GEODE_ASSERT_MSG(writable_, "the file is open for reading");
        GEODE_TRY_VOID(begin(Operation::write, offset ^ digest(bytes), bytes.size()));
        disk_.image().write(*inode_, offset, bytes);
        return {};
    }

    Result<void> append(std::string_view bytes) override {
        return write_at(inode_->contents.size(), bytes);
    }

    Result<void> sync() override {
        GEODE_TRY_VOID(begin(Operation::sync, inode_->pending.size(), 0));
        if (disk_.draw_sync_failure()) {
            disk_.image().fail_sync(*inode_);
            return make_error(ErrorCode::io_error, "sync failed");
        }
        disk_.image().sync(*inode_);
        return {};
    }

    Result<void> truncate(std::uint64_t size_bytes) override {
        GEODE_ASSERT_MSG(writable_, "the file is open for reading");
        GEODE_TRY_VOID(begin(Operation::truncate, size_bytes, 0));
        disk_.image().truncate(*inode_, size_bytes);
        return {};
    }

    Result<std::uint64_t> size() override {
        GEODE_TRY_VOID(begin(Operation::size, 0, 0));
        return std::uint64_t{inode_->contents.size()};
    }

private:
    Result<void> begin(Operation operation, std::uint64_t payload, std::size_t bytes) {
        return disk_.begin(life_, operation, inode_->number, payload, bytes);
    }

    SimDisk& disk_;
    std::uint32_t life_;
    InodeRef inode_;
    bool writable_;
};

class LifeLock final : public DirectoryLock {
public:
    LifeLock(SimDisk& disk, std::uint32_t life, std::string path)
        : disk_(disk), life_(life), path_(std::move(path)) {}
    ~LifeLock() override {
        if (disk_.current(life_)) disk_.locks().erase(path_);
    }

private:
    SimDisk& disk_;
    std::uint32_t life_;
    std::string path_;
};

bool valid(std::string_view path) {
    return !path.empty() && path.front() != '/' && path.back() != '/' &&
           path.find("//") == std::string_view::npos;
}

}  // namespace

Result<void> LifeDisk::begin(Operation operation, std::string_view path, std::uint64_t payload) {
    return disk_.begin(life_, operation, digest(path), payload, 0);
}

bool LifeDisk::has_dir(std::string_view path) const {
    if (path.empty()) return true;
    const InodeRef inode = disk_.image().names().find(path);
    return inode != nullptr && inode->directory;
}

Result<InodeRef> LifeDisk::find_or_create(std::string_view path, OpenMode mode) {
    DiskImage& image = disk_.image();
    InodeRef inode = image.names().find(path);
    if (inode != nullptr) {
        if (inode->directory) return make_error(ErrorCode::io_error, "is a directory");
        if (mode == OpenMode::create_new) {
            return make_error(ErrorCode::already_exists, std::string(path) + " exists");
        }
        if (mode == OpenMode::truncate) image.truncate(*inode, 0);
        return inode;
    }
    if (mode == OpenMode::read || !has_dir(parent_of(path))) return not_found(path);
    GEODE_TRY_VOID(disk_.ask_room());
    return image.create(path, false);
}

Result<std::unique_ptr<File>> LifeDisk::open(std::string_view path, OpenMode mode) {
    GEODE_ASSERT(valid(path));
    GEODE_TRY_VOID(begin(Operation::open, path, static_cast<std::uint64_t>(mode)));
    GEODE_TRY(InodeRef inode, find_or_create(path, mode));
    return std::unique_ptr<File>(
        std::make_unique<LifeFile>(disk_, life_, std::move(inode), mode != OpenMode::read));
}

Result<void> LifeDisk::rename(std::string_view from, std::string_view to) {
    GEODE_ASSERT(valid(from) && valid(to));
    GEODE_TRY_VOID(begin(Operation::rename, from, digest(to)));
    const DiskNames& names = disk_.image().names();
    const InodeRef source = names.find(from);
    if (source == nullptr) return not_found(from);
    if (!has_dir(parent_of(to))) return not_found(to);
    const InodeRef target = names.find(to);
    if (source == target) return {};
    if (target != nullptr && (target->directory || source->directory)) {
        return make_error(ErrorCode::io_error, std::string(to) + " cannot be replaced");
    }
    disk_.image().rename(from, to);
    return {};
}

Result<void> LifeDisk::remove(std::string_view path) {
    GEODE_ASSERT(valid(path));
    GEODE_TRY_VOID(begin(Operation::remove, path));
    const InodeRef inode = disk_.image().names().find(path);
    if (inode == nullptr) return not_found(path);
    if (inode->directory) return make_error(ErrorCode::io_error, "is a directory");
    disk_.image().remove(path);
    return {};
}

Result<bool> LifeDisk::exists(std::string_view path) {
    GEODE_TRY_VOID(begin(Operation::exists, path));
    return path.empty() || disk_.image().names().find(path) != nullptr;
}

Result<void> LifeDisk::create_dir(std::string_view path) {
    GEODE_ASSERT(valid(path));
    GEODE_TRY_VOID(begin(Operation::create_dir, path));
    if (has_dir(path)) return {};
    if (disk_.image().names().find(path) != nullptr) {
        return make_error(ErrorCode::already_exists, std::string(path) + " is a file");
    }
    if (!has_dir(parent_of(path))) return not_found(path);
    GEODE_TRY_VOID(disk_.ask_room());
    disk_.image().create(path, true);
    return {};
}

Result<void> LifeDisk::remove_dir(std::string_view path) {
    GEODE_ASSERT(valid(path));
    GEODE_TRY_VOID(begin(Operation::remove_dir, path));
    if (!has_dir(path)) return not_found(path);
    if (!disk_.image().names().is_empty_dir(path)) {
        return make_error(ErrorCode::io_error, std::string(path) + " is not empty");
    }
    disk_.image().remove(path);
    return {};
}

Result<std::vector<std::string>> LifeDisk::list(std::string_view path) {
    GEODE_TRY_VOID(begin(Operation::list, path));
    if (!has_dir(path)) return not_found(path);
    return disk_.image().names().list(path);
}

Result<void> LifeDisk::sync_dir(std::string_view path) {
    GEODE_TRY_VOID(begin(Operation::sync_dir, path));
    if (!has_dir(path)) return not_found(path);
    if (disk_.draw_sync_failure()) return make_error(ErrorCode::io_error, "sync failed");
    disk_.image().names().sync_dir(path);
    return {};
}

Result<std::unique_ptr<DirectoryLock>> LifeDisk::lock(std::string_view path) {
    GEODE_ASSERT(valid(path));
    GEODE_TRY_VOID(begin(Operation::lock, path));
    if (!disk_.locks().emplace(path).second) {
        return make_error(ErrorCode::locked, std::string(path) + " is held");
    }
    return std::unique_ptr<DirectoryLock>(
        std::make_unique<LifeLock>(disk_, life_, std::string(path)));
}

}  // namespace geode::sim

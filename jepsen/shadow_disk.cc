// SPDX-License-Identifier: Apache-2.0
#include "jepsen/shadow_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "jepsen/preload/disk_journal.h"
#include "runtime/os/unique_fd.h"

namespace geode::jepsen {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& path) {
    return make_error(ErrorCode::io_error, path + ": " + std::strerror(errno));
}

/// What the file holds from `offset` on.
Result<std::string> read_from(const std::string& path, std::uint64_t offset) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return failed(path);
    const auto size = static_cast<std::uint64_t>(file.tellg());
    std::string bytes(static_cast<std::size_t>(size - offset), '\0');
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file) return failed(path);
    return bytes;
}

/// The kernel's number of what is at the path; 0 if nothing is.
std::uint64_t inode_number(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

Result<void> write_file(const std::string& path, std::string_view contents) {
    const os::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) return failed(path);
    for (std::size_t done = 0; done < contents.size();) {
        const ssize_t count = ::write(file.get(), contents.data() + done, contents.size() - done);
        if (count < 0) return failed(path);
        done += static_cast<std::size_t>(count);
    }
    return {};
}

}  // namespace

struct ShadowDisk::Record {
    JournalHeader header;
    std::string_view name;
    std::string_view payload;
};

Result<ShadowDisk> ShadowDisk::create(std::string data_directory, std::string journal) {
    ShadowDisk disk(std::move(data_directory), std::move(journal));
    GEODE_TRY_VOID(write_file(disk.journal_, {}));
    return Result<ShadowDisk>(std::move(disk));
}

Result<void> ShadowDisk::follow() {
    GEODE_TRY(const std::string bytes, read_from(journal_, replayed_));
    // The node makes its data directory before it can open it.
    if (const std::uint64_t root = inode_number(data_directory_); root != 0) {
        directories_[root] = "";
    }
    std::string_view rest = bytes;
    while (rest.size() >= sizeof(JournalHeader)) {
        Record record;
        std::memcpy(&record.header, rest.data(), sizeof(JournalHeader));
        if (record.header.magic != JournalHeader::magic_value) {
            return make_error(ErrorCode::corrupt,
                              journal_ + ": no record at byte " + std::to_string(replayed_));
        }
        const std::size_t whole = sizeof(JournalHeader) + record.header.name_bytes +
                                  std::size_t{record.header.payload_bytes};
        if (rest.size() < whole) break;
        record.name = rest.substr(sizeof(JournalHeader), record.header.name_bytes);
        record.payload =
            rest.substr(whole - record.header.payload_bytes, record.header.payload_bytes);
        GEODE_TRY_VOID(replay(record));
        rest.remove_prefix(whole);
        replayed_ += whole;
    }
    if (rest.empty()) return {};
    // A process died while it told of a change. The next one's records must not follow half a one.
    if (::truncate(journal_.c_str(), static_cast<off_t>(replayed_)) != 0) return failed(journal_);
    return {};
}

Result<void> ShadowDisk::replay(const Record& record) {
    switch (record.header.kind) {
        case JournalKind::sync_begun:
            syncs_[record.header.offset] = {record.header.inode, image_.sequence()};
            return {};
        case JournalKind::sync_ended: return end_sync(record.header.offset);
        case JournalKind::create_file:
        case JournalKind::create_directory: return replay_creation(record);
        case JournalKind::write:
        case JournalKind::truncate: return replay_change(record);
        case JournalKind::rename:
        case JournalKind::remove: return replay_name(record);
    }
    return make_error(ErrorCode::corrupt, journal_ + ": a record of an unknown kind");
}

Result<void> ShadowDisk::replay_creation(const Record& record) {
    if (image_.names().find(record.name) != nullptr) {
        return make_error(ErrorCode::corrupt,
                          journal_ + ": " + std::string(record.name) + " was made twice");
    }
    const bool directory = record.header.kind == JournalKind::create_directory;
    const sim::InodeRef made = image_.create(record.name, directory);
    // The number may have been that of something removed.
    files_.erase(record.header.inode);
    directories_.erase(record.header.inode);
    if (directory) {
        directories_[record.header.inode] = record.name;
    } else {
        files_[record.header.inode] = made;
    }
    return {};
}

Result<void> ShadowDisk::replay_name(const Record& record) {
    if (image_.names().find(record.name) == nullptr) {
        return make_error(ErrorCode::corrupt,
                          journal_ + ": nothing is named " + std::string(record.name));
    }
    if (record.header.kind == JournalKind::remove) {
        image_.remove(record.name);
        return {};
    }
    image_.rename(record.name, record.payload);
    const std::string below = std::string(record.name) + "/";
    for (auto& [inode, path] : directories_) {
        if (path == record.name || path.starts_with(below)) {
            path.replace(0, record.name.size(), record.payload);
        }
    }
    return {};
}

Result<void> ShadowDisk::replay_change(const Record& record) {
    const auto found = files_.find(record.header.inode);
    if (found == files_.end()) {
        return make_error(ErrorCode::corrupt, journal_ + ": a change of a file that was not made");
    }
    if (record.header.kind == JournalKind::write) {
        image_.write(*found->second, record.header.offset, record.payload);
    } else {
        image_.truncate(*found->second, record.header.offset);
    }
    return {};
}

Result<void> ShadowDisk::end_sync(std::uint64_t number) {
    const auto begun = syncs_.extract(number);
    if (begun.empty()) {
        return make_error(ErrorCode::corrupt, journal_ + ": a sync ended that had not begun");
    }
    const auto [inode, sequence] = begun.mapped();
    if (const auto file = files_.find(inode); file != files_.end()) {
        image_.sync(*file->second, sequence);
    } else if (const auto directory = directories_.find(inode); directory != directories_.end()) {
        image_.names().sync_dir(directory->second, sequence);
    } else {
        return make_error(ErrorCode::corrupt, journal_ + ": a sync of nothing that was made");
    }
    return {};
}

Result<void> ShadowDisk::resume() {
    GEODE_TRY_VOID(follow());
    GEODE_TRY(const bool agrees, agrees_with_files());
    if (agrees) return {};
    GEODE_TRY_VOID(write_files());
    return find_inodes();
}

Result<sim::PowerLossReport> ShadowDisk::lose_power(Prng& random, const sim::PowerLoss& loss) {
    GEODE_TRY_VOID(follow());
    const sim::PowerLossReport report = image_.power_loss(random, loss.options, &loss.mode);
    GEODE_TRY_VOID(write_files());
    GEODE_TRY_VOID(find_inodes());
    return report;
}

/// Whether the data directory holds what the image does, and nothing else.
Result<bool> ShadowDisk::agrees_with_files() const {
    std::error_code failure;
    if (!fs::exists(data_directory_, failure)) return true;
    std::size_t count = 0;
    for (fs::recursive_directory_iterator at(data_directory_, failure), end; !failure && at != end;
         at.increment(failure)) {
        const std::string path = at->path().string();
        const auto inode = image_.names().find(path.substr(data_directory_.size() + 1));
        if (inode == nullptr || inode->directory != at->is_directory()) return false;
        ++count;
        if (inode->directory) continue;
        GEODE_TRY(const std::string contents, read_from(path, 0));
        if (contents != inode->contents) return false;
    }
    if (failure) return make_error(ErrorCode::io_error, data_directory_ + ": " + failure.message());
    return count == image_.names().current().size();
}

/// Makes the data directory hold what the image does, and nothing else.
Result<void> ShadowDisk::write_files() const {
    std::error_code failure;
    if (!fs::exists(data_directory_, failure)) return {};
    for (const fs::directory_entry& entry : fs::directory_iterator(data_directory_, failure)) {
        fs::remove_all(entry.path(), failure);
        if (failure) break;
    }
    if (failure) return make_error(ErrorCode::io_error, data_directory_ + ": " + failure.message());
    // In the order of paths a directory comes before what is in it.
    for (const auto& [name, inode] : image_.names().current()) {
        const std::string path = data_directory_ + "/" + name;
        if (!inode->directory) {
            GEODE_TRY_VOID(write_file(path, inode->contents));
        } else if (::mkdir(path.c_str(), 0700) != 0) {
            return failed(path);
        }
    }
    return {};
}

/// The files have been made anew, so the kernel has other numbers for them.
Result<void> ShadowDisk::find_inodes() {
    files_.clear();
    directories_.clear();
    syncs_.clear();
    for (const auto& [name, inode] : image_.names().current()) {
        const std::string path = data_directory_ + "/" + name;
        const std::uint64_t number = inode_number(path);
        if (number == 0) return failed(path);
        if (inode->directory) {
            directories_[number] = name;
        } else {
            files_[number] = inode;
        }
    }
    return {};
}

}  // namespace geode::jepsen

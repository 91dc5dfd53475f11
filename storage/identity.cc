// SPDX-License-Identifier: Apache-2.0
#include "storage/identity.h"

#include "base/bytes.h"
#include "base/crc32c.h"

namespace geode::storage {
namespace {

constexpr const char* identity_path = "IDENTITY";
constexpr const char* temporary_path = "IDENTITY.tmp";
constexpr const char* lock_path = "LOCK";
constexpr BytesView magic = "GEODEDIR";
constexpr std::uint32_t format_version = 1;
constexpr std::size_t header_bytes = 20;  // magic, version, node, name length
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t file_bytes_max = header_bytes + cluster_name_bytes_max + checksum_bytes;

Bytes encode(const Identity& identity) {
    Bytes bytes(magic);
    append_little(bytes, format_version);
    append_little(bytes, identity.node.value());
    append_little(bytes, static_cast<std::uint32_t>(identity.cluster.size()));
    GEODE_ASSERT(bytes.size() == header_bytes);
    bytes.append(identity.cluster);
    append_little(bytes, crc32c(bytes));
    return bytes;
}

Result<Identity> decode(BytesView bytes) {
    if (!bytes.starts_with(magic)) {
        return make_error(ErrorCode::foreign_data, "IDENTITY is not of this program");
    }
    // The version first: a newer format may keep everything else elsewhere.
    if (bytes.size() >= magic.size() + 4) {
        const auto version = read_little<std::uint32_t>(bytes, magic.size());
        if (version > format_version) {
            return make_error(ErrorCode::unsupported,
                              "data directory of format " + std::to_string(version));
        }
    }
    if (bytes.size() < header_bytes + checksum_bytes || bytes.size() > file_bytes_max) {
        return make_error(ErrorCode::corrupt, "IDENTITY has a wrong size");
    }
    const std::size_t covered = bytes.size() - checksum_bytes;
    if (read_little<std::uint32_t>(bytes, covered) != crc32c(bytes.substr(0, covered))) {
        return make_error(ErrorCode::corrupt, "IDENTITY fails its checksum");
    }
    if (read_little<std::uint32_t>(bytes, 16) != covered - header_bytes) {
        return make_error(ErrorCode::corrupt, "IDENTITY has a wrong name length");
    }
    return Identity{Bytes(bytes.substr(header_bytes, covered - header_bytes)),
                    NodeId(read_little<std::uint32_t>(bytes, 12))};
}

// `not_found` if the directory is empty but for what an interrupted creation leaves.
Result<Identity> read_identity(Disk& disk) {
    Result<std::unique_ptr<File>> file = disk.open(identity_path, OpenMode::read);
    if (file) {
        Bytes bytes(file_bytes_max + 1, '\0');
        GEODE_TRY(const std::size_t size, (*file)->read_at(0, bytes));
        return decode(BytesView(bytes).substr(0, size));
    }
    if (file.code() != ErrorCode::not_found) return std::move(file).error();
    GEODE_TRY(const std::vector<std::string> names, disk.list(""));
    for (const std::string& name : names) {
        if (name == temporary_path || name == lock_path) continue;
        return make_error(ErrorCode::foreign_data,
                          "no IDENTITY in a directory that holds \"" + name + "\"");
    }
    return make_error(ErrorCode::not_found, "the data directory is empty");
}

Result<void> write_identity(Disk& disk, const Identity& identity) {
    GEODE_TRY(const std::unique_ptr<File> file, disk.open(temporary_path, OpenMode::truncate));
    GEODE_TRY_VOID(file->write_at(0, encode(identity)));
    GEODE_TRY_VOID(file->sync());
    return disk.rename(temporary_path, identity_path);
}

// `not_found` if the directory is free to take.
Result<void> check_owner(Disk& disk, const Identity& identity) {
    GEODE_TRY(const Identity found, read_identity(disk));
    if (found == identity) return {};
    return make_error(ErrorCode::foreign_data, "the data directory belongs to node " +
                                                   std::to_string(found.node.value()) +
                                                   " of cluster \"" + found.cluster + "\"");
}

Result<std::unique_ptr<DirectoryLock>> take(Disk& disk, const Identity& identity) {
    // Before the lock, which may be a file: foreign data stays as it is.
    Result<void> owner = check_owner(disk, identity);
    if (!owner && owner.code() != ErrorCode::not_found) return std::move(owner).error();
    GEODE_TRY(std::unique_ptr<DirectoryLock> lock, disk.lock(lock_path));
    // Again: another process may have taken it in between.
    owner = check_owner(disk, identity);
    if (!owner && owner.code() != ErrorCode::not_found) return std::move(owner).error();
    if (!owner) GEODE_TRY_VOID(write_identity(disk, identity));
    // Also when it was there: its creator may have died before this.
    GEODE_TRY_VOID(disk.sync_dir(""));
    return lock;
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(World& world, const Identity& identity) {
    GEODE_ASSERT(!identity.node.is_none());
    GEODE_ASSERT(!identity.cluster.empty());
    GEODE_ASSERT(identity.cluster.size() <= cluster_name_bytes_max);
    GEODE_TRY(std::unique_ptr<DirectoryLock> lock,
              world.offload().run([&] { return take(world.disk(), identity); }));
    return std::unique_ptr<DataDirectory>(new DataDirectory(std::move(lock)));
}

Result<Identity> DataDirectory::inspect(World& world) {
    return world.offload().run([&] { return read_identity(world.disk()); });
}

}  // namespace geode::storage

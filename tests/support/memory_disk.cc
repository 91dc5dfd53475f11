// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_disk.h"

#include <algorithm>

namespace geode::test {
namespace {

constexpr std::size_t sector_bytes = 512;

std::string parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

Error dead_error() {
    return make_error(ErrorCode::io_error, "the disk is dead");
}

}  // namespace

struct MemoryDisk::Inode {
    struct Change {
        bool truncate = false;
        std::uint64_t offset = 0;  // new size if truncate
        std::string bytes;
    };

    static void apply(std::string& data, const Change& change) {
        if (change.truncate) return data.resize(change.offset);
        const std::size_t end = change.offset + change.bytes.size();
        if (data.size() < end) data.resize(end);
        data.replace(change.offset, change.bytes.size(), change.bytes);
    }
    void change(Change change) {
        apply(live, change);
        pending.push_back(std::move(change));
    }
    void sync() {
        for (const Change& change : pending) apply(durable, change);
        pending.clear();
    }
    void crash(Loss loss, Prng& prng);

    bool directory = false;
    std::string live;
    std::string durable;
    std::vector<Change> pending;
};

void MemoryDisk::Inode::crash(Loss loss, Prng& prng) {
    // Files fare differently: what one loses, another may keep whole.
    const std::uint64_t fate = prng.below(4);
    if (loss != Loss::all && fate == 0) loss = Loss::all;
    if (loss != Loss::all && fate == 1) loss = Loss::nothing;
    std::size_t kept = loss == Loss::all ? 0 : pending.size();
    if (loss == Loss::torn && kept > 0) {
        kept = prng.below(kept + 1);
        if (kept > 0) {
            std::string& last = pending[kept - 1].bytes;
            last.resize(prng.below(last.size() + 1));
        }
    }
    for (std::size_t i = 0; i < kept; ++i) {
        const Change& change = pending[i];
        if (loss != Loss::shuffled || change.truncate) {
            if (loss != Loss::shuffled || prng.chance(1, 2)) apply(durable, change);
            continue;
        }
        for (std::size_t start = 0; start < change.bytes.size();) {
            const std::uint64_t offset = change.offset + start;
            const std::size_t length = std::min<std::size_t>(sector_bytes - offset % sector_bytes,
                                                             change.bytes.size() - start);
            if (prng.chance(1, 2)) {
                apply(durable, Change{false, offset, change.bytes.substr(start, length)});
            }
            start += length;
        }
    }
    pending.clear();
    live = durable;
}

class MemoryFile final : public File {
public:
    MemoryFile(MemoryDisk& disk, std::string path, std::shared_ptr<MemoryDisk::Inode> inode)
        : disk_(disk), path_(std::move(path)), inode_(std::move(inode)), life_(disk.life_) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
        GEODE_TRY_VOID(disk_.begin("read_at", path_, life_));
        if (offset >= inode_->live.size()) return std::size_t{0};
        return inode_->live.copy(into.data(), into.size(), offset);
    }
    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
        return change("write_at", {false, offset, std::string(bytes)});
    }
    Result<void> append(std::string_view bytes) override {
        return change("append", {false, inode_->live.size(), std::string(bytes)});
    }
    Result<void> truncate(std::uint64_t size_bytes) override {
        return change("truncate", {true, size_bytes, {}});
    }
    Result<void> sync() override {
        bool doomed = false;
        auto begun = disk_.begin_mutation("sync", path_, life_, doomed);
        if (!begun) {
            if (life_ == disk_.life_ && !disk_.dead_) inode_->pending.clear();
            return begun;
        }
        if (doomed) return dead_error();
        inode_->sync();
        return {};
    }
    Result<std::uint64_t> size() override {
        GEODE_TRY_VOID(disk_.begin("size", path_, life_));
        return std::uint64_t{inode_->live.size()};
    }

private:
    Result<void> change(std::string_view kind, MemoryDisk::Inode::Change change) {
        bool doomed = false;
        GEODE_TRY_VOID(disk_.begin_mutation(kind, path_, life_, doomed));
        inode_->change(std::move(change));
        if (doomed) return dead_error();
        return {};
    }

    MemoryDisk& disk_;
    std::string path_;
    std::shared_ptr<MemoryDisk::Inode> inode_;
    std::uint64_t life_;
};

class MemoryLock final : public DirectoryLock {
public:
    MemoryLock(MemoryDisk& disk, std::string path)
        : disk_(disk), path_(std::move(path)), life_(disk.life_) {}
    ~MemoryLock() override {
        if (life_ == disk_.life_) disk_.locks_.erase(path_);
    }

private:
    MemoryDisk& disk_;
    std::string path_;
    std::uint64_t life_;
};

MemoryDisk::MemoryDisk() = default;
MemoryDisk::~MemoryDisk() = default;

Result<void> MemoryDisk::begin(std::string_view kind, std::string_view path, std::uint64_t life) {
    if (dead_ || life != life_) return dead_error();
    ++counts_[std::string(kind)];
    if (fault) {
        const std::optional<ErrorCode> code = fault(DiskOperation{kind, path});
        if (code) return make_error(*code, std::string(kind) + " " + std::string(path));
    }
    return {};
}

Result<void> MemoryDisk::begin_mutation(std::string_view kind, std::string_view path,
                                        std::uint64_t life, bool& doomed) {
    GEODE_TRY_VOID(begin(kind, path, life));
    doomed = mutations_++ == die_at_;
    dead_ = dead_ || doomed;
    return {};
}

void MemoryDisk::apply(Names& names, const NameChange& change) {
    const auto from = names.find(change.from);
    if (from != names.end() && from->second == change.inode) names.erase(from);
    if (!change.to.empty()) names[change.to] = change.inode;
}

Result<void> MemoryDisk::change_names(NameChange change, bool doomed) {
    apply(live_, change);
    const std::string directory = parent_of(change.to.empty() ? change.from : change.to);
    pending_[directory].push_back(std::move(change));
    if (doomed) return dead_error();
    return {};
}

bool MemoryDisk::is_dir(std::string_view path) const {
    if (path.empty()) return true;
    const auto found = live_.find(path);
    return found != live_.end() && found->second->directory;
}

void MemoryDisk::crash(Loss loss, Prng& prng) {
    if (loss != Loss::nothing) {
        crash_names(loss, prng);
        for (const auto& [name, inode] : durable_) inode->crash(loss, prng);
        live_ = durable_;
    }
    locks_.clear();
    ++life_;
    die_at_ = UINT64_MAX;
    dead_ = false;
}

void MemoryDisk::crash_names(Loss loss, Prng& prng) {
    for (const auto& [directory, changes] : pending_) {
        const std::size_t kept = loss == Loss::all    ? 0
                                 : loss == Loss::torn ? prng.below(changes.size() + 1)
                                                      : changes.size();
        for (std::size_t i = 0; i < kept; ++i) {
            if (loss == Loss::shuffled && prng.chance(1, 2)) continue;
            apply(durable_, changes[i]);
        }
    }
    pending_.clear();
    std::erase_if(durable_, [&](const auto& entry) {  // names in a lost directory
        const std::string parent = parent_of(entry.first);
        return !parent.empty() && !durable_.contains(parent);
    });
}

std::uint64_t MemoryDisk::count(std::string_view kind) const {
    const auto found = counts_.find(kind);
    return found == counts_.end() ? 0 : found->second;
}

std::string MemoryDisk::contents(std::string_view path) const {
    const auto found = live_.find(path);
    GEODE_ASSERT_MSG(found != live_.end(), "no such file");
    return found->second->live;
}

void MemoryDisk::corrupt(std::string_view path, std::string bytes) {
    const auto found = live_.find(path);
    GEODE_ASSERT_MSG(found != live_.end(), "no such file");
    found->second->pending.clear();
    found->second->live = found->second->durable = std::move(bytes);
}

std::vector<std::string> MemoryDisk::files() const {
    std::vector<std::string> paths;
    for (const auto& [name, inode] : live_) {
        if (!inode->directory) paths.push_back(name);
    }
    return paths;
}

Result<std::unique_ptr<File>> MemoryDisk::open(std::string_view path, OpenMode mode) {
    const auto found = live_.find(path);
    const bool present = found != live_.end();
    if (present && mode != OpenMode::create_new) {
        GEODE_TRY_VOID(begin("open", path, life_));
        if (found->second->directory) return make_error(ErrorCode::io_error, "is a directory");
        auto file = std::make_unique<MemoryFile>(*this, std::string(path), found->second);
        if (mode == OpenMode::truncate) GEODE_TRY_VOID(file->truncate(0));
        return std::unique_ptr<File>(std::move(file));
    }
    if (present) return make_error(ErrorCode::already_exists, std::string(path));
    if (mode == OpenMode::read) {
        GEODE_TRY_VOID(begin("open", path, life_));
        return make_error(ErrorCode::not_found, std::string(path));
    }
    bool doomed = false;
    GEODE_TRY_VOID(begin_mutation("create", path, life_, doomed));
    if (!is_dir(parent_of(path))) return make_error(ErrorCode::not_found, std::string(path));
    auto inode = std::make_shared<Inode>();
    GEODE_TRY_VOID(change_names({"", std::string(path), inode}, doomed));
    return std::unique_ptr<File>(
        std::make_unique<MemoryFile>(*this, std::string(path), std::move(inode)));
}

Result<void> MemoryDisk::rename(std::string_view from, std::string_view to) {
    bool doomed = false;
    GEODE_TRY_VOID(begin_mutation("rename", from, life_, doomed));
    const auto found = live_.find(from);
    if (found == live_.end()) return make_error(ErrorCode::not_found, std::string(from));
    GEODE_ASSERT_MSG(parent_of(from) == parent_of(to), "the fake renames within a directory");
    return change_names({std::string(from), std::string(to), found->second}, doomed);
}

Result<void> MemoryDisk::remove(std::string_view path) {
    bool doomed = false;
    GEODE_TRY_VOID(begin_mutation("remove", path, life_, doomed));
    const auto found = live_.find(path);
    if (found == live_.end()) return make_error(ErrorCode::not_found, std::string(path));
    return change_names({std::string(path), "", found->second}, doomed);
}

Result<bool> MemoryDisk::exists(std::string_view path) {
    GEODE_TRY_VOID(begin("exists", path, life_));
    return path.empty() || live_.contains(path);
}

Result<void> MemoryDisk::create_dir(std::string_view path) {
    bool doomed = false;
    GEODE_TRY_VOID(begin_mutation("create_dir", path, life_, doomed));
    if (is_dir(path)) return doomed ? Result<void>(dead_error()) : Result<void>();
    if (!is_dir(parent_of(path))) return make_error(ErrorCode::not_found, std::string(path));
    auto inode = std::make_shared<Inode>();
    inode->directory = true;
    return change_names({"", std::string(path), std::move(inode)}, doomed);
}

Result<void> MemoryDisk::remove_dir(std::string_view path) {
    GEODE_TRY(const std::vector<std::string> names, list(path));
    if (!names.empty()) return make_error(ErrorCode::io_error, "not empty: " + std::string(path));
    return remove(path);
}

Result<std::vector<std::string>> MemoryDisk::list(std::string_view path) {
    GEODE_TRY_VOID(begin("list", path, life_));
    if (!is_dir(path)) return make_error(ErrorCode::not_found, std::string(path));
    std::vector<std::string> names;
    for (const auto& [name, inode] : live_) {
        if (parent_of(name) == path)
            names.push_back(name.substr(path.empty() ? 0 : path.size() + 1));
    }
    return names;
}

Result<void> MemoryDisk::sync_dir(std::string_view path) {
    bool doomed = false;
    GEODE_TRY_VOID(begin_mutation("sync_dir", path, life_, doomed));
    if (doomed) return dead_error();
    const auto found = pending_.find(path);
    if (found == pending_.end()) return {};
    for (const NameChange& change : found->second) apply(durable_, change);
    pending_.erase(found);
    return {};
}

Result<std::unique_ptr<DirectoryLock>> MemoryDisk::lock(std::string_view path) {
    GEODE_TRY_VOID(begin("lock", path, life_));
    if (!locks_.insert(std::string(path)).second) {
        return make_error(ErrorCode::locked, std::string(path));
    }
    return std::unique_ptr<DirectoryLock>(std::make_unique<MemoryLock>(*this, std::string(path)));
}

}  // namespace geode::test

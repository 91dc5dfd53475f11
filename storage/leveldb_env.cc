// SPDX-License-Identifier: Apache-2.0
#include "storage/leveldb_env.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/probe.h"

namespace geode::storage {
namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr std::size_t write_buffer_bytes = 64 * 1024;

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_log(std::string_view path) {
    return path.ends_with(".log");
}

bool is_manifest(std::string_view path) {
    return name_of(path).starts_with("MANIFEST");
}

// LevelDB's log format (its doc/log_format.md): blocks of 32 KiB; records never span one.
constexpr std::size_t block_bytes = 32768;
constexpr std::size_t log_header_bytes = 7;  // u32 masked CRC32C, u16 length, u8 type
constexpr unsigned log_type_full = 1;
constexpr unsigned log_type_first = 2;
constexpr unsigned log_type_last = 4;

std::uint32_t mask_crc(std::uint32_t crc) {
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

// Length of the valid physical record at `at`, 0 if there is none; `type` is set if there is.
std::size_t log_record_at(BytesView bytes, std::size_t at, unsigned& type) {
    const std::size_t block_left = block_bytes - at % block_bytes;
    if (block_left < log_header_bytes || bytes.size() - at < log_header_bytes) return 0;
    type = read_little<std::uint8_t>(bytes, at + 6);
    if (type < log_type_full || type > log_type_last) return 0;
    const std::size_t length = log_header_bytes + read_little<std::uint16_t>(bytes, at + 4);
    if (length > block_left || length > bytes.size() - at) return 0;
    const std::uint32_t crc = crc32c(bytes.substr(at + 6, length - 6));
    return mask_crc(crc) == read_little<std::uint32_t>(bytes, at) ? length : 0;
}

class ContentsFile final : public leveldb::SequentialFile {
public:
    explicit ContentsFile(Bytes bytes) : bytes_(std::move(bytes)) {}
    Status Read(std::size_t count, Slice* out, char*) override {
        count = std::min(count, bytes_.size() - position_);
        *out = Slice(bytes_.data() + position_, count);
        position_ += count;
        return Status::OK();
    }
    Status Skip(std::uint64_t count) override {
        position_ += std::min<std::uint64_t>(count, bytes_.size() - position_);
        return Status::OK();
    }

private:
    Bytes bytes_;
    std::size_t position_ = 0;
};

class TableFile final : public leveldb::RandomAccessFile {
public:
    TableFile(LevelEnv& env, std::unique_ptr<File> file) : env_(env), file_(std::move(file)) {}
    Status Read(std::uint64_t offset, std::size_t count, Slice* out, char* scratch) const override {
        const Result<std::size_t> read = file_->read_at(offset, {scratch, count});
        if (!read) return env_.fail(read.error());
        *out = Slice(scratch, *read);
        return Status::OK();
    }

private:
    LevelEnv& env_;
    std::unique_ptr<File> file_;
};

struct HeldLock final : leveldb::FileLock {
    explicit HeldLock(std::unique_ptr<DirectoryLock> held) : lock(std::move(held)) {}
    std::unique_ptr<DirectoryLock> lock;
};

}  // namespace

std::size_t level_log_valid_prefix(BytesView bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t block_left = block_bytes - at % block_bytes;
        unsigned type = 0;
        // Less than a header at a block's end is filled with zeros.
        const std::size_t length = block_left < log_header_bytes
                                       ? std::min(block_left, bytes.size() - at)
                                       : log_record_at(bytes, at, type);
        if (length == 0) break;
        at += length;
    }
    return at;
}

bool level_log_record_after(BytesView bytes, std::size_t damage) {
    for (std::size_t at = damage + 1; at < bytes.size(); ++at) {
        unsigned type = 0;
        if (log_record_at(bytes, at, type) == 0) continue;
        if (type == log_type_full || type == log_type_first) return true;
    }
    return false;
}

// Buffers between LevelDB's flushes: it appends in small pieces.
class LevelWritableFile final : public leveldb::WritableFile {
public:
    LevelWritableFile(LevelEnv& env, std::string path, std::unique_ptr<File> file)
        : env_(env), path_(std::move(path)), file_(std::move(file)) {}
    ~LevelWritableFile() override {
        if (env_.current_log_ == this) env_.current_log_ = nullptr;
    }
    Status Append(const Slice& data) override {
        buffer_.append(data.data(), data.size());
        return buffer_.size() >= write_buffer_bytes ? write_out() : Status::OK();
    }
    Status Close() override { return write_out(); }
    // A MANIFEST waits for its sync: LevelDB flushes each record before it asks for one.
    Status Flush() override { return is_manifest(path_) ? Status::OK() : write_out(); }
    Status Sync() override {
        const Status written = write_out();
        return written.ok() ? env_.check(file_->sync()) : written;
    }

private:
    Status write_out() {
        if (buffer_.empty()) return Status::OK();
        if (is_manifest(path_)) {
            const Status named = env_.check(env_.disk_.sync_dir(parent_of(path_)));
            if (!named.ok()) return named;
        }
        const Status written = env_.check(file_->append(buffer_));
        buffer_.clear();
        return written;
    }

    LevelEnv& env_;
    std::string path_;
    std::unique_ptr<File> file_;
    Bytes buffer_;
};

LevelEnv::~LevelEnv() {
    GEODE_ASSERT_MSG(jobs_.empty(), "LevelDB's background work was not drained");
    GEODE_ASSERT(current_log_ == nullptr);
}

void LevelEnv::drain() {
    while (!jobs_.empty()) {
        const Job job = jobs_.front();
        jobs_.pop_front();
        job.work(job.argument);
    }
}

Status LevelEnv::fail(const Error& error) {
    if (error.code == ErrorCode::not_found) return Status::NotFound(error.message);
    if (!failure_.has_value()) failure_ = error;
    const std::string text = error.describe();
    return error.code == ErrorCode::corrupt ? Status::Corruption(text) : Status::IOError(text);
}

Status LevelEnv::check(const Result<void>& result) {
    return result ? Status::OK() : fail(result.error());
}

Result<Bytes> LevelEnv::read_whole(const std::string& path) {
    GEODE_TRY(const std::unique_ptr<File> file, disk_.open(path, OpenMode::read));
    GEODE_TRY(const std::uint64_t size, file->size());
    Bytes bytes(size, '\0');
    GEODE_TRY(const std::size_t read, file->read_at(0, bytes));
    if (read != size) return make_error(ErrorCode::io_error, "short read of " + path);
    return bytes;
}

// Cuts what must not be trusted off the contents of a .log or MANIFEST (invariants 3 and 4).
Status LevelEnv::trusted_contents(const std::string& path, Bytes& bytes) {
    if (!is_log(path) && !is_manifest(path)) return Status::OK();
    const std::size_t valid = level_log_valid_prefix(bytes);
    if (is_log(path) && !cut_log_.empty() && valid > 0) {
        return fail(make_error(ErrorCode::corrupt,
                               cut_log_ + " is damaged, and " + path + " goes on after it"));
    }
    if (valid == bytes.size()) return Status::OK();
    if (is_manifest(path) && level_log_record_after(bytes, valid)) {
        return fail(make_error(ErrorCode::corrupt, path + " at offset " + std::to_string(valid)));
    }
    GEODE_REACHED("storage.leveldb_log_cut");
    if (is_log(path)) cut_log_ = path;
    bytes.resize(valid);
    return Status::OK();
}

Status LevelEnv::NewSequentialFile(const std::string& path, leveldb::SequentialFile** out) {
    *out = nullptr;
    Result<Bytes> bytes = read_whole(path);
    if (!bytes) return fail(bytes.error());
    const Status trusted = trusted_contents(path, *bytes);
    if (trusted.ok()) *out = new ContentsFile(*std::move(bytes));
    return trusted;
}

Status LevelEnv::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** out) {
    *out = nullptr;
    Result<std::unique_ptr<File>> file = disk_.open(path, OpenMode::read);
    if (!file) return fail(file.error());
    *out = new TableFile(*this, *std::move(file));
    return Status::OK();
}

Status LevelEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** out) {
    *out = nullptr;
    if (is_log(path) && current_log_ != nullptr) {
        const Status synced = current_log_->Sync();
        if (!synced.ok()) return synced;
    }
    Result<std::unique_ptr<File>> file = disk_.open(path, OpenMode::truncate);
    if (!file) return fail(file.error());
    if (is_log(path)) {
        const Status named = check(disk_.sync_dir(parent_of(path)));
        if (!named.ok()) return named;
    }
    *out = new LevelWritableFile(*this, path, *std::move(file));
    if (is_log(path)) current_log_ = *out;
    return Status::OK();
}

Status LevelEnv::NewAppendableFile(const std::string& path, leveldb::WritableFile** out) {
    *out = nullptr;
    // Only Options::reuse_logs asks for it, which is off: a cut .log must not be appended to.
    return fail(make_error(ErrorCode::unsupported, "appending to " + path));
}

bool LevelEnv::FileExists(const std::string& path) {
    const Result<bool> exists = disk_.exists(path);
    if (!exists) (void)fail(exists.error());
    return exists && *exists;
}

Status LevelEnv::GetChildren(const std::string& path, std::vector<std::string>* out) {
    out->clear();
    Result<std::vector<std::string>> names = disk_.list(path);
    if (!names) return fail(names.error());
    *out = *std::move(names);
    return Status::OK();
}

Status LevelEnv::RemoveFile(const std::string& path) {
    return check(disk_.remove(path));
}

Status LevelEnv::CreateDir(const std::string& path) {
    return check(disk_.create_dir(path));
}

Status LevelEnv::RemoveDir(const std::string& path) {
    return check(disk_.remove_dir(path));
}

Status LevelEnv::GetFileSize(const std::string& path, std::uint64_t* out) {
    *out = 0;
    const Result<std::unique_ptr<File>> file = disk_.open(path, OpenMode::read);
    if (!file) return fail(file.error());
    const Result<std::uint64_t> size = (*file)->size();
    if (!size) return fail(size.error());
    *out = *size;
    return Status::OK();
}

Status LevelEnv::RenameFile(const std::string& from, const std::string& to) {
    const Status renamed = check(disk_.rename(from, to));
    return renamed.ok() ? check(disk_.sync_dir(parent_of(to))) : renamed;
}

Status LevelEnv::LockFile(const std::string& path, leveldb::FileLock** out) {
    *out = nullptr;
    Result<std::unique_ptr<DirectoryLock>> lock = disk_.lock(path);
    if (!lock) return fail(lock.error());
    *out = new HeldLock(*std::move(lock));
    return Status::OK();
}

Status LevelEnv::UnlockFile(leveldb::FileLock* lock) {
    delete lock;
    return Status::OK();
}

void LevelEnv::Schedule(void (*work)(void*), void* argument) {
    jobs_.push_back(Job{work, argument});
}

void LevelEnv::StartThread(void (*)(void*), void*) {
    GEODE_UNREACHABLE("LevelDB starts no threads of its own");
}

Status LevelEnv::GetTestDirectory(std::string* out) {
    out->clear();
    return Status::NotSupported("no test directory");
}

Status LevelEnv::NewLogger(const std::string&, leveldb::Logger** out) {
    *out = nullptr;
    return Status::NotSupported("no info log");
}

std::uint64_t LevelEnv::NowMicros() {
    return ++micros_;
}

void LevelEnv::SleepForMicroseconds(int micros) {
    micros_ += static_cast<std::uint64_t>(std::max(micros, 0));
}

}  // namespace geode::storage

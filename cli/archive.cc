// SPDX-License-Identifier: Apache-2.0
#include "cli/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "cli/gzip.h"

namespace geode::cli {
namespace {

struct FreeReader {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeReader>;

Error damaged(const std::string& name, archive* reader) {
    const char* const why = archive_error_string(reader);
    return make_error(ErrorCode::invalid_argument,
                      name + ": expected a tar or zip archive, but it is damaged: " +
                          (why != nullptr ? why : "its end is missing"));
}

Error too_large(const std::string& name, std::uint64_t bytes_max) {
    return make_error(ErrorCode::too_large,
                      name + ": unpacks to more than " + std::to_string(bytes_max) + " bytes");
}

/// Appends what the entry holds; false if that is more than `bytes_max` in all.
Result<bool> append_contents(archive* reader, const std::string& name, std::uint64_t bytes_max,
                             std::string& out) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    while (true) {
        const int status = archive_read_data_block(reader, &block, &size, &offset);
        if (status == ARCHIVE_EOF) return true;
        if (status != ARCHIVE_OK) return damaged(name, reader);
        // Sparse files have holes before a block, which are zeros.
        const auto begin = static_cast<std::uint64_t>(offset);
        if (begin > bytes_max || size > bytes_max - begin) return false;
        out.resize(static_cast<std::size_t>(begin), '\0');
        out.append(static_cast<const char*>(block), size);
    }
}

}  // namespace

bool is_archive(std::string_view bytes) {
    constexpr std::size_t tar_mark_at = 257;
    return bytes.starts_with("PK\x03\x04") ||
           (bytes.size() > tar_mark_at && bytes.substr(tar_mark_at).starts_with("ustar"));
}

Result<std::vector<NamedBytes>> unpack_archive(std::string_view bytes, const std::string& name,
                                               std::uint64_t bytes_max) {
    const Reader reader(archive_read_new());
    GEODE_ASSERT(reader != nullptr);
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
        return damaged(name, reader.get());
    }
    std::vector<NamedBytes> files;
    std::uint64_t unpacked = 0;
    while (true) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) return files;
        // A warning is about a member's name or owner in a notation of another system.
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return damaged(name, reader.get());
        if (archive_entry_filetype(entry) != AE_IFREG) continue;
        const char* const path = archive_entry_pathname_utf8(entry);
        NamedBytes file{.name = path != nullptr ? path : std::to_string(files.size() + 1),
                        .bytes = {}};
        GEODE_TRY(const bool fits, append_contents(reader.get(), name + "/" + file.name,
                                                   bytes_max - unpacked, file.bytes));
        if (!fits) return too_large(name, bytes_max);
        if (is_gzip(file.bytes)) {
            auto plain = gunzip(file.bytes, name + "/" + file.name, bytes_max - unpacked);
            if (!plain && plain.code() == ErrorCode::too_large) return too_large(name, bytes_max);
            GEODE_TRY(file.bytes, std::move(plain));
        }
        unpacked += file.bytes.size();
        files.push_back(std::move(file));
    }
}

}  // namespace geode::cli

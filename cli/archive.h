// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads tar and zip archives in memory, and the gzip files in them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace geode::cli {

struct NamedBytes {
    std::string name;
    std::string bytes;
};

/// Whether the bytes begin as a tar or zip archive does.
bool is_archive(std::string_view bytes);

/// The files of the archive in its own order, without folders, links and the like; unpacked if they
/// are gzip. `name` is for messages. Errors: `invalid_argument` if it is damaged or cut short;
/// `too_large` if they come to more than `bytes_max`.
Result<std::vector<NamedBytes>> unpack_archive(std::string_view bytes, const std::string& name,
                                               std::uint64_t bytes_max);

}  // namespace geode::cli

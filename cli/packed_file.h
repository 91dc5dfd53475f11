// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a file that may be compressed, or standard input.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace geode::cli {

/// What a compressed file may grow to before it is refused: a few kilobytes can claim anything.
inline constexpr std::uint64_t unpacked_bytes_max = std::uint64_t{8} << 30;

/// The whole contents of `path` (`-`: standard input), unpacked if they are gzip, of one or more
/// members. Errors: `not_found`, `io_error`; `invalid_argument` if the compressed data is damaged
/// or cut short; `too_large` beyond `unpacked_bytes_max`.
Result<std::string> read_packed_file(const std::string& path);

/// Unpacks gzip data in memory; `name` is for messages. Errors as above.
Result<std::string> gunzip(const std::string& packed, const std::string& name,
                           std::uint64_t bytes_max = unpacked_bytes_max);

}  // namespace geode::cli

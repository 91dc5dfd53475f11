// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packs and unpacks gzip data in memory. What is cut short, damaged or followed by something else
// is refused: a verdict on the part of a history that could be read would be a wrong one.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace geode::cli {

bool is_gzip(std::string_view bytes);

/// The contents of one or more gzip members; `name` is for messages. Errors: `invalid_argument` if
/// the data is damaged or cut short; `too_large` beyond `bytes_max`.
Result<std::string> gunzip(const std::string& packed, const std::string& name,
                           std::uint64_t bytes_max);

/// One gzip member without a time or a name, so that equal bytes give equal files.
std::string gzip(const std::string& plain);

}  // namespace geode::cli

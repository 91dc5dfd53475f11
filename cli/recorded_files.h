// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds the recorded histories behind a path that a person names: a file, standard input, a folder
// or an archive, any of them packed with gzip.
//
// In a folder (with all folders in it) and in an archive (tar or zip) every file is a history, but
// for the session logs of Cobra, of which those in one folder are one history together. Histories
// come in the order of their names, hidden files are passed over, and an archive in a folder is not
// opened. Contents decide what a file is, never its name.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/archive.h"
#include "workloads/check/formats.h"

namespace geode::cli {

/// What a path of so many bytes may come to once it is unpacked, with what is packed in it, before
/// it is refused: a few kilobytes can claim anything. No history shrinks to less than a 200th.
constexpr std::uint64_t unpacked_bytes_max(std::uint64_t packed_bytes) {
    constexpr std::uint64_t always = std::uint64_t{256} << 20;
    constexpr std::uint64_t never = std::uint64_t{8} << 30;
    return std::clamp(std::min(packed_bytes, never) * 200, always, never);
}

/// One history as it lies on disk.
struct RecordedFiles {
    std::string name;               ///< the path; of a member PATH/MEMBER
    std::vector<NamedBytes> files;  ///< one, or one for each session
};

/// What the reader of histories wants. Borrows from `recording`.
std::vector<check::NamedText> texts_of(const RecordedFiles& recording);

/// Calls `each` with every history behind `path` (`-`: standard input), one at a time; with an
/// error for one that cannot be read, and goes on with the next. Errors: `not_found`, `io_error`;
/// `invalid_argument` if packed data is damaged or cut short, or there is no history at all;
/// `too_large` beyond `unpacked_bytes_max`.
void for_each_recording(const std::string& path,
                        const std::function<void(Result<RecordedFiles>)>& each);

}  // namespace geode::cli

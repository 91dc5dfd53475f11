// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs programs such as ip, nft and tc, with words instead of a shell line and text on stdin.
//
// Blocks the calling thread; a fiber calls it through Offload.

#include <string>
#include <vector>

#include "base/result.h"

namespace geode::jepsen {

struct CommandOutput {
    int status = 0;      ///< exit status; 128 + signal
    std::string output;  ///< stdout
    std::string errors;  ///< stderr
};

using Words = std::vector<std::string>;

/// Runs words[0], found along PATH and in the sbin folders, to its end. Error: `not_found` if
/// there is no such program, `io_error`.
Result<CommandOutput> run_command(const Words& words, const std::string& input = {});

/// As run_command(), but a status other than 0 is `io_error` with the command and its first line
/// of complaint. Returns stdout.
Result<std::string> must_run(const Words& words, const std::string& input = {});

}  // namespace geode::jepsen

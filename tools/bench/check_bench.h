// SPDX-License-Identifier: Apache-2.0
#pragma once

// How fast the checkers are: one JSON object per line and case, each case in a process of its own,
// so that its memory can be told.

#include <string>

namespace geode::bench {

struct CheckBenchOptions {
    std::string only = {};  ///< cases whose name contains this
    bool quick = false;     ///< leaves out what takes more than a second
};

/// Runs the cases; the process's exit status: 0, or 1 if a case came to an unexpected verdict.
int bench_check(const CheckBenchOptions& options);

}  // namespace geode::bench

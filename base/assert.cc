// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace geode {

void assert_failed(const char* condition, const char* file, int line,
                   const char* message) noexcept {
    std::fprintf(stderr, "%s:%d: assertion failed: %s%s%s\n", file, line, condition,
                 message != nullptr ? " - " : "", message != nullptr ? message : "");
    std::fflush(stderr);
    std::abort();
}

}  // namespace geode

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lets clang 16 and later read Debian 12's Cap'n Proto 0.9.2, whose blob.h compares a const char*
// with a kj::StringPtr and relies on C++20 swapping the operands. Since P2468R2 nobody swaps them
// for a type that also has operator!=, and g++ 12 does not know that rule yet. Forced in by the
// clang preset only (CMakePresets.json); no source includes it.

#include <kj/string.h>

namespace kj {

inline bool operator==(const char* left, StringPtr right) {
    return right.operator==(StringPtr(left));
}
inline bool operator!=(const char* left, StringPtr right) {
    return !right.operator==(StringPtr(left));
}

}  // namespace kj

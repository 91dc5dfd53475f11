// SPDX-License-Identifier: Apache-2.0
#pragma once

// Assertions that stay on in every build.
//
// An assertion states what only a bug of ours can break; expected failures travel in Result<T>.
// A failing assertion prints the condition and its place to stderr and aborts. It knows nothing of
// seeds or nodes: the program that owns a World (geode-sim) installs a SIGABRT handler that adds
// them, so that this layer needs no mutable global.
//
// GEODE_VERIFY_SLOW guards checks whose cost is more than constant. It is on in every build except
// those configured with -DGEODE_VERIFY_SLOW=OFF, and must not change behaviour.

namespace geode {

/// Reports a broken invariant and aborts. Called only through the macros below.
[[noreturn]] void assert_failed(const char* condition, const char* file, int line,
                                const char* message) noexcept;

}  // namespace geode

#define GEODE_ASSERT(condition)   \
    (static_cast<bool>(condition) \
         ? static_cast<void>(0)   \
         : ::geode::assert_failed(#condition, __FILE__, __LINE__, nullptr))

/// As GEODE_ASSERT, with one sentence that says what the broken condition means.
#define GEODE_ASSERT_MSG(condition, message) \
    (static_cast<bool>(condition)            \
         ? static_cast<void>(0)              \
         : ::geode::assert_failed(#condition, __FILE__, __LINE__, message))

#define GEODE_UNREACHABLE(message) \
    ::geode::assert_failed("unreachable", __FILE__, __LINE__, message)

#if defined(GEODE_NO_VERIFY_SLOW)
#define GEODE_VERIFY_SLOW(condition) static_cast<void>(0)
#else
#define GEODE_VERIFY_SLOW(condition) GEODE_ASSERT(condition)
#endif

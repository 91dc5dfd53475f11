// SPDX-License-Identifier: Apache-2.0
#pragma once

// Durations as people write them on command lines: 60s, 500ms, 250us, 2m, 1h.

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace geode::sim {

/// 1 us to 1,000,000 s. Error: `invalid_argument`, with what was expected.
Result<Duration> parse_duration(const std::string& text);

/// "60s", "1500ms", "250us": the shortest form that is exact.
std::string duration_text(Duration duration);

}  // namespace geode::sim

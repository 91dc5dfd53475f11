// SPDX-License-Identifier: Apache-2.0
#pragma once

// The timeline page of a run: one column per client, one box per operation, time downwards.
//
// In the manner of Jepsen's timeline.html: the colour says how an operation ended, a click target
// (#i42) names it by its index in history.edn, and the faults stand in a column of their own. Only
// the first operations_max operations are drawn, and the page says so.

#include <string>
#include <string_view>
#include <vector>

#include "jepsen/operation_log.h"

namespace geode::jepsen {

inline constexpr std::size_t timeline_operations_max = 10'000;

/// A whole HTML page that needs nothing else.
std::string timeline_html(const std::vector<Event>& events, std::string_view title);

}  // namespace geode::jepsen

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two pictures of a run, as SVG, in the manner of Jepsen's store.
//
// Time runs to the right, in seconds from the start. The time of faults is shaded, one band per
// kind, so that one sees which fault a stretch of slow or unknown operations belongs to. Points on
// the same pixel are drawn once: a run of an hour makes a picture that a browser still shows.

#include <string>
#include <vector>

#include "jepsen/operation_log.h"

namespace geode::jepsen {

/// One dot per operation: when it was invoked, how long it took (logarithmic), how it ended.
std::string latency_svg(const std::vector<Event>& events);

/// Operations per second over time, a line per function and outcome.
std::string rate_svg(const std::vector<Event>& events);

/// When faults of one kind were in force.
struct FaultSpan {
    std::string kind;
    std::int64_t begin_ns = 0;
    std::int64_t end_ns = 0;
};
/// From the nemesis' start-KIND, stop-KIND and heal events, by beginning. A kind that does not last
/// is a span of no length.
std::vector<FaultSpan> fault_spans(const std::vector<Event>& events);

/// Text with <, >, & and quotes escaped, for SVG and HTML.
std::string escaped(std::string_view text);

}  // namespace geode::jepsen

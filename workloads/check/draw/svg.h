// SPDX-License-Identifier: Apache-2.0
#pragma once

// A judgement as one self-contained SVG: a section for each anomaly.
//
// An anomaly with steps is a cycle: its operations stand one below the other, with an arrow for
// each step that tells its relation and why it holds, and one arrow back to the top. Any other
// anomaly is a timeline: a lane for each process, a bar from invocation to completion for each
// operation the judgement describes, those of the anomaly in red; a bar that fades out to the right
// is of unknown outcome. Only the order of events is drawn to scale, not the time between them.
//
// A pure function: equal judgements give equal bytes. Text of any kind is made safe for XML.

#include <string>
#include <string_view>

#include "workloads/check/judgement.h"

namespace geode::check {

/// Anomalies after this many are only counted.
inline constexpr std::size_t drawn_anomalies_max = 12;

/// The picture; of a judgement without anomalies, the title and the verdict.
std::string draw_svg(const Judgement& judgement, std::string_view title);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two kinds of picture, each drawn below a given line. Internal to this folder.

#include "workloads/check/draw/svg_canvas.h"
#include "workloads/check/judgement.h"

namespace geode::check {

inline constexpr std::int32_t left_edge = 24;
inline constexpr std::size_t text_columns_max = 110;

/// The description of operation `index`. Requires that the judgement has one (its invariant 3).
const WitnessOperation& operation_of(const Judgement& judgement, std::uint32_t index);

/// "12, process 3: read 8 = [1]"
std::string label_of(const WitnessOperation& operation);

/// Each draws with its top at `top` and answers where the next thing may begin.
std::int32_t draw_cycle(Canvas& canvas, const Judgement& judgement, const Anomaly& anomaly,
                        std::int32_t top);
std::int32_t draw_timeline(Canvas& canvas, const Judgement& judgement, const Anomaly& anomaly,
                           std::int32_t top);

}  // namespace geode::check

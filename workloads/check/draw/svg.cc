// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/draw/svg.h"

#include <algorithm>
#include <span>

#include "base/assert.h"
#include "workloads/check/draw/svg_parts.h"

namespace geode::check {
namespace {

constexpr std::int32_t section_gap = 36;
constexpr std::size_t heading_lines_max = 12;

std::int32_t draw_words(Canvas& canvas, std::string_view words, std::string_view css_class,
                        std::int32_t top) {
    for (const std::string& line : wrap(words, text_columns_max, heading_lines_max)) {
        canvas.text({left_edge, top}, line, css_class);
        top += line_height;
    }
    return top;
}

std::string verdict_words(const Judgement& judgement) {
    std::string out(to_string(judgement.verdict));
    if (!judgement.reason.empty()) out.append(": ").append(judgement.reason);
    if (!judgement.ruled_out.empty()) {
        out.append("; ruled out:");
        for (const std::string& model : judgement.ruled_out) out.append(" ").append(model);
    }
    return out;
}

}  // namespace

const WitnessOperation& operation_of(const Judgement& judgement, std::uint32_t index) {
    const auto found =
        std::ranges::lower_bound(judgement.operations, index, {}, &WitnessOperation::index);
    GEODE_ASSERT(found != judgement.operations.end());
    GEODE_ASSERT(found->index == index);
    return *found;
}

std::string label_of(const WitnessOperation& operation) {
    return std::to_string(operation.index) + ", process " + std::to_string(operation.process) +
           ": " + operation.words;
}

std::string draw_svg(const Judgement& judgement, std::string_view title) {
    Canvas canvas;
    std::int32_t top = left_edge + line_height;
    top = draw_words(canvas, title, "title", top) + line_height / 2;
    top = draw_words(canvas, verdict_words(judgement), "note", top) + line_height;
    const std::size_t drawn = std::min(judgement.anomalies.size(), drawn_anomalies_max);
    for (const Anomaly& anomaly : std::span(judgement.anomalies).first(drawn)) {
        top = draw_words(canvas, anomaly.name, "name", top);
        top = draw_words(canvas, anomaly.words, "note", top);
        top = anomaly.steps.empty() ? draw_timeline(canvas, judgement, anomaly, top)
                                    : draw_cycle(canvas, judgement, anomaly, top);
        top += section_gap;
    }
    if (const std::size_t rest = judgement.anomalies.size() - drawn; rest > 0) {
        draw_words(canvas, "and " + std::to_string(rest) + " more anomalies", "note", top);
    }
    return canvas.finish(title);
}

}  // namespace geode::check

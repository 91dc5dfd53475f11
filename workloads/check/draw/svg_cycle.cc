// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "workloads/check/draw/svg_parts.h"

namespace geode::check {
namespace {

constexpr std::int32_t box_left = left_edge + 40;  // room for the arrow back to the top
constexpr std::int32_t box_padding = 8;
constexpr std::int32_t arrow_indent = 32;
constexpr std::size_t box_lines_max = 6;
constexpr std::size_t step_lines_max = 4;

std::int32_t height_of(const std::vector<std::string>& lines) {
    return static_cast<std::int32_t>(lines.size()) * line_height;
}

std::int32_t draw_box(Canvas& canvas, const WitnessOperation& operation, std::int32_t top) {
    const std::vector<std::string> lines =
        wrap(label_of(operation), text_columns_max, box_lines_max);
    std::size_t columns = 0;
    for (const std::string& line : lines) columns = std::max(columns, line.size());
    const std::int32_t height = height_of(lines) + 2 * box_padding;
    const std::int32_t width =
        static_cast<std::int32_t>(columns) * (letter_width + 1) + 2 * box_padding;
    canvas.box({box_left, top}, width, height, "operation");
    std::int32_t baseline = top + box_padding + line_height - 4;
    for (const std::string& line : lines) {
        canvas.text({box_left + box_padding, baseline}, line, "");
        baseline += line_height;
    }
    return top + height;
}

std::vector<std::string> step_lines(const WitnessStep& step) {
    return wrap(step.relation + ": " + step.words, text_columns_max, step_lines_max);
}

std::int32_t draw_step_words(Canvas& canvas, const WitnessStep& step, std::int32_t top) {
    std::int32_t baseline = top + line_height + 4;
    for (const std::string& line : step_lines(step)) {
        canvas.text({box_left + arrow_indent + 12, baseline}, line, "note");
        baseline += line_height;
    }
    return baseline - line_height + 12;
}

}  // namespace

std::int32_t draw_cycle(Canvas& canvas, const Judgement& judgement, const Anomaly& anomaly,
                        std::int32_t top) {
    const std::int32_t first = top;
    for (std::size_t index = 0; index < anomaly.steps.size(); ++index) {
        const WitnessStep& step = anomaly.steps[index];
        const std::int32_t below = draw_box(canvas, operation_of(judgement, step.from), top);
        top = draw_step_words(canvas, step, below);
        const bool last = index + 1 == anomaly.steps.size();
        if (!last) {
            canvas.arrow({{box_left + arrow_indent, below}, {box_left + arrow_indent, top}},
                         "arrow");
            continue;
        }
        const std::int32_t back = first + box_padding + line_height / 2;
        canvas.arrow({{box_left + arrow_indent, below},
                      {box_left + arrow_indent, top},
                      {left_edge + 12, top},
                      {left_edge + 12, back},
                      {box_left, back}},
                     "arrow");
    }
    return top + line_height;
}

}  // namespace geode::check

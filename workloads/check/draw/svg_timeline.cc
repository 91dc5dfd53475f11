// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>

#include "workloads/check/draw/svg_parts.h"

namespace geode::check {
namespace {

constexpr std::int32_t lanes_left = left_edge + 100;
constexpr std::int32_t lane_height = 30;
constexpr std::int32_t bar_height = 20;
constexpr std::int32_t picture_width = 900;
constexpr std::int32_t column_width_min = 14;
constexpr std::int32_t column_width_max = 90;
constexpr std::size_t legend_lines_max = 3;
constexpr std::size_t drawn_operations_max = 200;

/// The order of events, without the gaps between those that are not drawn.
class Columns {
public:
    explicit Columns(std::span<const WitnessOperation> operations) {
        for (const WitnessOperation& operation : operations) {
            positions_.push_back(operation.invoked);
            if (operation.completed != UINT64_MAX) positions_.push_back(operation.completed);
        }
        std::ranges::sort(positions_);
        const auto count = static_cast<std::int32_t>(std::max<std::size_t>(positions_.size(), 1));
        width_ = std::clamp(picture_width / count, column_width_min, column_width_max);
    }
    /// The column of an event; of one that never came, the one after the last.
    std::int32_t at(std::uint64_t position) const {
        const auto found = std::ranges::lower_bound(positions_, position);
        return lanes_left + static_cast<std::int32_t>(found - positions_.begin()) * width_;
    }
    std::int32_t width() const { return width_; }
    std::int32_t right() const { return at(UINT64_MAX) + width_ / 2; }

private:
    std::vector<std::uint64_t> positions_;
    std::int32_t width_ = column_width_max;
};

bool blamed(const Anomaly& anomaly, const WitnessOperation& operation) {
    return std::ranges::find(anomaly.operations, operation.index) != anomaly.operations.end();
}

/// The first operations, and those of the anomaly in any case.
std::vector<WitnessOperation> chosen(const Judgement& judgement, const Anomaly& anomaly) {
    std::vector<WitnessOperation> out;
    for (const WitnessOperation& operation : judgement.operations) {
        if (out.size() < drawn_operations_max || blamed(anomaly, operation)) {
            out.push_back(operation);
        }
    }
    return out;
}

std::vector<std::int64_t> processes_of(std::span<const WitnessOperation> operations) {
    std::vector<std::int64_t> out;
    for (const WitnessOperation& operation : operations) out.push_back(operation.process);
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

void draw_bar(Canvas& canvas, const Columns& columns, const WitnessOperation& operation,
              bool culprit, std::int32_t top) {
    const std::int32_t left = columns.at(operation.invoked);
    const bool unknown = operation.completed == UINT64_MAX;
    const std::int32_t right = unknown ? columns.right() : columns.at(operation.completed);
    const std::int32_t width = std::max(right - left, column_width_min - 2);
    const std::string css_class = std::string(culprit ? "culprit" : "bar");
    canvas.box({left, top}, width, bar_height, unknown ? css_class + " unknown" : css_class);
    std::string words = std::to_string(operation.index) + " " + operation.words;
    const auto room = static_cast<std::size_t>(std::max(width / (letter_width + 1) - 1, 0));
    if (words.size() > room) words = std::to_string(operation.index);
    if (words.size() <= room) canvas.text({left + 4, top + 14}, words, unknown ? "" : "on");
}

}  // namespace

std::int32_t draw_timeline(Canvas& canvas, const Judgement& judgement, const Anomaly& anomaly,
                           std::int32_t top) {
    const std::vector<WitnessOperation> operations = chosen(judgement, anomaly);
    if (operations.empty()) return top;
    const Columns columns(operations);
    const std::vector<std::int64_t> processes = processes_of(operations);
    for (const std::int64_t process : processes) {
        const std::int32_t middle = top + bar_height / 2;
        canvas.text({left_edge, middle + 4}, "process " + std::to_string(process), "note");
        canvas.line({lanes_left, middle}, {columns.right(), middle}, "lane");
        for (const WitnessOperation& operation : operations) {
            if (operation.process == process) {
                draw_bar(canvas, columns, operation, blamed(anomaly, operation), top);
            }
        }
        top += lane_height;
    }
    top += line_height;
    for (const WitnessOperation& operation : operations) {
        for (const std::string& line :
             wrap(label_of(operation), text_columns_max, legend_lines_max)) {
            canvas.text({left_edge, top}, line, blamed(anomaly, operation) ? "name" : "note");
            top += line_height;
        }
    }
    return top;
}

}  // namespace geode::check

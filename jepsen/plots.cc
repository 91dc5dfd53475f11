// SPDX-License-Identifier: Apache-2.0
#include "jepsen/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sim/data/schedule.h"

namespace geode::jepsen {
namespace {

constexpr double width = 1000;
constexpr double height = 420;
constexpr double left = 60;
constexpr double right = 190;  // room for the legend
constexpr double top = 20;
constexpr double bottom = 40;
constexpr double plot_width = width - left - right;
constexpr double plot_height = height - top - bottom;
constexpr int rate_buckets = 120;

constexpr std::string_view colour_of(EventType type) {
    switch (type) {
        case EventType::ok: return "#81BFFC";
        case EventType::info: return "#FFA400";
        default: return "#FF1E90";
    }
}

/// Bands get these in turn, by the order of the kinds' names.
constexpr std::string_view band_colours[] = {"#e9dcc9", "#d5e4cf", "#dcd6ea", "#f2d4d4",
                                             "#cfe5ea", "#eee3b4", "#e3d0e0", "#d9d9d9"};

double x_of(std::int64_t ns, std::int64_t end_ns) {
    return left + plot_width * static_cast<double>(ns) / static_cast<double>(end_ns);
}

std::int64_t end_of(const std::vector<Event>& events) {
    return std::max<std::int64_t>(1, events.empty() ? 1 : events.back().time_ns);
}

/// 1, 2 or 5 times a power of ten, so that there are at most ten ticks.
double tick_step(double range) {
    const double rough = range / 10;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough) return factor * power;
    }
    return 10 * power;
}

class Picture {
public:
    Picture(std::string_view title, const std::vector<Event>& events)
        : end_ns_(end_of(events)), spans_(fault_spans(events)) {
        text_ = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
            "height=\"{1}\" font-family=\"sans-serif\" font-size=\"11\">\n<title>{2}</title>\n"
            "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
            width, height, title);
        bands();
        time_axis();
    }

    void add(std::string_view element) { text_.append(element).append("\n"); }
    void tick_y(double y, std::string_view label) {
        add(
            fmt::format("<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" "
                        "stroke=\"#ddd\"/>",
                        left, left + plot_width, y));
        add(fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left - 6,
                        y + 4, label));
    }
    void legend(std::string_view colour, std::string_view label) {
        legend_at_ += 15;
        add(fmt::format("<rect x=\"{}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{}\"/>",
                        left + plot_width + 10, legend_at_ - 9, colour));
        add(fmt::format("<text x=\"{}\" y=\"{}\">{}</text>", left + plot_width + 25, legend_at_,
                        escaped(label)));
    }
    std::int64_t end_ns() const { return end_ns_; }
    std::string finish() {
        add(
            fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" "
                        "stroke=\"#888\"/>",
                        left, top, plot_width, plot_height));
        return text_ + "</svg>\n";
    }

private:
    void bands();
    void time_axis();

    std::string text_;
    std::int64_t end_ns_;
    std::vector<FaultSpan> spans_;
    double legend_at_ = top;
};

void Picture::bands() {
    std::map<std::string, std::size_t> rows;
    for (const FaultSpan& span : spans_) rows.emplace(span.kind, 0);
    std::size_t next = 0;
    for (auto& [kind, row] : rows) row = next++;
    const double each = rows.empty() ? 0 : plot_height / static_cast<double>(rows.size());
    for (const FaultSpan& span : spans_) {
        const std::size_t row = rows[span.kind];
        const double x = x_of(span.begin_ns, end_ns_);
        add(fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
            "fill=\"{}\"><title>{}</title></rect>",
            x, top + each * static_cast<double>(row), std::max(1.0, x_of(span.end_ns, end_ns_) - x),
            each, band_colours[row % std::size(band_colours)], escaped(span.kind)));
    }
    for (const auto& [kind, row] : rows) legend(band_colours[row % std::size(band_colours)], kind);
}

void Picture::time_axis() {
    const double seconds_shown = static_cast<double>(end_ns_) / 1e9;
    const double step = tick_step(seconds_shown);
    for (double at = 0; at <= seconds_shown; at += step) {
        add(fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g}</text>",
                        left + plot_width * at / seconds_shown, height - bottom + 16, at));
    }
    add(fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">seconds</text>",
                    left + plot_width / 2, height - 6));
}

/// Labels such as "write ok".
std::string series_name(const LoggedOperation& operation) {
    return fmt::format("{} {}", operation.invoked->function, to_string(operation.outcome()));
}

void append_dot(Picture& picture, const LoggedOperation& operation, double x, double y,
                std::set<std::string>& drawn) {
    std::string dot = fmt::format("<circle cx=\"{:.0f}\" cy=\"{:.0f}\" r=\"1.5\" fill=\"{}\"/>", x,
                                  y, colour_of(operation.outcome()));
    if (drawn.insert(dot).second) picture.add(dot);
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char letter : text) {
        switch (letter) {
            case '<': safe += "&lt;"; break;
            case '>': safe += "&gt;"; break;
            case '&': safe += "&amp;"; break;
            case '"': safe += "&quot;"; break;
            default: safe += letter; break;
        }
    }
    return safe;
}

std::vector<FaultSpan> fault_spans(const std::vector<Event>& events) {
    std::vector<FaultSpan> spans;
    // By kind: which of several a stop ends does not change what is covered.
    std::map<std::string, std::vector<std::size_t>> open;
    for (const Event& event : events) {
        if (event.process != nemesis_process) continue;
        if (event.function == "heal") {
            for (const auto& [kind, indexes] : open) {
                for (const std::size_t index : indexes) spans[index].end_ns = event.time_ns;
            }
            open.clear();
        } else if (event.function.starts_with("start-")) {
            const std::string kind = event.function.substr(6);
            const auto known = sim::find_fault_kind(kind);
            if (!known || sim::spec_of(*known).lasts) open[kind].push_back(spans.size());
            spans.push_back({kind, event.time_ns, event.time_ns});
        } else if (event.function.starts_with("stop-")) {
            std::vector<std::size_t>& indexes = open[event.function.substr(5)];
            if (indexes.empty()) continue;
            spans[indexes.front()].end_ns = event.time_ns;
            indexes.erase(indexes.begin());
        }
    }
    return spans;
}

std::string latency_svg(const std::vector<Event>& events) {
    Picture picture("latency of operations", events);
    const std::vector<LoggedOperation> operations = operations_of(events);
    const auto latency_ms = [](const LoggedOperation& operation) {
        return std::max(
            0.01,
            static_cast<double>(operation.completed->time_ns - operation.invoked->time_ns) / 1e6);
    };
    double low = 1;
    double high = 10;
    for (const LoggedOperation& operation : operations) {
        if (operation.completed == nullptr) continue;
        low = std::min(low, latency_ms(operation));
        high = std::max(high, latency_ms(operation));
    }
    const double floor = std::floor(std::log10(low));
    const double ceiling = std::ceil(std::log10(high));
    const auto y_of = [&](double ms) {
        return top + plot_height * (1 - (std::log10(ms) - floor) / (ceiling - floor));
    };
    for (double power = floor; power <= ceiling; ++power) {
        picture.tick_y(y_of(std::pow(10.0, power)), fmt::format("{:g} ms", std::pow(10.0, power)));
    }
    std::set<std::string> drawn;
    for (const LoggedOperation& operation : operations) {
        if (operation.completed == nullptr) continue;
        append_dot(picture, operation, x_of(operation.invoked->time_ns, picture.end_ns()),
                   y_of(latency_ms(operation)), drawn);
    }
    for (const EventType type : {EventType::ok, EventType::info, EventType::fail}) {
        picture.legend(colour_of(type), to_string(type));
    }
    return picture.finish();
}

std::string rate_svg(const std::vector<Event>& events) {
    Picture picture("rate of operations", events);
    std::map<std::string, std::vector<double>> series;
    std::map<std::string, EventType> types;
    const double bucket_s = static_cast<double>(picture.end_ns()) / 1e9 / rate_buckets;
    double high = 1;
    for (const LoggedOperation& operation : operations_of(events)) {
        if (operation.completed == nullptr) continue;
        const std::string name = series_name(operation);
        types[name] = operation.outcome();
        std::vector<double>& buckets = series[name];
        buckets.resize(rate_buckets);
        const auto bucket = static_cast<std::size_t>(std::min<std::int64_t>(
            rate_buckets - 1, operation.completed->time_ns * rate_buckets / picture.end_ns()));
        buckets[bucket] += 1 / bucket_s;
        high = std::max(high, buckets[bucket]);
    }
    const double step = tick_step(high);
    for (double at = 0; at <= high; at += step) {
        picture.tick_y(top + plot_height * (1 - at / high), fmt::format("{:g}/s", at));
    }
    constexpr std::string_view dashes[] = {"", "4 2", "1 2", "8 2", "8 2 1 2", "2 4"};
    std::size_t number = 0;
    for (const auto& [name, buckets] : series) {
        std::string points;
        for (std::size_t i = 0; i < buckets.size(); ++i) {
            points += fmt::format("{:.1f},{:.1f} ",
                                  left + plot_width * (static_cast<double>(i) + 0.5) / rate_buckets,
                                  top + plot_height * (1 - buckets[i] / high));
        }
        picture.add(fmt::format(
            "<polyline fill=\"none\" stroke=\"{}\" stroke-dasharray=\"{}\" "
            "points=\"{}\"><title>{}</title></polyline>",
            colour_of(types[name]), dashes[number % std::size(dashes)], points, escaped(name)));
        picture.legend(colour_of(types[name]), name);
        ++number;
    }
    return picture.finish();
}

}  // namespace geode::jepsen

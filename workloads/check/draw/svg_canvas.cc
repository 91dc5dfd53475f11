// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/draw/svg_canvas.h"

#include <algorithm>

namespace geode::check {
namespace {

constexpr std::int32_t margin = 24;

constexpr std::string_view style = R"(<style>
text { font: 12px ui-monospace, 'DejaVu Sans Mono', monospace; fill: #1d2733; white-space: pre; }
.title { font-size: 15px; font-weight: 600; }
.name { font-weight: 600; fill: #b3261e; }
.note { fill: #5b6875; }
.on { fill: #ffffff; }
.operation { fill: #eef2f6; stroke: #8a99a8; }
.bar { fill: #5b7c99; }
.culprit { fill: #b3261e; }
.unknown { fill-opacity: 0.45; stroke: #5b6875; stroke-dasharray: 4 3; }
.lane { stroke: #d5dce3; }
.arrow { stroke: #5b6875; stroke-width: 1.5; fill: none; marker-end: url(#head); }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"
 orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#5b6875"/></marker></defs>
)";

std::string number(std::int32_t value) {
    return std::to_string(value);
}

std::string attribute(std::string_view name, std::int32_t value) {
    return std::string(" ").append(name).append("=\"").append(number(value)).append("\"");
}

/// Bytes of the UTF-8 sequence at the front of `words`; 0 if it is none.
std::size_t sequence_bytes(std::string_view words) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(words[at]); };
    std::size_t count = 0;
    if (byte(0) < 0x80) return 1;
    if (byte(0) >= 0xc2 && byte(0) <= 0xdf) count = 2;
    if (byte(0) >= 0xe0 && byte(0) <= 0xef) count = 3;
    if (byte(0) >= 0xf0 && byte(0) <= 0xf4) count = 4;
    if (count == 0 || words.size() < count) return 0;
    for (std::size_t at = 1; at < count; ++at) {
        if ((byte(at) & 0xc0) != 0x80) return 0;
    }
    // Overlong forms, surrogates, U+FFFE and U+FFFF, and what is beyond U+10FFFF.
    if (byte(0) == 0xe0 && byte(1) < 0xa0) return 0;
    if (byte(0) == 0xed && byte(1) >= 0xa0) return 0;
    if (byte(0) == 0xef && byte(1) == 0xbf && byte(2) >= 0xbe) return 0;
    if (byte(0) == 0xf0 && byte(1) < 0x90) return 0;
    if (byte(0) == 0xf4 && byte(1) >= 0x90) return 0;
    return count;
}

/// At most `bytes`, without cutting a UTF-8 sequence.
std::size_t whole_letters(std::string_view words, std::size_t bytes) {
    while (bytes > 1 && (static_cast<unsigned char>(words[bytes]) & 0xc0) == 0x80) --bytes;
    return bytes;
}

}  // namespace

std::string escape(std::string_view words) {
    std::string out;
    while (!words.empty()) {
        const std::size_t bytes = sequence_bytes(words);
        const char first = words.front();
        if (bytes > 1) {
            out.append(words.substr(0, bytes));
        } else if (bytes == 0 || static_cast<unsigned char>(first) < 0x20 || first == 0x7f) {
            out.append("?");
        } else if (first == '<') {
            out.append("&lt;");
        } else if (first == '&') {
            out.append("&amp;");
        } else if (first == '>') {
            out.append("&gt;");
        } else if (first == '"') {
            out.append("&quot;");
        } else {
            out.push_back(first);
        }
        words.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return out;
}

std::vector<std::string> wrap(std::string_view words, std::size_t columns, std::size_t lines_max) {
    std::vector<std::string> lines;
    while (!words.empty()) {
        std::size_t cut = words.size();
        if (cut > columns) {
            const std::size_t space = words.substr(0, columns + 1).rfind(' ');
            cut = space == std::string_view::npos || space == 0 ? whole_letters(words, columns)
                                                                : space;
        }
        if (lines.size() + 1 == lines_max && cut < words.size()) {
            const std::size_t kept = whole_letters(words, std::min(cut, columns - 3));
            lines.push_back(std::string(words.substr(0, kept)) + "...");
            return lines;
        }
        lines.emplace_back(words.substr(0, cut));
        words.remove_prefix(cut);
        if (!words.empty() && words.front() == ' ') words.remove_prefix(1);
    }
    return lines;
}

void Canvas::reach(Point at) {
    extent_.x = std::max(extent_.x, at.x);
    extent_.y = std::max(extent_.y, at.y);
}

void Canvas::text(Point at, std::string_view words, std::string_view css_class) {
    body_.append("<text").append(attribute("x", at.x)).append(attribute("y", at.y));
    body_.append(" class=\"").append(css_class).append("\">").append(escape(words));
    body_.append("</text>\n");
    reach({at.x + static_cast<std::int32_t>(words.size()) * (letter_width + 1), at.y});
}

void Canvas::box(Point at, std::int32_t width, std::int32_t height, std::string_view css_class) {
    body_.append("<rect").append(attribute("x", at.x)).append(attribute("y", at.y));
    body_.append(attribute("width", width)).append(attribute("height", height));
    body_.append(" rx=\"3\" class=\"").append(css_class).append("\"/>\n");
    reach({at.x + width, at.y + height});
}

void Canvas::arrow(const std::vector<Point>& points, std::string_view css_class) {
    body_.append("<polyline points=\"");
    for (const Point& point : points) {
        body_.append(number(point.x)).append(",").append(number(point.y)).append(" ");
        reach(point);
    }
    body_.append("\" class=\"").append(css_class).append("\"/>\n");
}

void Canvas::line(Point from, Point to, std::string_view css_class) {
    body_.append("<line").append(attribute("x1", from.x)).append(attribute("y1", from.y));
    body_.append(attribute("x2", to.x)).append(attribute("y2", to.y));
    body_.append(" class=\"").append(css_class).append("\"/>\n");
    reach(from);
    reach(to);
}

std::string Canvas::finish(std::string_view title) const {
    const std::string width = number(extent_.x + margin);
    const std::string height = number(extent_.y + margin);
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width +
                      "\" height=\"" + height + "\" viewBox=\"0 0 " + width + " " + height +
                      "\">\n<title>" + escape(title) + "</title>\n";
    out.append(style);
    out.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    return out.append(body_).append("</svg>\n");
}

}  // namespace geode::check

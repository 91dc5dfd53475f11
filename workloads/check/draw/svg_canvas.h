// SPDX-License-Identifier: Apache-2.0
#pragma once

// The few shapes that the drawings are made of, as SVG text. Coordinates are pixels from the top
// left; the canvas grows to what was drawn. Internal to this folder.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace geode::check {

struct Point {
    std::int32_t x = 0;
    std::int32_t y = 0;
};

/// Width and height of a letter of the only font, and from one baseline to the next.
inline constexpr std::int32_t letter_width = 7;
inline constexpr std::int32_t line_height = 16;

/// `words` for XML: markup escaped, control bytes and bytes that are not UTF-8 shown as `?`.
std::string escape(std::string_view words);

/// Cuts `words` into lines of at most `columns` bytes, at spaces where there are any; what does not
/// fit `lines_max` lines ends in "...".
std::vector<std::string> wrap(std::string_view words, std::size_t columns, std::size_t lines_max);

class Canvas {
public:
    void text(Point at, std::string_view words, std::string_view css_class);
    /// A filled rectangle with its top left corner at `at`.
    void box(Point at, std::int32_t width, std::int32_t height, std::string_view css_class);
    /// A line through the points with an arrow head at the last.
    void arrow(const std::vector<Point>& points, std::string_view css_class);
    void line(Point from, Point to, std::string_view css_class);
    /// The whole document.
    std::string finish(std::string_view title) const;

private:
    void reach(Point at);

    std::string body_;
    Point extent_;
};

}  // namespace geode::check

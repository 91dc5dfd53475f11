// SPDX-License-Identifier: Apache-2.0
#include "sim/data/duration_text.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace geode::sim {
namespace {

/// The whole text as a number; 0 if it is none.
std::int64_t number_in(std::string_view text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? number : 0;
}

}  // namespace

Result<Duration> parse_duration(const std::string& text) {
    constexpr std::pair<std::string_view, std::int64_t> units[] = {{"us", 1'000},
                                                                   {"ms", 1'000'000},
                                                                   {"s", 1'000'000'000},
                                                                   {"m", 60'000'000'000},
                                                                   {"h", 3'600'000'000'000}};
    for (const auto& [unit, ns] : units) {
        if (!text.ends_with(unit)) continue;
        const std::int64_t count =
            number_in(std::string_view(text).substr(0, text.size() - unit.size()));
        if (count >= 1 && count <= seconds(1'000'000).count() / ns) return Duration(count * ns);
    }
    return make_error(ErrorCode::invalid_argument,
                      "\"" + text + "\": expected a duration such as 60s, 500ms, 250us, 2m or 1h");
}

std::string duration_text(Duration duration) {
    constexpr std::pair<std::int64_t, std::string_view> units[] = {
        {1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}};
    for (const auto& [ns, unit] : units) {
        if (duration.count() % ns == 0) {
            return std::to_string(duration.count() / ns).append(unit);
        }
    }
    GEODE_UNREACHABLE("every count divides by 1");
}

}  // namespace geode::sim

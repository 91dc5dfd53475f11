// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "jepsen/plots.h"
#include "jepsen/timeline.h"

using namespace geode;
using namespace geode::jepsen;

namespace {

constexpr std::int64_t ms = 1'000'000;

std::vector<Event> sample() {
    return {
        {0, 0, EventType::invoke, "write", "[1 7]", ""},
        {5 * ms, nemesis_process, EventType::info, "start-pause", "\"pause n1 <x>\"", ""},
        {7 * ms, nemesis_process, EventType::info, "start-pause", "\"pause n2\"", ""},
        {20 * ms, 0, EventType::ok, "write", "[1 7]", ""},
        {30 * ms, 1, EventType::invoke, "read", "[1 nil]", ""},
        {40 * ms, nemesis_process, EventType::info, "stop-pause", "\"pause n1\"", ""},
        {50 * ms, 1, EventType::info, "read", "[1 nil]", "unknown-outcome"},
        {60 * ms, 3, EventType::invoke, "read", "[1 nil]", ""},
        {70 * ms, nemesis_process, EventType::info, "heal", "nil", ""},
    };
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

}  // namespace

TEST_CASE("plots: faults become spans, those left open end with the heal", "[fast]") {
    const auto spans = fault_spans(sample());
    REQUIRE(spans.size() == 2);
    CHECK(spans[0].begin_ns == 5 * ms);
    CHECK(spans[0].end_ns == 40 * ms);
    CHECK(spans[1].end_ns == 70 * ms);
}

TEST_CASE("plots: a fault that does not last, and one that was skipped, cover no time", "[fast]") {
    const std::vector<Event> events = {
        {5 * ms, nemesis_process, EventType::info, "start-reset", "\"reset n1>n2\"", ""},
        {6 * ms, nemesis_process, EventType::info, "skip-short_io", "\"short_io n1\"", ""},
        {70 * ms, nemesis_process, EventType::info, "heal", "nil", ""}};
    const auto spans = fault_spans(events);
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].end_ns == 5 * ms);
}

TEST_CASE("plots: a dot per completed operation in the colour of its end", "[fast]") {
    const std::string svg = latency_svg(sample());
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(count(svg, "<circle") == 2);
    CHECK(count(svg, "fill=\"#81BFFC\"/>\n<text") == 1);
    CHECK(count(svg, "<title>pause</title>") == 2);
}

TEST_CASE("plots: a line per function and outcome", "[fast]") {
    const std::string svg = rate_svg(sample());
    CHECK(count(svg, "<polyline") == 2);
    CHECK(svg.find("<title>write ok</title>") != std::string::npos);
    CHECK(svg.find("<title>read info</title>") != std::string::npos);
}

TEST_CASE("plots: an empty run is an empty picture", "[fast]") {
    CHECK(count(latency_svg({}), "<circle") == 0);
    CHECK(count(rate_svg({}), "<polyline") == 0);
}

TEST_CASE("timeline: a box per operation, unknown ones free their column", "[fast]") {
    const std::string page = timeline_html(sample(), "register");
    CHECK(page.starts_with("<!DOCTYPE html>"));
    CHECK(count(page, "class=\"o ok\"") == 1);
    CHECK(count(page, "class=\"o info\"") == 2);
    CHECK(count(page, "class=\"o nemesis\"") == 4);
    CHECK(page.find("&lt;x&gt;") != std::string::npos);
    // Process 3 goes on where process 1 ended, beside process 0, which still lives.
    CHECK(count(page, "left:300px") == 2);
    CHECK(page.find("Only the first") == std::string::npos);
}

TEST_CASE("timeline: a long value is cut, and never within a letter", "[fast]") {
    std::string value(299, 'x');
    value += "\u00e4" + std::string(5000, 'y');
    const std::string page = timeline_html(
        {{0, 0, EventType::invoke, "txn", value, ""}, {1, 0, EventType::ok, "txn", value, ""}},
        "t");
    CHECK(page.find(std::string(299, 'x') + " ...") != std::string::npos);
    CHECK(page.find('y', page.find("xxx")) > page.find(" ..."));
    CHECK(page.size() < 3000);
}

TEST_CASE("timeline: a long run is cut, and says so", "[fast]") {
    std::vector<Event> events;
    for (std::size_t i = 0; i <= timeline_operations_max; ++i) {
        const auto at = static_cast<std::int64_t>(i) * ms;
        events.push_back({at, 0, EventType::invoke, "read", "[1 nil]", ""});
        events.push_back({at + 1, 0, EventType::ok, "read", "[1 2]", ""});
    }
    const std::string page = timeline_html(events, "register");
    CHECK(count(page, "class=\"o ok\"") == timeline_operations_max);
    CHECK(page.find("Only the first 10000 of 10001") != std::string::npos);
}

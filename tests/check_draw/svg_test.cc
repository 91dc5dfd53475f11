// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/draw/svg.h"

#include <catch2/catch.hpp>

#include "workloads/check/draw/svg_canvas.h"

namespace geode::check {
namespace {

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

Judgement write_skew() {
    return Judgement{.verdict = Verdict::invalid,
                     .reason = {},
                     .anomalies = {{.name = "G2-item",
                                    .words = "1 and 2 both read before the other wrote",
                                    .operations = {1, 2},
                                    .steps = {{1, 2, "rw", "read x = nil, which 2 overwrote"},
                                              {2, 1, "rw", "read y = nil, which 1 overwrote"}}}},
                     .operations = {{1, 0, 0, 2, "read x = nil, write y 1"},
                                    {2, 1, 1, 3, "read y = nil, write x 1"}},
                     .ruled_out = {"serializable"},
                     .also_ruled_out = {"strict-serializable"},
                     .steps = 0,
                     .bytes = 0};
}

TEST_CASE("svg: a cycle has a box for each operation and an arrow for each step", "[fast]") {
    const std::string drawn = draw_svg(write_skew(), "skew.edn");
    CHECK(drawn.starts_with("<svg "));
    CHECK(drawn.ends_with("</svg>\n"));
    CHECK(count(drawn, "class=\"operation\"") == 2);
    CHECK(count(drawn, "<polyline") == 2);
    CHECK(count(drawn, "rw: read x = nil, which 2 overwrote") == 1);
    CHECK(count(drawn, "ruled out: serializable") == 1);
}

TEST_CASE("svg: other anomalies are a timeline with the culprit marked", "[fast]") {
    Judgement judgement = write_skew();
    judgement.anomalies = {
        {.name = "nonlinearizable", .words = "w", .operations = {2}, .steps = {}}};
    judgement.operations[0].completed = UINT64_MAX;
    const std::string drawn = draw_svg(judgement, "t");
    CHECK(count(drawn, "class=\"culprit\"") == 1);
    CHECK(count(drawn, "class=\"bar unknown\"") == 1);
    CHECK(count(drawn, "class=\"lane\"") == 2);
    CHECK(count(drawn, ">process 1<") == 1);
}

TEST_CASE("svg: hostile words stay words", "[fast]") {
    Judgement judgement = write_skew();
    judgement.operations[0].words = "<script>&\"\x01\xff\xed\xa0\x80 \xc3\xa9";
    judgement.anomalies[0].operations.clear();
    const std::string drawn = draw_svg(judgement, "</title>");
    CHECK(count(drawn, "<script") == 0);
    CHECK(count(drawn, "&lt;script&gt;&amp;&quot;????? \xc3\xa9") == 1);
    CHECK(count(drawn, "</title>") == 1);
}

TEST_CASE("svg: more anomalies than fit are counted", "[fast]") {
    Judgement judgement = write_skew();
    judgement.anomalies.resize(drawn_anomalies_max + 3, judgement.anomalies[0]);
    const std::string drawn = draw_svg(judgement, "t");
    CHECK(count(drawn, "class=\"name\">G2-item<") == drawn_anomalies_max);
    CHECK(count(drawn, "and 3 more anomalies") == 1);
}

TEST_CASE("svg: words are wrapped at spaces and cut at the last line", "[fast]") {
    CHECK(wrap("", 5, 3).empty());
    CHECK(wrap("ab cd ef", 5, 3) == std::vector<std::string>{"ab cd", "ef"});
    CHECK(wrap("abcdefgh", 5, 3) == std::vector<std::string>{"abcde", "fgh"});
    CHECK(wrap("ab cd ef gh ij", 5, 2) == std::vector<std::string>{"ab cd", "ef..."});
    CHECK(wrap("abcd\xc3\xa9", 5, 3) == std::vector<std::string>{"abcd", "\xc3\xa9"});
}

}  // namespace
}  // namespace geode::check

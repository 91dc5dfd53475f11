// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/judge.h"

#include <catch2/catch.hpp>

namespace geode::check {
namespace {

constexpr std::string_view stale_read = R"(
{:process 0 :type :invoke :f :write :value 1}
{:process 0 :type :ok :f :write :value 1}
{:process 1 :type :invoke :f :read}
{:process 1 :type :ok :f :read :value nil})";

TEST_CASE("judge: a stale read is named and told", "[fast]") {
    const auto judged = judge(stale_read, "h", {.model = "register"});
    REQUIRE(judged);
    CHECK(judged->verdict == Verdict::invalid);
    REQUIRE(judged->anomalies.size() == 1);
    CHECK(judged->anomalies[0].name == "nonlinearizable");
    CHECK(judged->anomalies[0].operations == std::vector<std::uint32_t>{1});
    REQUIRE(judged->operations.size() == 2);
    CHECK(judged->operations[1].words == "read = nil");
}

TEST_CASE("judge: unknown names are refused with those there are", "[fast]") {
    const auto message = [](const JudgeRequest& request) {
        const auto checked = check_names(request);
        return checked ? std::string("accepted") : checked.error().message;
    };
    CHECK(message({.model = "register"}) == "accepted");
    CHECK(message({.model = "tape"}).starts_with("unknown model \"tape\"; there are: register"));
    CHECK(message({.model = "register", .consistency = "strong"})
              .starts_with("unknown consistency for the model register \"strong\"; there are: "));
    CHECK(message({.model = "register", .format = "xml"})
              .starts_with("unknown format for the model register \"xml\"; there are: auto "));
    CHECK_FALSE(judge(stale_read, "h", {.model = "tape"}));
}

TEST_CASE("judge: the initial value counts", "[fast]") {
    constexpr std::string_view read_three = R"(
{:process 0 :type :invoke :f :read}
{:process 0 :type :ok :f :read :value 3})";
    CHECK(judge(read_three, "h", {.model = "register"})->verdict == Verdict::invalid);
    CHECK(judge(read_three, "h", {.model = "register", .initial = "3"})->verdict == Verdict::valid);
    CHECK_FALSE(judge(read_three, "h", {.model = "kv", .initial = "3"}));
}

}  // namespace
}  // namespace geode::check

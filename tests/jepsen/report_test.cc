// SPDX-License-Identifier: Apache-2.0
#include "jepsen/report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "workloads/check/edn.h"

using namespace geode;
using namespace geode::jepsen;

namespace {

ChaosReport sample_report() {
    ChaosReport report;
    report.result.seed = 7;
    report.result.workload = "register";
    report.result.nodes = 3;
    report.result.duration = seconds(60);
    report.result.schedule_hash = 0xabc;
    report.result.network = "namespaces";
    report.result.ops = {100, 2, 1};
    report.result.faults["crash"] = {2, 2};
    report.not_injected["delay"] = {3, "netem (kernel has no \"sch_netem\")"};
    report.checked = "103 operations on 4 registers";
    report.wall_s = 61.25;
    return report;
}

}  // namespace

TEST_CASE("report: the JSON has the simulator's fields, and its own", "[fast]") {
    const auto json = nlohmann::json::parse(to_json_line(sample_report(), "/store/x", "again"));
    CHECK(json["verdict"] == "pass");
    CHECK(json["ops"]["ok"] == 100);
    CHECK(json["faults"]["crash"]["observed"] == 2);
    CHECK(json["not_injected"]["delay"]["count"] == 3);
    CHECK(json["wall_s"] == 61.25);
    CHECK(json["store"] == "/store/x");
    CHECK(json["anomalies"].empty());
    CHECK_FALSE(json.contains("hash"));
    CHECK_FALSE(json.contains("sim_s"));
    CHECK(sim::parse_run_result(to_json_line(sample_report(), "", "again"), "x"));
}

TEST_CASE("report: results.edn is one map that says whether it is valid", "[fast]") {
    ChaosReport report = sample_report();
    report.result.verdict = sim::RunVerdict::violation;
    report.result.explanation = "not linearizable: \"read\"";
    report.anomalies = {"G-single-item", "G1a"};
    const std::string text = results_edn(report);
    check::EdnReader reader(text, "results.edn");
    check::EdnForm form;
    REQUIRE(reader.next(form).value());
    CHECK(form.find(0, ":valid?")->text == "false");
    CHECK(form.find(0, ":explanation")->text == "not linearizable: \"read\"");
    CHECK(text.find(":anomaly-types [:G-single-item :G1a],\n") != std::string::npos);
    CHECK(nlohmann::json::parse(to_json_line(report, "", ""))["anomalies"].size() == 2);
    REQUIRE(form.find(0, ":not-injected") != nullptr);
    CHECK_FALSE(reader.next(form).value());
    CHECK(results_edn(sample_report()).starts_with("{:valid? true"));
}

TEST_CASE("report: undecided is no pass", "[fast]") {
    ChaosReport report = sample_report();
    report.result.verdict = sim::RunVerdict::unrecoverable;
    CHECK(results_edn(report).starts_with("{:valid? :unknown,\n :verdict :undecided"));
    CHECK(to_text(report, "", "").starts_with("seed 7: undecided"));
}

TEST_CASE("report: a person is told what was not injected, and why", "[fast]") {
    const std::string text = to_text(sample_report(), "/store/x", "again");
    CHECK(text.find("crash 2/2") != std::string::npos);
    CHECK(text.find("not injected  3 x delay: netem") != std::string::npos);
}

TEST_CASE("compare: two worlds side by side, if it is the same schedule", "[fast]") {
    sim::RunResult simulated = sample_report().result;
    simulated.sim_s = 62;
    simulated.faults["delay"] = {3, 900};
    const auto table =
        compare_results(sim::to_json_line(simulated), to_json_line(sample_report(), "", ""));
    REQUIRE(table);
    CHECK(table->find("62.0 virtual") != std::string::npos);
    CHECK(table->find("3/900           not injected") != std::string::npos);
    simulated.schedule_hash = 1;
    CHECK_FALSE(
        compare_results(sim::to_json_line(simulated), to_json_line(sample_report(), "", "")));
    CHECK_FALSE(compare_results("{}", to_json_line(sample_report(), "", "")));
    CHECK_FALSE(compare_results(sim::to_json_line(simulated), "no"));
}

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/object_requests.h"

#include <algorithm>
#include <charconv>

#include "workloads/check/findings.h"
#include "workloads/check/linearizability.h"

namespace geode::check {
namespace {

Format format_of(std::string_view name) {
    if (name == "jepsen-log") return Format::jepsen_log;
    if (name == "edn") return Format::edn;
    if (name == "json" || name == "elle-json") return Format::json_lines;
    return Format::detect;
}

Judgement judgement_of(const History& history, const LinearizabilityResult& result) {
    Judgement judgement{.verdict = result.verdict,
                        .reason = {},
                        .anomalies = {},
                        .operations = {},
                        .ruled_out = {},
                        .also_ruled_out = {},
                        .steps = result.steps,
                        .bytes = result.bytes};
    if (result.verdict == Verdict::unknown) judgement.reason = result.explanation;
    if (result.verdict != Verdict::invalid) return judgement;
    std::vector<std::uint32_t> shown = result.blocked->concurrent;
    shown.push_back(result.blocked->operation);
    const std::vector<std::uint32_t>& prefix = result.blocked->prefix;
    if (!prefix.empty()) shown.push_back(prefix.back());
    std::ranges::sort(shown);
    shown.erase(std::ranges::unique(shown).begin(), shown.end());
    for (const std::uint32_t index : shown) {
        judgement.operations.push_back(witness_of(history, index));
    }
    judgement.anomalies.push_back(Anomaly{.name = "nonlinearizable",
                                          .words = result.explanation,
                                          .operations = {result.blocked->operation},
                                          .steps = {}});
    judgement.ruled_out = {"linearizable"};
    return judgement;
}

Result<Judgement> judge_linearizable(const History& history, const Model& model,
                                     const JudgeRequest& request) {
    const LinearizabilityOptions options{.steps_max = request.budget.steps_max,
                                         .bytes_max = request.budget.bytes_max,
                                         .fast_paths = FastPaths::use};
    GEODE_TRY(const LinearizabilityResult result, check_linearizability(history, model, options));
    return judgement_of(history, result);
}

}  // namespace

Literal literal_of(std::string_view word) {
    if (word == "nil") return {};
    Literal literal{.kind = ValueKind::integer};
    const auto [stop, code] =
        std::from_chars(word.data(), word.data() + word.size(), literal.integer);
    if (code == std::errc() && stop == word.data() + word.size()) return literal;
    return Literal{.kind = ValueKind::text, .text = word};
}

Result<History> read_history(std::string_view text, std::string_view name,
                             const JudgeRequest& request, Pairs pairs) {
    return parse_history(text, name, {.format = format_of(request.format), .pairs = pairs});
}

Result<Judgement> named(std::string_view name, Result<Judgement> judgement) {
    if (judgement) return judgement;
    return make_error(judgement.code(), std::string(name) + ": " + judgement.error().message);
}

Result<Judgement> judge_object(const Model& model, std::string_view text, std::string_view name,
                               const JudgeRequest& request, Pairs pairs) {
    GEODE_TRY(const History history, read_history(text, name, request, pairs));
    return named(name, judge_linearizable(history, model, request));
}

}  // namespace geode::check

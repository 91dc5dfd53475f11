// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "workloads/check/formats.h"
#include "workloads/check/judge/model_tables.h"
#include "workloads/check/linearizability.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 1> linearizable = {"linearizable"};
constexpr std::array<std::string_view, 3> object_formats = {"jepsen-log", "edn", "json"};

Format format_of(std::string_view name) {
    if (name == "jepsen-log") return Format::jepsen_log;
    if (name == "edn") return Format::edn;
    if (name == "json") return Format::json_lines;
    return Format::detect;
}

WitnessOperation witness_of(const History& history, std::uint32_t index) {
    const Operation& operation = history.operations[index];
    return WitnessOperation{.index = index,
                            .process = operation.process,
                            .invoked = operation.invoked,
                            .completed = operation.completed,
                            .words = describe_action(operation, history.values)};
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

Result<Judgement> judge_linearizable(const Model& model, std::string_view text,
                                     std::string_view name, const JudgeRequest& request) {
    GEODE_TRY(const History history, parse_history(text, name, format_of(request.format)));
    const LinearizabilityOptions options{.steps_max = request.budget.steps_max,
                                         .bytes_max = request.budget.bytes_max,
                                         .fast_paths = FastPaths::use};
    const auto result = check_linearizability(history, model, options);
    if (!result) {
        return make_error(result.code(), std::string(name) + ": " + result.error().message);
    }
    return judgement_of(history, *result);
}

/// nil, an integer, or else a text.
Literal literal_of(const std::string& word) {
    if (word == "nil") return {};
    Literal literal{.kind = ValueKind::integer};
    const auto [stop, code] =
        std::from_chars(word.data(), word.data() + word.size(), literal.integer);
    if (code == std::errc() && stop == word.data() + word.size()) return literal;
    return Literal{.kind = ValueKind::text, .text = word};
}

Result<Judgement> judge_register(std::string_view text, std::string_view name,
                                 const JudgeRequest& request) {
    const auto model =
        make_register_model(request.initial ? literal_of(*request.initial) : Literal{});
    return judge_linearizable(*model, text, name, request);
}

Result<Judgement> judge_kv(std::string_view text, std::string_view name,
                           const JudgeRequest& request) {
    if (request.initial) {
        return make_error(ErrorCode::invalid_argument,
                          "the model kv always starts with empty texts; leave --initial out");
    }
    return judge_linearizable(*make_kv_model(), text, name, request);
}

}  // namespace

std::span<const ModelSpec> object_models() {
    static constexpr std::array<ModelSpec, 2> models = {{
        {"register", "read, write, cas; one register per key", linearizable, object_formats,
         judge_register},
        {"kv", "get, put, append of texts; one text per key", linearizable, object_formats,
         judge_kv},
    }};
    return models;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/judge.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "workloads/check/judge/model_tables.h"

namespace geode::check {
namespace {

Error unknown_name(std::string_view what, std::string_view name, std::string_view names) {
    return make_error(ErrorCode::invalid_argument, "unknown " + std::string(what) + " \"" +
                                                       std::string(name) +
                                                       "\"; there are: " + std::string(names));
}

std::string join(std::span<const std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) out.append(out.empty() ? "" : " ").append(name);
    return out;
}

std::array<std::span<const ModelSpec>, 3> tables() {
    return {object_models(), total_models(), transaction_models()};
}

/// Whether `asked` is `level`; one that ends in =WORD takes anything after the =.
bool is_level(std::string_view asked, std::string_view level) {
    const std::size_t equals = level.find('=');
    if (equals == std::string_view::npos) return asked == level;
    return asked.size() > equals + 1 && asked.starts_with(level.substr(0, equals + 1));
}

Result<const ModelSpec*> find_by_name(std::string_view name) {
    std::vector<std::string_view> names;
    for (const std::span<const ModelSpec> table : tables()) {
        for (const ModelSpec& spec : table) {
            if (spec.name == name) return &spec;
            names.push_back(spec.name);
        }
    }
    return unknown_name("model", name, join(names));
}

Result<Judgement> judge_history(const ModelSpec& spec, RecordedHistory& recorded,
                                const JudgeRequest& request) {
    if (const auto* const operations = std::get_if<JudgeOperations>(&spec.judge)) {
        return (*operations)(std::get<History>(recorded), request);
    }
    return std::get<JudgeTransactions>(spec.judge)(std::get<txn::SessionHistory>(recorded),
                                                   request);
}

Result<void> check_anomalies(const JudgeRequest& request, const ModelSpec& spec) {
    const std::string of_model = " for the model " + std::string(spec.name);
    if (request.anomalies.empty()) return {};
    if (!request.consistency.empty()) {
        return make_error(ErrorCode::invalid_argument,
                          "a consistency or anomalies can be asked for, not both");
    }
    if (spec.anomalies.empty()) {
        return make_error(
            ErrorCode::invalid_argument,
            "the model " + std::string(spec.name) +
                " has no anomalies to ask for; ask for a consistency: " + join(spec.levels));
    }
    for (const std::string_view anomaly : request.anomalies) {
        if (std::ranges::find(spec.anomalies, anomaly) != spec.anomalies.end()) continue;
        return unknown_name("anomaly" + of_model, anomaly, join(spec.anomalies));
    }
    return {};
}

}  // namespace

std::vector<ModelSpec> model_specs() {
    std::vector<ModelSpec> all;
    for (const std::span<const ModelSpec> table : tables()) {
        all.insert(all.end(), table.begin(), table.end());
    }
    return all;
}

Result<ModelSpec> find_model(const JudgeRequest& request) {
    GEODE_TRY(const ModelSpec* const spec, find_by_name(request.model));
    const std::string of_model = " for the model " + std::string(spec->name);
    const bool known = std::ranges::any_of(spec->levels, [&request](std::string_view level) {
        return is_level(request.consistency, level);
    });
    if (!request.consistency.empty() && !known) {
        return unknown_name("consistency" + of_model, request.consistency, join(spec->levels));
    }
    const auto formats = read_formats(spec->kind);
    if (request.format != "auto" && std::ranges::find(formats, request.format) == formats.end()) {
        return unknown_name("format" + of_model, request.format, "auto " + join(formats));
    }
    if (request.initial && !spec->starts.empty()) {
        return make_error(ErrorCode::invalid_argument, "the model " + std::string(spec->name) +
                                                           " " + std::string(spec->starts) +
                                                           "; leave --initial out");
    }
    GEODE_TRY_VOID(check_anomalies(request, *spec));
    return *spec;
}

Result<Judgement> judge(const Recording& recording, const JudgeRequest& request) {
    GEODE_TRY(const ModelSpec spec, find_model(request));
    JudgeRequest complete = request;
    if (complete.consistency.empty() && complete.anomalies.empty()) {
        complete.consistency = spec.levels.front();
    }
    GEODE_TRY(RecordedHistory recorded,
              read_recording(recording, {.kind = spec.kind, .format = request.format}));
    Result<Judgement> judgement = judge_history(spec, recorded, complete);
    if (judgement) return judgement;
    return make_error(judgement.code(),
                      std::string(recording.name) + ": " + judgement.error().message);
}

Result<Judgement> judge(std::string_view text, std::string_view name, const JudgeRequest& request) {
    const NamedText file{.name = name, .bytes = text};
    return judge(Recording{.name = name, .files = std::span(&file, 1)}, request);
}

Literal literal_of(std::string_view word) {
    if (word == "nil") return {};
    Literal literal{.kind = ValueKind::integer};
    const auto [stop, code] =
        std::from_chars(word.data(), word.data() + word.size(), literal.integer);
    if (code == std::errc() && stop == word.data() + word.size()) return literal;
    return Literal{.kind = ValueKind::text, .text = word};
}

}  // namespace geode::check

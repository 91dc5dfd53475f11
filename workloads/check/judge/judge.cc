// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/judge.h"

#include <algorithm>
#include <array>

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

std::array<std::span<const ModelSpec>, 4> tables() {
    return {object_models(), total_models(), transaction_models(), register_transaction_models()};
}

/// Whether `asked` is `level`; one that ends in =WORD takes anything after the =.
bool is_level(std::string_view asked, std::string_view level) {
    const std::size_t equals = level.find('=');
    if (equals == std::string_view::npos) return asked == level;
    return asked.size() > equals + 1 && asked.starts_with(level.substr(0, equals + 1));
}

Result<const ModelSpec*> find_model(std::string_view name) {
    std::vector<std::string_view> names;
    for (const std::span<const ModelSpec> table : tables()) {
        for (const ModelSpec& spec : table) {
            if (spec.name == name) return &spec;
            names.push_back(spec.name);
        }
    }
    return unknown_name("model", name, join(names));
}

Result<const ModelSpec*> look_up(const JudgeRequest& request) {
    GEODE_TRY(const ModelSpec* const spec, find_model(request.model));
    const std::string of_model = " for the model " + std::string(spec->name);
    const bool known = std::ranges::any_of(spec->levels, [&request](std::string_view level) {
        return is_level(request.consistency, level);
    });
    if (!request.consistency.empty() && !known) {
        return unknown_name("consistency" + of_model, request.consistency, join(spec->levels));
    }
    if (request.format != "auto" &&
        std::ranges::find(spec->formats, request.format) == spec->formats.end()) {
        return unknown_name("format" + of_model, request.format, "auto " + join(spec->formats));
    }
    return spec;
}

}  // namespace

std::vector<ModelSpec> model_specs() {
    std::vector<ModelSpec> all;
    for (const std::span<const ModelSpec> table : tables()) {
        all.insert(all.end(), table.begin(), table.end());
    }
    return all;
}

Result<Judgement> judge(std::string_view text, std::string_view name, const JudgeRequest& request) {
    GEODE_TRY(const ModelSpec* const spec, look_up(request));
    JudgeRequest complete = request;
    if (complete.consistency.empty()) complete.consistency = spec->levels.front();
    return spec->judge(text, name, complete);
}

Result<void> check_names(const JudgeRequest& request) {
    GEODE_TRY([[maybe_unused]] const ModelSpec* const spec, look_up(request));
    return {};
}

}  // namespace geode::check

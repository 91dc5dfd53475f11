// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front door of the checkers: a model by name, a level of consistency by name, and the text of
// a recorded history; out comes a judgement.
//
// A ModelSpec ties a name to the readers of the notations it may come in, the levels it can be
// judged by, and the checker. Everything that takes a history from a person (geode-sim check, the
// harness over real processes, benchmarks) goes through judge(), so that all of them know the same
// names.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workloads/check/judgement.h"

namespace geode::check {

struct JudgeRequest {
    std::string_view model;                             ///< the name of a ModelSpec
    std::string_view consistency = {};                  ///< one of its levels; empty: the first
    std::string_view format = "auto";                   ///< one of its formats, or auto: by looking
    std::optional<std::string> initial = std::nullopt;  ///< initial value; empty: the model's own
    std::string_view definition = {};  ///< of the model `file`: its text (docs/formats/model.md)
    Budget budget = {};
};

struct ModelSpec {
    std::string_view name;
    std::string_view about;
    /// The first is the default. `name=WORD` is asked for with something in place of WORD.
    std::span<const std::string_view> levels;
    std::span<const std::string_view> formats;  ///< without auto
    /// Judges the recorded `text`; `name` is its file's name for messages. The names in the request
    /// have been looked up.
    Result<Judgement> (*judge)(std::string_view text, std::string_view name,
                               const JudgeRequest& request);
};

/// All models, in the order in which a list shows them.
std::vector<ModelSpec> model_specs();

/// invalid_argument, listing the names there are, for a model, level or format that is not; for
/// text that is not in the notation, as "name:line: expected ..."; and for an operation the model
/// does not know.
Result<Judgement> judge(std::string_view text, std::string_view name, const JudgeRequest& request);

/// Only looks the names up, so that a command line is judged before its files are read.
Result<void> check_names(const JudgeRequest& request);

}  // namespace geode::check

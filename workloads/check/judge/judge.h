// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front door of the checkers: a model by name, a level of consistency by name, and a recorded
// history; out comes a judgement.
//
// A ModelSpec ties a name to the kind of history it is told by (recordings.h), the levels it can be
// judged by, and the checker. Everything that takes a model by name (geode-sim check and convert,
// benchmarks) goes through here, so that all of them know the same names.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "workloads/check/judge/recordings.h"
#include "workloads/check/judgement.h"

namespace geode::check {

struct JudgeRequest {
    std::string_view model;                             ///< the name of a ModelSpec
    std::string_view consistency = {};                  ///< one of its levels; empty: the first
    std::vector<std::string_view> anomalies = {};       ///< look for these instead of a level's
    std::string_view format = "auto";                   ///< one of its formats, or auto: by looking
    std::optional<std::string> initial = std::nullopt;  ///< initial value; empty: the model's own
    std::string_view definition = {};  ///< of the model `file`: its text (docs/formats/model.md)
    Budget budget = {};
};

/// The checker of a model. The names in the request have been looked up.
using JudgeOperations = Result<Judgement> (*)(History& history, const JudgeRequest& request);
using JudgeTransactions = Result<Judgement> (*)(txn::SessionHistory& history,
                                                const JudgeRequest& request);

struct ModelSpec {
    std::string_view name;
    std::string_view about;
    HistoryKind kind;
    /// The first is the default. `name=WORD` is asked for with something in place of WORD.
    std::span<const std::string_view> levels;
    std::variant<JudgeOperations, JudgeTransactions> judge;
    /// Why JudgeRequest::initial is refused: "always starts empty". Empty: it is taken.
    std::string_view starts = {};
    std::span<const std::string_view> anomalies = {};  ///< that can be looked for by name
};

/// All models, in the order in which a list shows them.
std::vector<ModelSpec> model_specs();

/// Looks the names in the request up, so that a command line is judged before its files are read.
/// invalid_argument, listing the names there are, for a model, level, anomaly or format that is
/// not; for a level and anomalies at once, and for an initial value that the model does not take.
Result<ModelSpec> find_model(const JudgeRequest& request);

/// Error as above; and invalid_argument for what is not in the notation, as "name:line: expected
/// ...", and for an operation the model does not know.
Result<Judgement> judge(const Recording& recording, const JudgeRequest& request);
/// The same of one text; `name` is its file's name for messages.
Result<Judgement> judge(std::string_view text, std::string_view name, const JudgeRequest& request);

/// The value that a person means: nil, an integer, or else a text, which borrows from `word`.
Literal literal_of(std::string_view word);

}  // namespace geode::check

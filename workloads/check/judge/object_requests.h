// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a request about single objects to a checker: what the rows of objects.cc and totals.cc
// share. Internal to this folder.

#include <array>
#include <string_view>

#include "workloads/check/formats.h"
#include "workloads/check/judge/judge.h"
#include "workloads/check/models.h"

namespace geode::check {

inline constexpr std::array<std::string_view, 4> object_formats = {"jepsen-log", "edn", "json",
                                                                   "elle-json"};

/// nil, an integer, or else a text, which borrows from `word`.
Literal literal_of(std::string_view word);

/// The history in `text`, as the request's format says.
Result<History> read_history(std::string_view text, std::string_view name,
                             const JudgeRequest& request, Pairs pairs);

/// The judgement, or the error with the name of the file in front.
Result<Judgement> named(std::string_view name, Result<Judgement> judgement);

/// Judges `history` by the request's level.
Result<Judgement> judge_by_level(const History& history, const Model& model,
                                 const JudgeRequest& request);

/// Judges the history in `text` as one object, or one for each key, by the request's level.
Result<Judgement> judge_object(const Model& model, std::string_view text, std::string_view name,
                               const JudgeRequest& request, Pairs pairs);

}  // namespace geode::check

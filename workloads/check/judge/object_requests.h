// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a request about single objects to a checker: what the rows of objects.cc and totals.cc
// share. Internal to this folder.

#include <string_view>

#include "workloads/check/judge/judge.h"
#include "workloads/check/models.h"

namespace geode::check {

/// Judges `history` as one object, or one for each key, by the request's level.
Result<Judgement> judge_by_level(const History& history, const Model& model,
                                 const JudgeRequest& request);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The models that judge() knows, by kind of history. Internal to this folder: a new model is a new
// row in one of these tables.

#include <span>

#include "workloads/check/judge/judge.h"

namespace geode::check {

/// Single objects: operations with one key, judged by sequential models.
std::span<const ModelSpec> object_models();

/// Properties of a whole history that are counted, not searched for.
std::span<const ModelSpec> total_models();

/// Transactions on many keys, judged by levels of isolation.
std::span<const ModelSpec> transaction_models();

}  // namespace geode::check

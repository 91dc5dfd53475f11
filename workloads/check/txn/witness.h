// SPDX-License-Identifier: Apache-2.0
#pragma once

// From what the checkers of transactions find to the shape of a judgement.

#include <functional>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/cycles.h"

namespace geode::check::txn {

/// "ww", "wr", "rw", "process", "realtime".
std::string_view to_string_of(Relations relation);

/// The cycle as an anomaly with typed steps; `explain` gives the words of a step.
Anomaly anomaly_of(const Cycle& cycle, const std::function<std::string(const CycleStep&)>& explain);

/// Fills judgement.operations: each transaction that an anomaly names, once, in order.
void describe_operations(const TxnHistory& history, Judgement& judgement);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a history of registers is in terms of the notations that record sessions: transactions that
// committed or aborted, one after another, of operations on named keys and numbered versions. What
// cannot be told in such terms is refused or noted, as session_writer.h says. Internal to the
// writers.

#include <string>
#include <vector>

#include "base/result.h"
#include "workloads/check/txn/session_formats.h"

namespace geode::check::txn {

struct PlannedOperation {
    bool writes = false;
    ValueId key = {};
    ValueId value = {};  ///< nil: the initial one
};

struct PlannedTransaction {
    bool committed = true;
    std::vector<PlannedOperation> operations;  ///< of an aborted one the writes
};

struct SessionPlan {
    std::vector<std::vector<PlannedTransaction>> sessions;
    std::vector<std::string> notes;
};

/// Whether a notation has a place for transactions that aborted.
enum class Aborts : std::uint8_t { told, not_told };

/// Sessions in the order in which their processes first appear; behind them, each by itself, the
/// transactions of unknown outcome that were read from. invalid_argument for what is refused.
Result<SessionPlan> plan_sessions(const SessionHistory& recorded, Aborts aborts);

}  // namespace geode::check::txn

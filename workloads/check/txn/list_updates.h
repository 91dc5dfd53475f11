// SPDX-License-Identifier: Apache-2.0
#pragma once

// Updates that went wrong: built on aborted ones, or lost. Internal to list_reads.cc.

#include <vector>

#include "workloads/check/judgement.h"
#include "workloads/check/txn/list_index.h"

namespace geode::check::txn {

/// Committed appends behind aborted ones, with only appends of unknown outcome in between.
std::vector<Anomaly> find_dirty_updates(const ListIndex& index);

/// Committed transactions that read the same version of a key before they appended to it.
std::vector<Anomaly> find_lost_updates(const ListIndex& index);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bounded staleness: every read shows a value that the register held at some moment from `bound`
// before the read was invoked until it completed; writes are linearizable.
//
// That is linearizability of the same history with every read invoked `bound` earlier (Golab, Li
// and Shah, "Analyzing consistency properties for fun and profit", PODC 2011: delta-atomicity). For
// registers whose writes are told apart it takes O(n log n).

#include "base/time.h"
#include "workloads/check/judgement.h"
#include "workloads/check/linearizability.h"

namespace geode::check {

/// The history with its reads invoked `bound` earlier by the times recorded, which must be there
/// for every event but those of unknown end; where times go back the order of events wins.
/// invalid_argument if one is missing. Operations keep their indices.
Result<History> with_early_reads(const History& history, Duration bound);

}  // namespace geode::check

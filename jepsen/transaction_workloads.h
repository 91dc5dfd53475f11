// SPDX-License-Identifier: Apache-2.0
#pragma once

// The workloads of transactions, `append` and `bank`, against real processes; workload.h gives them
// out by name.

#include "jepsen/workload.h"

namespace geode::jepsen {

std::unique_ptr<Workload> make_append_workload(const WorkloadOptions& options, Clock& clock,
                                               OperationLog& log);
std::unique_ptr<Workload> make_bank_workload(const WorkloadOptions& options, Clock& clock,
                                             OperationLog& log);

/// Judges a stored history.edn. Error: `invalid_argument`.
Result<Judgement> judge_append_text(std::string_view text, std::string_view name);
/// Likewise; with the accounts of default WorkloadOptions.
Result<Judgement> judge_bank_text(std::string_view text, std::string_view name);

}  // namespace geode::jepsen

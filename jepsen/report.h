// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a run of real processes has shown, as texts: JSON, EDN, and lines for a person.
//
// The JSON object has the fields of the simulator's results (docs/formats/run-json.md) that mean
// something here, and a few of its own (docs/jepsen.md), so that both can be laid side by side.

#include <string>
#include <string_view>

#include "jepsen/chaos_run.h"

namespace geode::jepsen {

/// "pass", "violation", ..., as the simulator's verdicts, and "undecided" where the checker gave
/// up.
std::string_view verdict_name(sim::RunVerdict verdict);

/// One line without the newline.
std::string to_json_line(const ChaosReport& report, const std::string& store,
                         const std::string& reproduce);

/// {:valid? true, :verdict :pass, ...}, for Jepsen's results.edn.
std::string results_edn(const ChaosReport& report);

/// For a terminal.
std::string to_text(const ChaosReport& report, const std::string& store,
                    const std::string& reproduce);

/// The side by side of a simulated run and a real one under the same schedule; both as their JSON
/// lines. Error: `invalid_argument` if one is not a result, or the schedules differ.
Result<std::string> compare_results(const std::string& simulated, const std::string& real);

}  // namespace geode::jepsen

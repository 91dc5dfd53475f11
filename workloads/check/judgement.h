// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a checker says of a history, in one shape whatever it checked: a verdict, the anomalies
// found by name, and for each the few operations that show it.
//
// Invariants:
//  1. invalid exactly when there is an anomaly; a valid history has none and no reason.
//  2. unknown comes with a reason: the budget that ran out, or what the history does not tell.
//  3. Every operation that an anomaly or a step names is described once in `operations`, which is
//     in order of `index`.
//  4. The steps of a cycle follow one another: each begins where the one before it ended, and the
//     last ends where the first began.
//
// Anomalies and relations are spelled as Elle spells them (`G-single-item-realtime`, `rw`), so that
// verdicts can be compared with those of other tools.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace geode::check {

enum class Verdict : std::uint8_t { valid, invalid, unknown };

/// "valid", "invalid", "unknown".
std::string_view to_string(Verdict verdict) noexcept;

/// An operation or transaction that an anomaly refers to.
struct WitnessOperation {
    std::uint32_t index = 0;  ///< in the history that was judged
    std::int64_t process = 0;
    std::uint64_t invoked = 0;    ///< position of the event
    std::uint64_t completed = 0;  ///< UINT64_MAX: its outcome stayed unknown
    std::string words;            ///< "append 9 1, read 8 = [1 2]"
};

/// Why one operation must come before another.
struct WitnessStep {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::string relation;  ///< ww, wr, rw, process, realtime, ...
    std::string words;     ///< "read key 8 = [1], which 5 overwrote by appending 2"
};

struct Anomaly {
    std::string name;
    std::string words;  ///< one line for a person
    std::vector<std::uint32_t> operations;
    std::vector<WitnessStep> steps;  ///< of a cycle; empty for other anomalies
};

struct Judgement {
    Verdict verdict = Verdict::valid;
    std::string reason;  ///< of unknown
    std::vector<Anomaly> anomalies;
    std::vector<WitnessOperation> operations;
    std::vector<std::string> ruled_out;       ///< the weakest models that the anomalies break
    std::vector<std::string> also_ruled_out;  ///< all stronger ones
    std::uint64_t steps = 0;                  ///< work done, the measure of budgets
    std::uint64_t bytes = 0;                  ///< the most memory that a search held, about
};

/// What one line has room for: why it is unknown, or the first anomaly in words and the names of
/// the others; empty for a valid history.
std::string summary(const Judgement& judgement);

/// Its summary, and below it the operations of the first anomaly, a line each.
std::string story_of(const Judgement& judgement);

/// The names of all anomalies, each once, in the order of the alphabet.
std::vector<std::string> anomaly_names(const Judgement& judgement);

/// What a check may spend. Counted, never timed: the same answer on every machine.
struct Budget {
    std::uint64_t steps_max = 1'000'000'000;
    std::uint64_t bytes_max = std::uint64_t{1} << 30;
};

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The lattice of consistency models: which model is stronger than which, which anomalies each
// forbids, and therefore which models a set of anomalies rules out.
//
// Names are Elle's, so that verdicts of the two can be compared: models are `serializable`,
// anomalies `G-single-item-realtime`. Three relations, each closed under the ones it builds on:
//
//  1. A model implies a weaker one: every history that satisfies it satisfies the weaker.
//  2. An anomaly implies a more general one: an occurrence of `G0` is an occurrence of `G1c`.
//  3. A model forbids an anomaly if it, or a model it implies, forbids that anomaly or a more
//     general one.
//
// Differences from Elle, each because Elle's own table is marked incomplete there:
//  - parallel-snapshot-isolation implies consistent-view: both are the absence of G1 and of cycles
//    with a single rw edge (Cerone, Gotsman 2016, theorem 9).
//  - read-atomic, causal-cerone, causal and prefix forbid the cycles that define them
//    (fractured-read, causality-violation, prefix-violation, long-fork), names that Elle has not.
//  - causal is causal consistency with session order; Elle's word `causal` is about single objects.
//  - Models of single objects (linearizable, ...) are not here.
//
// Sources: Adya, "Weak Consistency" (1999); Cerone, Bernardi, Gotsman, CONCUR 2015; Cerone,
// Gotsman, PODC 2016; Cerone, Gotsman, Yang, CONCUR 2017 (prefix); Bailis et al., VLDB 2014;
// Daudjee, Salem, ICDE 2004 and VLDB 2006 (sessions); Elle's consistency_model.clj for the names.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace geode::check::txn {

/// Every model by its one name, in the order in which a list shows them: strongest first.
inline constexpr auto isolation_models = std::to_array<std::string_view>({
    "strict-serializable",
    "strong-session-serializable",
    "serializable",
    "update-serializable",
    "repeatable-read",
    "strong-snapshot-isolation",
    "strong-session-snapshot-isolation",
    "snapshot-isolation",
    "parallel-snapshot-isolation",
    "forward-consistent-view",
    "consistent-view",
    "prefix",
    "causal",
    "causal-cerone",
    "update-atomic",
    "read-atomic",
    "monotonic-atomic-view",
    "cursor-stability",
    "monotonic-snapshot-read",
    "monotonic-view",
    "strong-read-committed",
    "strong-session-read-committed",
    "read-committed",
    "strong-read-uncommitted",
    "strong-session-read-uncommitted",
    "read-uncommitted",
});

/// The one name of a model: of an alias (`PL-3`, `strong-serializable`) the model's, of a model its
/// own; nothing for a word that is neither. The result is static.
std::optional<std::string_view> canonical_model(std::string_view name);

/// Every anomaly that has a place in the lattice.
std::span<const std::string_view> isolation_anomalies();

// The functions below take names out of the lists above; an unknown name is a bug of the caller.

/// Whether every history that satisfies `stronger` satisfies `weaker`; also when they are the same.
bool model_implies(std::string_view stronger, std::string_view weaker);

/// Whether an occurrence of `special` is one of `general`; also when they are the same.
bool anomaly_implies(std::string_view special, std::string_view general);

/// Whether a history with this anomaly breaks the model.
bool forbids(std::string_view model, std::string_view anomaly);

/// Everything the model forbids, in the order of isolation_anomalies().
std::vector<std::string_view> forbidden_anomalies(std::string_view model);

/// The models that a set of anomalies rules out.
struct RuledOut {
    std::vector<std::string> weakest;  ///< not implied-by-failure of another: Elle's :not
    std::vector<std::string> others;   ///< all that are stronger than one of those: :also-not

    bool operator==(const RuledOut&) const = default;
};

/// Both lists sorted by name.
RuledOut ruled_out_by(std::span<const std::string_view> anomalies);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/isolation.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace geode::check::txn {
namespace {

using Name = std::string_view;

constexpr auto anomalies = std::to_array<Name>({
    // What a single key or transaction shows.
    "duplicate-elements",
    "cyclic-versions",
    "internal",
    "future-read",
    "garbage-read",
    "incompatible-order",
    "dirty-update",
    "G1a",
    "G1b",
    "lost-update",
    "write-skew",
    "predicate-read-miss",
    // Cycles, from the worst to the least; then those with session edges, then with real time.
    "G0",
    "G1c",
    "monotonic-fractured-read",
    "fractured-read",
    "causality-violation",
    "prefix-violation",
    "long-fork",
    "G-cursor",
    "G-monotonic",
    "G-MSR",
    "G-update",
    "G-single-item",
    "G-single",
    "G-nonadjacent-item",
    "G-nonadjacent",
    "G2-item",
    "G2",
    "GSIa",
    "GSIb",
    "G0-process",
    "G1c-process",
    "fractured-read-process",
    "causality-violation-process",
    "G-single-item-process",
    "G-single-process",
    "G-nonadjacent-item-process",
    "G-nonadjacent-process",
    "G2-item-process",
    "G2-process",
    "G0-realtime",
    "G1c-realtime",
    "G-single-item-realtime",
    "G-single-realtime",
    "G-nonadjacent-item-realtime",
    "G-nonadjacent-realtime",
    "G2-item-realtime",
    "G2-realtime",
    // Unions that definitions speak of; no checker reports them.
    "G1",
    "G1-process",
    "G1-realtime",
    "GSI",
});

struct Pair {
    Name from;
    Name to;
};

constexpr auto aliases = std::to_array<Pair>({
    {"PL-1", "read-uncommitted"},
    {"PL-2", "read-committed"},
    {"PL-CS", "cursor-stability"},
    {"PL-2L", "monotonic-view"},
    {"PL-MSR", "monotonic-snapshot-read"},
    {"PL-2+", "consistent-view"},
    {"PL-FCV", "forward-consistent-view"},
    {"PL-SI", "snapshot-isolation"},
    {"PL-2.99", "repeatable-read"},
    {"PL-3U", "update-serializable"},
    {"PL-3", "serializable"},
    {"conflict-serializable", "serializable"},
    {"PL-SS", "strict-serializable"},
    {"strong-serializable", "strict-serializable"},
    {"strong-session-PL-1", "strong-session-read-uncommitted"},
    {"strong-session-PL-2", "strong-session-read-committed"},
    {"strong-PL-1", "strong-read-uncommitted"},
    {"strong-PL-2", "strong-read-committed"},
});

/// A model and one it implies.
constexpr auto weaker_models = std::to_array<Pair>({
    {"strong-session-read-uncommitted", "read-uncommitted"},
    {"strong-read-uncommitted", "strong-session-read-uncommitted"},
    {"read-committed", "read-uncommitted"},
    {"strong-session-read-committed", "read-committed"},
    {"strong-session-read-committed", "strong-session-read-uncommitted"},
    {"strong-read-committed", "strong-session-read-committed"},
    {"strong-read-committed", "strong-read-uncommitted"},
    {"monotonic-view", "read-committed"},
    {"monotonic-snapshot-read", "read-committed"},
    {"cursor-stability", "read-committed"},
    {"monotonic-atomic-view", "read-committed"},
    {"read-atomic", "monotonic-atomic-view"},
    {"update-atomic", "read-atomic"},
    {"causal-cerone", "read-atomic"},
    {"causal", "causal-cerone"},
    {"causal", "strong-session-read-committed"},
    {"prefix", "causal-cerone"},
    {"consistent-view", "cursor-stability"},
    {"consistent-view", "monotonic-view"},
    {"forward-consistent-view", "consistent-view"},
    {"parallel-snapshot-isolation", "causal-cerone"},
    {"parallel-snapshot-isolation", "update-atomic"},
    {"parallel-snapshot-isolation", "consistent-view"},
    {"snapshot-isolation", "forward-consistent-view"},
    {"snapshot-isolation", "monotonic-snapshot-read"},
    {"snapshot-isolation", "parallel-snapshot-isolation"},
    {"snapshot-isolation", "prefix"},
    {"strong-session-snapshot-isolation", "snapshot-isolation"},
    {"strong-session-snapshot-isolation", "causal"},
    {"strong-snapshot-isolation", "strong-session-snapshot-isolation"},
    {"strong-snapshot-isolation", "strong-read-committed"},
    {"repeatable-read", "cursor-stability"},
    {"repeatable-read", "monotonic-atomic-view"},
    {"update-serializable", "forward-consistent-view"},
    {"serializable", "repeatable-read"},
    {"serializable", "snapshot-isolation"},
    {"serializable", "update-serializable"},
    {"strong-session-serializable", "serializable"},
    {"strong-session-serializable", "strong-session-snapshot-isolation"},
    {"strict-serializable", "strong-session-serializable"},
    {"strict-serializable", "strong-snapshot-isolation"},
});

/// An anomaly and a more general one.
constexpr auto general_anomalies = std::to_array<Pair>({
    // What comes from nowhere breaks even the weakest promise.
    {"garbage-read", "G0"},
    {"incompatible-order", "G1a"},
    {"dirty-update", "G1a"},
    {"future-read", "G1c"},
    {"G1a", "G1"},
    {"G1b", "G1"},
    {"G1c", "G1"},
    {"G1", "G1-process"},
    {"G1-process", "G1-realtime"},
    {"lost-update", "write-skew"},
    {"lost-update", "G2-item"},
    {"write-skew", "G2"},
    {"G0", "G1c"},
    {"G0", "G0-process"},
    {"G0-process", "G1c-process"},
    {"G0-process", "G0-realtime"},
    {"G0-realtime", "G1c-realtime"},
    {"G1c", "G1c-process"},
    {"G1c-process", "G1c-realtime"},
    {"G1c-process", "G1-process"},
    {"G1c-realtime", "G1-realtime"},
    {"monotonic-fractured-read", "fractured-read"},
    {"monotonic-fractured-read", "G-monotonic"},
    {"fractured-read", "causality-violation"},
    {"fractured-read", "fractured-read-process"},
    {"fractured-read-process", "causality-violation-process"},
    {"causality-violation", "prefix-violation"},
    {"causality-violation", "G-single-item"},
    {"causality-violation", "causality-violation-process"},
    {"causality-violation-process", "G-single-item-process"},
    {"prefix-violation", "G-nonadjacent-item"},
    {"long-fork", "prefix-violation"},
    {"G-monotonic", "G-single"},
    {"G-single-item", "G-single"},
    {"G-single-item", "G-single-item-process"},
    {"G-single-item", "G-nonadjacent-item"},
    {"G-single-item-process", "G-single-process"},
    {"G-single-item-process", "G-single-item-realtime"},
    {"G-single-item-process", "G-nonadjacent-item-process"},
    {"G-single-item-realtime", "G-single-realtime"},
    {"G-single-item-realtime", "G-nonadjacent-item-realtime"},
    {"G-single", "G-nonadjacent"},
    {"G-single", "GSIb"},
    {"G-single", "G-single-process"},
    {"G-single-process", "G-nonadjacent-process"},
    {"G-single-process", "G-single-realtime"},
    {"G-single-realtime", "G-nonadjacent-realtime"},
    {"G-nonadjacent-item", "G-nonadjacent"},
    {"G-nonadjacent-item", "G2-item"},
    {"G-nonadjacent-item", "G-nonadjacent-item-process"},
    {"G-nonadjacent-item-process", "G-nonadjacent-process"},
    {"G-nonadjacent-item-process", "G2-item-process"},
    {"G-nonadjacent-item-process", "G-nonadjacent-item-realtime"},
    {"G-nonadjacent-item-realtime", "G2-item-realtime"},
    {"G-nonadjacent-item-realtime", "G-nonadjacent-realtime"},
    {"G-nonadjacent", "G2"},
    {"G-nonadjacent", "G-nonadjacent-process"},
    {"G-nonadjacent-process", "G2-process"},
    {"G-nonadjacent-process", "G-nonadjacent-realtime"},
    {"G-nonadjacent-realtime", "G2-realtime"},
    {"G2-item", "G2"},
    {"G2-item", "G2-item-process"},
    {"G2-item-process", "G2-process"},
    {"G2-item-process", "G2-item-realtime"},
    {"G2-item-realtime", "G2-realtime"},
    {"G2", "G2-process"},
    {"G2-process", "G2-realtime"},
    {"GSIa", "GSI"},
    {"GSIb", "GSI"},
});

/// A model and an anomaly it forbids beyond what the weaker models do.
constexpr auto forbidden = std::to_array<Pair>({
    {"read-uncommitted", "G0"},
    {"read-uncommitted", "duplicate-elements"},
    {"read-uncommitted", "cyclic-versions"},
    {"strong-session-read-uncommitted", "G0-process"},
    {"strong-read-uncommitted", "G0-realtime"},
    {"read-committed", "G1"},
    {"strong-session-read-committed", "G1c-process"},
    {"strong-read-committed", "G1c-realtime"},
    {"monotonic-view", "G-monotonic"},
    {"monotonic-snapshot-read", "G-MSR"},
    {"cursor-stability", "G-cursor"},
    {"cursor-stability", "lost-update"},
    {"monotonic-atomic-view", "monotonic-fractured-read"},
    {"read-atomic", "internal"},
    {"read-atomic", "fractured-read"},
    {"update-atomic", "lost-update"},
    {"causal-cerone", "causality-violation"},
    {"causal", "causality-violation-process"},
    {"causal", "fractured-read-process"},
    {"prefix", "prefix-violation"},
    {"consistent-view", "G-single"},
    {"snapshot-isolation", "GSI"},
    {"snapshot-isolation", "G-nonadjacent"},
    {"strong-session-snapshot-isolation", "G1-process"},
    {"strong-session-snapshot-isolation", "G-nonadjacent-process"},
    {"strong-snapshot-isolation", "G1-realtime"},
    {"strong-snapshot-isolation", "G-nonadjacent-realtime"},
    {"repeatable-read", "G2-item"},
    {"update-serializable", "G-update"},
    {"serializable", "G2"},
    {"serializable", "predicate-read-miss"},
    {"strong-session-serializable", "G2-process"},
    {"strict-serializable", "G2-realtime"},
});

constexpr std::size_t index_in(std::span<const Name> names, Name name) {
    for (std::size_t index = 0; index < names.size(); ++index) {
        if (names[index] == name) return index;
    }
    return names.size();
}

/// The same by places in the lists of names, which the compiler looks up; a name that is in none
/// does not compile.
struct Arrow {
    std::uint8_t from;
    std::uint8_t to;
};

template <std::size_t count>
consteval std::array<Arrow, count> arrows(const std::array<Pair, count>& pairs,
                                          std::span<const Name> from, std::span<const Name> to) {
    std::array<Arrow, count> result{};
    for (std::size_t index = 0; index < count; ++index) {
        const std::size_t begin = index_in(from, pairs[index].from);
        const std::size_t end = index_in(to, pairs[index].to);
        if (begin == from.size() || end == to.size()) throw "a name that is in no list";
        result[index] = Arrow{static_cast<std::uint8_t>(begin), static_cast<std::uint8_t>(end)};
    }
    return result;
}

constexpr auto model_arrows = arrows(weaker_models, isolation_models, isolation_models);
constexpr auto anomaly_arrows = arrows(general_anomalies, anomalies, anomalies);
constexpr auto forbidden_arrows = arrows(forbidden, isolation_models, anomalies);

/// Marks what can be reached from the marked.
void spread(std::vector<bool>& marked, std::span<const Arrow> pairs) {
    for (bool grew = true; grew;) {
        grew = false;
        for (const Arrow& pair : pairs) {
            if (!marked[pair.from] || marked[pair.to]) continue;
            marked[pair.to] = true;
            grew = true;
        }
    }
}

std::vector<bool> reached(std::size_t start, std::span<const Arrow> pairs, std::size_t count) {
    GEODE_ASSERT_MSG(start < count, "a name that is in no list");
    std::vector<bool> marked(count);
    marked[start] = true;
    spread(marked, pairs);
    return marked;
}

std::vector<bool> models_below(std::size_t model) {
    return reached(model, model_arrows, isolation_models.size());
}

std::vector<bool> generals_of(Name anomaly) {
    return reached(index_in(anomalies, anomaly), anomaly_arrows, anomalies.size());
}

/// Whether one of the models forbids one of the anomalies; both sets are closed.
bool clash(const std::vector<bool>& below, const std::vector<bool>& found) {
    return std::ranges::any_of(
        forbidden_arrows, [&](const Arrow& pair) { return below[pair.from] && found[pair.to]; });
}

}  // namespace

std::optional<std::string_view> canonical_model(std::string_view name) {
    for (const Pair& alias : aliases) {
        if (alias.from == name) return alias.to;
    }
    const std::size_t index = index_in(isolation_models, name);
    if (index == isolation_models.size()) return std::nullopt;
    return isolation_models[index];
}

std::span<const std::string_view> isolation_anomalies() {
    return anomalies;
}

bool model_implies(std::string_view stronger, std::string_view weaker) {
    const std::size_t index = index_in(isolation_models, weaker);
    GEODE_ASSERT_MSG(index < isolation_models.size(), "a name that is in no list");
    return models_below(index_in(isolation_models, stronger))[index];
}

bool anomaly_implies(std::string_view special, std::string_view general) {
    const std::size_t index = index_in(anomalies, general);
    GEODE_ASSERT_MSG(index < anomalies.size(), "a name that is in no list");
    return generals_of(special)[index];
}

bool forbids(std::string_view model, std::string_view anomaly) {
    return clash(models_below(index_in(isolation_models, model)), generals_of(anomaly));
}

std::vector<std::string_view> forbidden_anomalies(std::string_view model) {
    const std::vector<bool> below = models_below(index_in(isolation_models, model));
    std::vector<std::string_view> result;
    for (const Name anomaly : anomalies) {
        if (clash(below, generals_of(anomaly))) result.push_back(anomaly);
    }
    return result;
}

RuledOut ruled_out_by(std::span<const std::string_view> found) {
    std::vector<bool> marked(anomalies.size());
    for (const Name anomaly : found) {
        const std::size_t index = index_in(anomalies, anomaly);
        GEODE_ASSERT_MSG(index < anomalies.size(), "a name that is in no list");
        marked[index] = true;
    }
    spread(marked, anomaly_arrows);
    std::vector<bool> broken(isolation_models.size());
    for (std::size_t index = 0; index < isolation_models.size(); ++index) {
        broken[index] = clash(models_below(index), marked);
    }
    RuledOut result;
    for (std::size_t index = 0; index < isolation_models.size(); ++index) {
        if (!broken[index]) continue;
        const std::vector<bool> below = models_below(index);
        bool weakest = true;
        for (std::size_t weaker = 0; weaker < isolation_models.size(); ++weaker) {
            if (weaker != index && below[weaker] && broken[weaker]) weakest = false;
        }
        (weakest ? result.weakest : result.others).emplace_back(isolation_models[index]);
    }
    std::ranges::sort(result.weakest);
    std::ranges::sort(result.others);
    return result;
}

}  // namespace geode::check::txn

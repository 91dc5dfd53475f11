// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "workloads/check/judge/model_tables.h"
#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/list_append.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 26> list_levels = {
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
};

// Those of isolation.h that are looked for completely: no other is promised to be found.
constexpr auto list_anomalies = std::to_array<std::string_view>({
    "internal",
    "future-read",
    "garbage-read",
    "duplicate-elements",
    "incompatible-order",
    "dirty-update",
    "lost-update",
    "G1a",
    "G1b",
    "G1",
    "G1-process",
    "G1-realtime",
    "G0",
    "G0-process",
    "G0-realtime",
    "G1c",
    "G1c-process",
    "G1c-realtime",
    "monotonic-fractured-read",
    "fractured-read",
    "prefix-violation",
    "G-single-item",
    "G-single-item-process",
    "G-single-item-realtime",
    "G-single",
    "G-single-process",
    "G-single-realtime",
    "G-nonadjacent-item",
    "G-nonadjacent-item-process",
    "G-nonadjacent-item-realtime",
    "G-nonadjacent",
    "G-nonadjacent-process",
    "G-nonadjacent-realtime",
    "G2-item",
    "G2-item-process",
    "G2-item-realtime",
    "G2",
    "G2-process",
    "G2-realtime",
});

Result<Judgement> judge_list_append(txn::SessionHistory& recorded, const JudgeRequest& request) {
    txn::ListAppendOptions options;
    options.models.clear();
    if (!request.consistency.empty()) options.models.push_back(request.consistency);
    options.anomalies = request.anomalies;
    options.budget = request.budget;
    return txn::check_list_append(recorded.history, options);
}

}  // namespace

std::span<const ModelSpec> transaction_models() {
    static constexpr std::array<ModelSpec, 1> models = {{
        {"list-append", "transactions that append to lists and read them; one list per key",
         HistoryKind::list_transactions, list_levels, judge_list_append,
         "always starts with empty lists", list_anomalies},
    }};
    return models;
}

}  // namespace geode::check

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

Result<Judgement> judge_list_append(txn::SessionHistory& recorded, const JudgeRequest& request) {
    txn::ListAppendOptions options;
    options.models = {request.consistency};
    options.budget = request.budget;
    return txn::check_list_append(recorded.history, options);
}

}  // namespace

std::span<const ModelSpec> transaction_models() {
    static constexpr std::array<ModelSpec, 1> models = {{
        {"list-append", "transactions that append to lists and read them; one list per key",
         HistoryKind::list_transactions, list_levels, judge_list_append,
         "always starts with empty lists"},
    }};
    return models;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "workloads/check/judge/model_tables.h"
#include "workloads/check/txn/formats.h"
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

constexpr std::array<std::string_view, 3> list_formats = {"edn", "elle-json", "json"};

txn::TxnFormat format_of(std::string_view name) {
    if (name == "edn") return txn::TxnFormat::edn;
    if (name == "elle-json" || name == "json") return txn::TxnFormat::json;
    return txn::TxnFormat::detect;
}

Result<Judgement> judge_list_append(std::string_view text, std::string_view name,
                                    const JudgeRequest& request) {
    if (request.initial) {
        return make_error(ErrorCode::invalid_argument,
                          "the model list-append always starts with empty lists; leave --initial "
                          "out");
    }
    GEODE_TRY(
        const txn::TxnHistory history,
        txn::parse_txn_history(text, name, txn::TxnObjects::lists, format_of(request.format)));
    txn::ListAppendOptions options;
    options.models = {request.consistency};
    options.budget = request.budget;
    return txn::check_list_append(history, options);
}

}  // namespace

std::span<const ModelSpec> transaction_models() {
    static constexpr std::array<ModelSpec, 1> models = {{
        {"list-append", "transactions that append to lists and read them; one list per key",
         list_levels, list_formats, judge_list_append},
    }};
    return models;
}

}  // namespace geode::check

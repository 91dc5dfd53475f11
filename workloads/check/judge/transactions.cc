// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "workloads/check/judge/model_tables.h"
#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/list_append.h"
#include "workloads/check/txn/register.h"
#include "workloads/check/txn/register_anomalies.h"

namespace geode::check {
namespace {

Result<Judgement> judge_lists(txn::SessionHistory& recorded, const JudgeRequest& request) {
    txn::ListAppendOptions options;
    options.models.clear();
    if (!request.consistency.empty()) options.models.push_back(request.consistency);
    options.anomalies = request.anomalies;
    options.budget = request.budget;
    return txn::check_list_append(recorded.history, options);
}

Result<Judgement> judge_registers(txn::SessionHistory& recorded, const JudgeRequest& request) {
    std::optional<ValueId> initial = recorded.initial;
    if (request.initial) initial = recorded.history.values.intern(literal_of(*request.initial));
    if (!request.anomalies.empty()) {
        return txn::check_register_anomalies(
            recorded.history,
            {.anomalies = request.anomalies, .initial = initial, .budget = request.budget});
    }
    // Most recordings of registers come from tools for which every level keeps sessions.
    return txn::check_registers(recorded.history, {.level = request.consistency,
                                                   .initial = initial,
                                                   .least = txn::KeptOrder::session,
                                                   .budget = request.budget});
}

}  // namespace

std::span<const ModelSpec> transaction_models() {
    using enum HistoryKind;
    static constexpr std::array<ModelSpec, 2> models = {{
        {"list-append", "transactions that append to lists and read them; one list per key",
         list_transactions, txn::isolation_models, judge_lists, "always starts with empty lists",
         txn::list_anomalies},
        {"rw-register", "transactions of reads and writes; one register per key",
         register_transactions, txn::register_levels, judge_registers, "", txn::register_anomalies},
    }};
    return models;
}

}  // namespace geode::check

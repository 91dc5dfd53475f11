// SPDX-License-Identifier: Apache-2.0

// The model rw-register: transactions of reads and writes.

#include <array>

#include "workloads/check/judge/model_tables.h"
#include "workloads/check/txn/register.h"
#include "workloads/check/txn/register_anomalies.h"

namespace geode::check {
namespace {

Result<Judgement> judge_registers(txn::SessionHistory& recorded, const JudgeRequest& request) {
    txn::RegisterCheck check{.level = request.consistency, .budget = request.budget};
    // Most recordings of registers come from tools for which every level keeps sessions.
    check.least = txn::KeptOrder::session;
    check.initial = recorded.initial;
    if (request.initial) {
        check.initial = recorded.history.values.intern(literal_of(*request.initial));
    }
    if (!request.anomalies.empty()) {
        return txn::check_register_anomalies(
            recorded.history,
            {.anomalies = request.anomalies, .initial = check.initial, .budget = request.budget});
    }
    return txn::check_registers(recorded.history, check);
}

}  // namespace

std::span<const ModelSpec> register_transaction_models() {
    static constexpr std::array<ModelSpec, 1> models = {{
        {"rw-register", "transactions of reads and writes; one register per key",
         HistoryKind::register_transactions, txn::register_levels, judge_registers, "",
         txn::register_anomalies},
    }};
    return models;
}

}  // namespace geode::check

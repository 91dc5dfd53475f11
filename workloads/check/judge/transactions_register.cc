// SPDX-License-Identifier: Apache-2.0

// The model rw-register: transactions of reads and writes.

#include <array>
#include <charconv>

#include "workloads/check/judge/model_tables.h"
#include "workloads/check/txn/register.h"

namespace geode::check {
namespace {

/// nil, an integer, or else a text.
ValueId intern(ValueTable& values, std::string_view word) {
    if (word == "nil") return nil_value;
    std::int64_t integer = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, code] = std::from_chars(word.data(), end, integer);
    return code == std::errc() && stop == end ? values.integer(integer) : values.text(word);
}

Result<Judgement> judge_registers(txn::SessionHistory& recorded, const JudgeRequest& request) {
    txn::RegisterCheck check{.level = request.consistency, .budget = request.budget};
    // Most recordings of registers come from tools for which every level keeps sessions.
    check.least = txn::KeptOrder::session;
    check.initial = recorded.initial;
    if (request.initial) check.initial = intern(recorded.history.values, *request.initial);
    return txn::check_registers(recorded.history, check);
}

}  // namespace

std::span<const ModelSpec> register_transaction_models() {
    static constexpr std::array<ModelSpec, 1> models = {{
        {"rw-register", "transactions of reads and writes; one register per key",
         HistoryKind::register_transactions, txn::register_levels, judge_registers},
    }};
    return models;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0

// The model rw-register: transactions of reads and writes.

#include <array>
#include <charconv>

#include "workloads/check/judge/model_tables.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/register.h"
#include "workloads/check/txn/session_formats.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 7> register_formats = {
    "edn", "json", "elle-json", "dbcop", "awdit", "plume", "polysi"};

std::optional<txn::SessionFormat> session_format_of(std::string_view text,
                                                    std::string_view format) {
    if (format == "auto") return txn::detect_session_format(text);
    if (format == "dbcop") return txn::SessionFormat::dbcop;
    if (format == "awdit") return txn::SessionFormat::awdit;
    if (format == "plume") return txn::SessionFormat::plume;
    if (format == "polysi") return txn::SessionFormat::polysi;
    return std::nullopt;
}

txn::TxnFormat event_format_of(std::string_view format) {
    if (format == "edn") return txn::TxnFormat::edn;
    if (format == "json" || format == "elle-json") return txn::TxnFormat::json;
    return txn::TxnFormat::detect;
}

/// nil, an integer, or else a text.
ValueId intern(ValueTable& values, std::string_view word) {
    if (word == "nil") return nil_value;
    std::int64_t integer = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, code] = std::from_chars(word.data(), end, integer);
    return code == std::errc() && stop == end ? values.integer(integer) : values.text(word);
}

Result<Judgement> judge_registers(std::string_view text, std::string_view name,
                                  const JudgeRequest& request) {
    txn::SessionHistory recorded;
    const auto session_format = session_format_of(text, request.format);
    txn::RegisterCheck check{.level = request.consistency, .budget = request.budget};
    // Most recordings of registers come from tools for which every level keeps sessions.
    check.least = txn::KeptOrder::session;
    if (session_format) {
        GEODE_TRY(recorded, txn::parse_session_history(text, name, *session_format));
    } else {
        GEODE_TRY(recorded.history, txn::parse_txn_history(text, name, txn::TxnObjects::registers,
                                                           event_format_of(request.format)));
    }
    check.initial = recorded.initial;
    if (request.initial) check.initial = intern(recorded.history.values, *request.initial);
    return txn::check_registers(recorded.history, check);
}

}  // namespace

std::span<const ModelSpec> register_transaction_models() {
    static constexpr std::array<ModelSpec, 1> models = {{
        {"rw-register", "transactions of reads and writes; one register per key",
         txn::register_levels, register_formats, judge_registers},
    }};
    return models;
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/formats.h"

#include "workloads/check/edn.h"
#include "workloads/check/txn/event_reader.h"
#include "workloads/check/txn/json_events.h"

namespace geode::check::txn {
namespace {

Result<void> read_edn_events(std::string_view text, std::string_view name, EventReader& events) {
    EdnReader reader(text, name);
    EdnForm form;
    while (true) {
        GEODE_TRY(const bool found, reader.next(form));
        if (!found) return {};
        const auto taken = events.take(form);
        if (!taken) {
            constexpr std::string_view before = "expected ";
            return reader.error_at(form.offset,
                                   std::string_view(taken.error().message).substr(before.size()));
        }
    }
}

}  // namespace

TxnFormat detect_txn_format(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n[,");
    if (first == std::string_view::npos || text[first] != '{') return TxnFormat::edn;
    const std::size_t member = text.find_first_not_of(" \t\r\n", first + 1);
    const bool quoted = member != std::string_view::npos && text[member] == '"';
    return quoted ? TxnFormat::json : TxnFormat::edn;
}

Result<TxnHistory> parse_txn_history(std::string_view text, std::string_view name,
                                     TxnObjects objects, TxnFormat format) {
    if (format == TxnFormat::detect) format = detect_txn_format(text);
    EventReader events(objects);
    GEODE_TRY_VOID(format == TxnFormat::json ? read_json_events(text, name, events)
                                             : read_edn_events(text, name, events));
    return std::move(events).finish();
}

}  // namespace geode::check::txn

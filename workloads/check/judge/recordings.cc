// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/recordings.h"

#include <array>
#include <optional>
#include <string>

#include "workloads/check/txn/formats.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 4> object_formats = {"jepsen-log", "edn", "json",
                                                            "elle-json"};
constexpr std::array<std::string_view, 3> list_formats = {"edn", "json", "elle-json"};
constexpr std::array<std::string_view, 7> register_formats = {
    "edn", "json", "elle-json", "dbcop", "awdit", "plume", "polysi"};

Format object_format(std::string_view name) {
    if (name == "jepsen-log") return Format::jepsen_log;
    if (name == "edn") return Format::edn;
    if (name == "json" || name == "elle-json") return Format::json_lines;
    return Format::detect;
}

txn::TxnFormat event_format(std::string_view name) {
    if (name == "edn") return txn::TxnFormat::edn;
    if (name == "json" || name == "elle-json") return txn::TxnFormat::json;
    return txn::TxnFormat::detect;
}

std::optional<txn::SessionFormat> session_format(std::string_view text, std::string_view name) {
    if (name == "auto") return txn::detect_session_format(text);
    if (name == "dbcop") return txn::SessionFormat::dbcop;
    if (name == "awdit") return txn::SessionFormat::awdit;
    if (name == "plume") return txn::SessionFormat::plume;
    if (name == "polysi") return txn::SessionFormat::polysi;
    return std::nullopt;
}

Result<RecordedHistory> read_operations(std::string_view text, std::string_view name,
                                        const ReadRequest& request) {
    const Pairs pairs = request.kind == HistoryKind::objects ? Pairs::plain : Pairs::keyed;
    GEODE_TRY(History history, parse_history(text, name,
                                             {.format = object_format(request.format),
                                              .pairs = pairs,
                                              .names = request.names}));
    return RecordedHistory(std::move(history));
}

Result<RecordedHistory> read_transactions(std::string_view text, std::string_view name,
                                          const ReadRequest& request) {
    const bool lists = request.kind == HistoryKind::list_transactions;
    if (!lists) {
        if (const auto format = session_format(text, request.format)) {
            GEODE_TRY(txn::SessionHistory recorded,
                      txn::parse_session_history(text, name, *format));
            return RecordedHistory(std::move(recorded));
        }
    }
    const auto objects = lists ? txn::TxnObjects::lists : txn::TxnObjects::registers;
    GEODE_TRY(txn::TxnHistory history,
              txn::parse_txn_history(text, name, objects, event_format(request.format)));
    return RecordedHistory(txn::SessionHistory{.history = std::move(history), .initial = {}});
}

}  // namespace

std::span<const std::string_view> read_formats(HistoryKind kind) {
    switch (kind) {
        case HistoryKind::registers:
        case HistoryKind::texts:
        case HistoryKind::objects: return object_formats;
        case HistoryKind::list_transactions: return list_formats;
        case HistoryKind::register_transactions: return register_formats;
    }
    GEODE_UNREACHABLE("HistoryKind out of range");
}

Result<RecordedHistory> read_recording(const Recording& recording, const ReadRequest& request) {
    GEODE_ASSERT(!recording.files.empty());
    const bool transactions = request.kind == HistoryKind::list_transactions ||
                              request.kind == HistoryKind::register_transactions;
    return transactions ? read_transactions(recording.files[0], recording.name, request)
                        : read_operations(recording.files[0], recording.name, request);
}

}  // namespace geode::check

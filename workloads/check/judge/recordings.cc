// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/recordings.h"

#include <array>
#include <optional>
#include <string>

#include "workloads/check/txn/formats.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 5> object_formats = {"jepsen-log", "edn", "knossos", "json",
                                                            "elle-json"};
constexpr std::array<std::string_view, 4> list_formats = {"edn", "knossos", "json", "elle-json"};
constexpr std::array<std::string_view, 9> register_formats = {
    "edn", "knossos", "json", "elle-json", "dbcop", "awdit", "plume", "polysi", "cobra"};

Format object_format(std::string_view name) {
    if (name == "jepsen-log") return Format::jepsen_log;
    if (name == "edn" || name == "knossos") return Format::edn;
    if (name == "json" || name == "elle-json") return Format::json_lines;
    return Format::detect;
}

txn::TxnFormat event_format(std::string_view name) {
    if (name == "edn" || name == "knossos") return txn::TxnFormat::edn;
    if (name == "json" || name == "elle-json") return txn::TxnFormat::json;
    return txn::TxnFormat::detect;
}

std::optional<txn::SessionFormat> session_format(std::string_view text, std::string_view name) {
    return name == "auto" ? txn::detect_session_format(text) : txn::session_format_of(name);
}

/// The one file of the recording.
Result<NamedText> single_file(const Recording& recording) {
    if (recording.files.size() == 1) return recording.files[0];
    return make_error(ErrorCode::invalid_argument,
                      std::string(recording.name) +
                          ": expected one file with the whole history; only the format cobra of "
                          "rw-register has one for each session");
}

Result<RecordedHistory> read_operations(const Recording& recording, const ReadRequest& request) {
    GEODE_TRY(const NamedText file, single_file(recording));
    const bool keyed = request.kind == HistoryKind::registers || request.kind == HistoryKind::texts;
    const bool custom = request.kind == HistoryKind::custom;
    GEODE_TRY(History history, parse_history(file.bytes, file.name,
                                             {.format = object_format(request.format),
                                              .pairs = keyed ? Pairs::keyed : Pairs::plain,
                                              .names = custom ? Names::any : Names::known}));
    return RecordedHistory(std::move(history));
}

Result<RecordedHistory> read_transactions(const Recording& recording, const ReadRequest& request) {
    const bool lists = request.kind == HistoryKind::list_transactions;
    const auto format =
        lists ? std::nullopt : session_format(recording.files[0].bytes, request.format);
    if (format == txn::SessionFormat::cobra) {
        GEODE_TRY(txn::SessionHistory recorded, txn::parse_session_logs(recording.files));
        return RecordedHistory(std::move(recorded));
    }
    GEODE_TRY(const NamedText file, single_file(recording));
    if (format) {
        GEODE_TRY(txn::SessionHistory recorded,
                  txn::parse_session_history(file.bytes, file.name, *format));
        return RecordedHistory(std::move(recorded));
    }
    const auto objects = lists ? txn::TxnObjects::lists : txn::TxnObjects::registers;
    GEODE_TRY(txn::TxnHistory history,
              txn::parse_txn_history(file.bytes, file.name, objects, event_format(request.format)));
    return RecordedHistory(txn::SessionHistory{.history = std::move(history), .initial = {}});
}

}  // namespace

std::span<const std::string_view> read_formats(HistoryKind kind) {
    switch (kind) {
        case HistoryKind::registers:
        case HistoryKind::texts:
        case HistoryKind::objects:
        case HistoryKind::balances:
        case HistoryKind::custom: return object_formats;
        case HistoryKind::list_transactions: return list_formats;
        case HistoryKind::register_transactions: return register_formats;
    }
    GEODE_UNREACHABLE("HistoryKind out of range");
}

bool is_session_log(std::string_view bytes) {
    return txn::detect_session_format(bytes) == txn::SessionFormat::cobra;
}

Result<RecordedHistory> read_recording(const Recording& recording, const ReadRequest& request) {
    GEODE_ASSERT(!recording.files.empty());
    switch (request.kind) {
        case HistoryKind::list_transactions:
        case HistoryKind::register_transactions: return read_transactions(recording, request);
        case HistoryKind::registers:
        case HistoryKind::texts:
        case HistoryKind::objects:
        case HistoryKind::balances:
        case HistoryKind::custom: return read_operations(recording, request);
    }
    GEODE_UNREACHABLE("HistoryKind out of range");
}

}  // namespace geode::check

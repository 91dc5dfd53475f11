// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "workloads/check/formats.h"
#include "workloads/check/judge/recordings.h"
#include "workloads/check/txn/formats.h"

namespace geode::check {
namespace {

bool is_json(std::string_view format) {
    return format == "json" || format == "elle-json";
}

/// Whether the format is all events in one array or vector.
bool is_collection(std::string_view format) {
    return format == "elle-json" || format == "knossos";
}

Spelling spelling_of(HistoryKind kind, bool json) {
    switch (kind) {
        case HistoryKind::registers: return json ? Spelling::json : Spelling::edn_registers;
        case HistoryKind::texts: return json ? Spelling::json : Spelling::edn_texts;
        case HistoryKind::balances: return json ? Spelling::json_balances : Spelling::edn_balances;
        case HistoryKind::objects:
        case HistoryKind::custom:
        case HistoryKind::list_transactions:
        case HistoryKind::register_transactions: return json ? Spelling::json : Spelling::edn;
    }
    GEODE_UNREACHABLE("HistoryKind out of range");
}

/// What Jepsen's notations say of processes: one ends with its first operation of unknown outcome.
template <class Operations>
void note_processes(const Operations& operations, std::vector<std::string>& notes) {
    std::set<std::int64_t> crashed;
    std::set<std::int64_t> renamed;
    for (const auto& operation : operations) {
        if (crashed.contains(operation.process)) renamed.insert(operation.process);
        if (operation.completed == never_completed) crashed.insert(operation.process);
    }
    if (renamed.empty()) return;
    notes.push_back("processes that went on after an unknown outcome do so under another number: " +
                    std::to_string(renamed.size()));
}

/// The history with nil for every read of its initial value, so that it stands by itself. A read of
/// a register to which somebody writes that value too may be of either, and stays as it is.
txn::TxnHistory with_initial_nil(const txn::SessionHistory& recorded,
                                 std::vector<std::string>& notes) {
    txn::TxnHistory history = recorded.history;
    if (!recorded.initial) return history;
    std::set<ValueId> written;  // keys
    for (const txn::Mop& mop : history.mops) {
        if (mop.kind == txn::MopKind::write && mop.value == recorded.initial) {
            written.insert(mop.key);
        }
    }
    std::size_t left = 0;
    for (txn::Mop& mop : history.mops) {
        if (mop.kind != txn::MopKind::read || mop.value != recorded.initial) continue;
        const bool either = written.contains(mop.key);
        if (either) ++left;
        if (!either) mop.value = nil_value;
    }
    if (left > 0) {
        const std::string value = history.values.describe(*recorded.initial);
        notes.push_back(
            "reads of the initial value that was written too stay, to be checked with --initial " +
            value + ": " + std::to_string(left));
    }
    return history;
}

WrittenRecording single(std::string text) {
    return {.files = {{.name = {}, .bytes = std::move(text)}}, .notes = {}};
}

Result<WrittenRecording> write_operations(const History& history, HistoryKind kind,
                                          std::string_view format) {
    WrittenRecording written;
    if (format == "jepsen-log") {
        GEODE_TRY(std::string text, to_jepsen_log(history));
        written = single(std::move(text));
        const auto failed =
            std::ranges::count(history.operations, Completion::fail, &Operation::completion);
        if (failed > 0) {
            written.notes.push_back("failed operations are left out: " + std::to_string(failed));
        }
    } else {
        const Spelling spelling = spelling_of(kind, is_json(format));
        GEODE_TRY(std::string text, write_events(history, spelling));
        written = single(is_collection(format) ? as_collection(text, spelling) : std::move(text));
    }
    if (!is_json(format)) note_processes(history.operations, written.notes);
    return written;
}

Result<WrittenRecording> write_transactions(const txn::SessionHistory& recorded, HistoryKind kind,
                                            std::string_view format) {
    if (const auto sessions = txn::session_format_of(format)) {
        GEODE_TRY(txn::WrittenSessions written, txn::write_sessions(recorded, *sessions));
        return WrittenRecording{.files = std::move(written.files),
                                .notes = std::move(written.notes)};
    }
    std::vector<std::string> notes;
    const txn::TxnHistory history = with_initial_nil(recorded, notes);
    const Notation notation = is_json(format) ? Notation::json : Notation::edn;
    GEODE_TRY(std::string text, txn::write_events(history, notation));
    if (is_collection(format)) text = as_collection(text, spelling_of(kind, is_json(format)));
    WrittenRecording written = single(std::move(text));
    written.notes = std::move(notes);
    if (!history.timed) {
        written.notes.emplace_back("when transactions began is not known: they only end");
    } else if (!is_json(format)) {
        note_processes(history.transactions, written.notes);
    }
    return written;
}

}  // namespace

std::span<const std::string_view> write_formats(HistoryKind kind) {
    const auto formats = read_formats(kind);
    // Only registers fit into a log of Jepsen's.
    const bool logs = formats.front() == "jepsen-log" && kind != HistoryKind::registers;
    return logs ? formats.subspan(1) : formats;
}

Result<WrittenRecording> write_recording(const RecordedHistory& recorded, HistoryKind kind,
                                         std::string_view format) {
    if (const auto* const history = std::get_if<History>(&recorded)) {
        return write_operations(*history, kind, format);
    }
    return write_transactions(std::get<txn::SessionHistory>(recorded), kind, format);
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Recorded histories by kind and notation: which notations a kind of history may come in, and the
// one place where a recording becomes a history, whatever it is then wanted for, or a history a
// recording.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "workloads/check/formats.h"
#include "workloads/check/txn/session_formats.h"
#include "workloads/check/txn/session_writer.h"

namespace geode::check {

/// What a history tells of; it decides how a notation spells it.
enum class HistoryKind : std::uint8_t {
    registers,              ///< read, write, cas: :value [key value] is a value under a key
    texts,                  ///< the same of get, put, append
    objects,                ///< anything else: a key is a member of its own
    balances,               ///< the same, but values are maps
    custom,                 ///< operations of the user's own, whatever their names
    list_transactions,      ///< append and r of lists
    register_transactions,  ///< w and r of registers
};

/// A recorded history as it lies on disk. Borrows everything.
struct Recording {
    std::string_view name;             ///< for messages
    std::span<const NamedText> files;  ///< one, or one for each session
};

struct ReadRequest {
    HistoryKind kind = HistoryKind::objects;
    std::string_view format = "auto";  ///< one of read_formats(kind), or auto: by looking
};

/// Operations, or transactions with the initial value that their notation implies.
using RecordedHistory = std::variant<History, txn::SessionHistory>;

/// The names of the notations, without auto.
std::span<const std::string_view> read_formats(HistoryKind kind);

/// Whether the bytes are one session's log, a part of a history.
bool is_session_log(std::string_view bytes);

/// The format has been looked up. invalid_argument for input that is not in the notation, as
/// "name:line: expected ...".
Result<RecordedHistory> read_recording(const Recording& recording, const ReadRequest& request);

/// The names of the notations that a history of the kind can be written in.
std::span<const std::string_view> write_formats(HistoryKind kind);

struct WrittenRecording {
    std::vector<txn::WrittenFile> files;  ///< one, or one for each session
    std::vector<std::string> notes;       ///< what the notation does not say, each a sentence
};

/// `format` is one of write_formats(kind), and `recorded` a history of that kind. invalid_argument
/// for what the notation cannot say and must not leave out, in words.
Result<WrittenRecording> write_recording(const RecordedHistory& recorded, HistoryKind kind,
                                         std::string_view format);

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Recorded histories by kind and notation: which notations a kind of history may come in, and the
// one place where a recording becomes a history, whatever it is then wanted for.

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "workloads/check/formats.h"
#include "workloads/check/txn/session_formats.h"

namespace geode::check {

/// What a history tells of; it decides how a notation spells it.
enum class HistoryKind : std::uint8_t {
    registers,              ///< read, write, cas: :value [key value] is a value under a key
    texts,                  ///< the same of get, put, append
    objects,                ///< anything else: a key is a member of its own
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
    Names names = Names::known;
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

}  // namespace geode::check

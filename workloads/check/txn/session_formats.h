// SPDX-License-Identifier: Apache-2.0
#pragma once

// Recorded histories of registers in the notations of other checkers. All of them record sessions,
// one transaction after another, without times: the histories are not TxnHistory::timed, and the
// process of a transaction is its session.
//
//   dbcop   [x:=1 y==2] [z==?]!   transactions in brackets, "!" after one that did not commit; x:=1
//           writes, x==1 reads, x==? reads the initial state, as x==0 does. Lines of dashes
//           separate sessions, "//" starts a comment
//   awdit   w 0 1                 a line per operation: r or w, key, value. Lines of dashes
//           separate transactions, lines of equals signs sessions. There is no initial state
//   plume   w(0,1,2,3)            a line per operation: r or w with key, value, session,
//           transaction. Transaction -1 is an aborted one of its own. Initial value 0. IsoVista
//           and PolySI write it too
//   polysi  binary (bincode), little-endian: five i64 of parameters, three strings (i64 length and
//           bytes), then sessions: i64 count, of transactions: i64 count, of events: u8 is_write,
//           i64 key, i64 value, u8 success; each transaction ends with u8 success. Initial value 0
//   cobra   binary, big-endian, one log for each session: 'S' i64 transaction starts one, 'C' or
//           'A' i64 transaction commits or aborts it; between them 'W' i64 write, key, value and
//           'R' i64 writing transaction, write, key, value. Which write was read is said outright,
//           so values are not looked at; write or transaction 0xbebeebee and 0xdeadbeef stand for
//           the initial state

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "workloads/check/formats.h"
#include "workloads/check/txn/history.h"

namespace geode::check::txn {

enum class SessionFormat : std::uint8_t { dbcop, awdit, plume, polysi, cobra };

/// In `cobra`, the write and the transaction of what was there before the recording.
inline constexpr std::int64_t cobra_initial = 0xbebeebee;

struct SessionHistory {
    TxnHistory history;
    std::optional<ValueId> initial;  ///< the notation's own initial value, beside nil
};

/// The notation of that name: dbcop, awdit, plume, polysi or cobra.
std::optional<SessionFormat> session_format_of(std::string_view name);

/// The notation that `text` seems to be in, by its first significant bytes.
std::optional<SessionFormat> detect_session_format(std::string_view text);

/// Reads a recorded history; `name` is the file's name for messages. invalid_argument for input
/// that is not in the notation, as "name:line: expected ..." or, of the binary one, "name: byte N:
/// expected ...". Counts in the input are believed only as far as bytes follow.
Result<SessionHistory> parse_session_history(std::string_view text, std::string_view name,
                                             SessionFormat format);
/// Reads the logs of all sessions of a history in `cobra`, each a session.
Result<SessionHistory> parse_session_logs(std::span<const NamedText> logs);

}  // namespace geode::check::txn

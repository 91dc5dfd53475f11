// SPDX-License-Identifier: Apache-2.0
#pragma once

// Recorded histories of transactions as text: reading the notations of others, and our own.
//
//   edn   one map per event, as Jepsen and Elle write them, in a vector, in a list or one after
//         another: {:index 4, :type :invoke, :process 0, :value [[:append 9 1] [:r 8 nil]]}
//   json  the same with strings for keywords, one object per line or all in one array (elle-cli);
//         our own recordings are such lines: docs/formats/history.md
//
// A micro-operation is [f key value]; f is append, r (read) or w (write). The value of a read is
// what was seen: a list of elements (nil for an empty one) or the value of a register (nil before
// the first write). What reads say counts in :ok events only; micro-operations of :fail and :info
// events may be left out, then those of the invocation hold. Keys and values are nil, integers or
// words. :process may be left out: then there is one; events of processes that are not integers
// (:nemesis) are skipped. Without :index an event's place in the file stands for it.
//
// A file that has completions without invocations tells no real time (TxnHistory::timed).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "workloads/check/event_text.h"
#include "workloads/check/txn/history.h"

namespace geode::check::txn {

enum class TxnFormat : std::uint8_t { detect, edn, json };

/// What the keys hold: it decides which micro-operations there are, and what nil means in a read.
enum class TxnObjects : std::uint8_t { lists, registers };

/// json if the first significant byte and the quote that follows say so, else edn.
TxnFormat detect_txn_format(std::string_view text);

/// Reads a recorded history. `name` is the file's name for messages. invalid_argument for input
/// that is not in the notation, as "name:line: expected ..."; an empty text is an empty history.
Result<TxnHistory> parse_txn_history(std::string_view text, std::string_view name,
                                     TxnObjects objects, TxnFormat format = TxnFormat::detect);

/// Writes the events of `history`, one per line, which parse_txn_history reads back to an equal
/// history, except that gaps between positions close, and that EDN numbers the events anew. A
/// history that is not timed has completions only. invalid_argument if a text is not UTF-8.
Result<std::string> write_events(const TxnHistory& history, Notation notation);
Result<std::string> to_json_lines(const TxnHistory& history);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Recorded histories as text: reading the notations of others and our own into one type, and
// writing them.
//
//   jepsen_log  lines "INFO  jepsen.util - 3<tab>:invoke<tab>:write<tab>4"; other lines are noise.
//               Here a cas that is answered :fail was refused, and is checked as such; any
//               completion with :timed-out is of unknown outcome
//   edn         maps {:process 3, :type :invoke, :f :write, :value 4}, in a vector, in a list or
//               one after another. Knossos, Jepsen and (with :key) porcupine's key-value logs.
//               Several registers by :key or as :value [key value]. :fail did not happen
//   json_lines  one object per event, or one array of them; docs/formats/history.md
//
// Operations have the names that function_of() in format_readers.h lists (read or get or r, write
// or put or w, enqueue, ...). Events of processes that are not integers (:nemesis) are skipped. A
// completion is matched with its invocation by process.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "workloads/check/history.h"

namespace geode::check {

/// A recorded text, or bytes, and the name of its file for messages.
struct NamedText {
    std::string_view name;
    std::string_view bytes;
};

enum class Format : std::uint8_t { detect, jepsen_log, edn, json_lines };

/// What a :value [a b] of a read, write, cas or append means in EDN where there is no :key.
enum class Pairs : std::uint8_t {
    keyed,  ///< the value b under key a, as Jepsen's independent tests write it
    plain,  ///< a value that is a list of two
};

enum class Names : std::uint8_t {
    known,  ///< other operations are an error
    any,    ///< every operation is Function::custom, for a model of the user's own
};

struct ReadOptions {
    Format format = Format::detect;
    Pairs pairs = Pairs::keyed;
    Names names = Names::known;
};

/// The notation `text` seems to be in, by its first significant bytes; edn if nothing speaks
/// against it, json_lines for an empty text.
Format detect_format(std::string_view text);

/// Reads a recorded history. `name` is the file's name for messages. invalid_argument for input
/// that is not in the notation, as "name:line: expected ..."; an empty text is an empty history.
Result<History> parse_history(std::string_view text, std::string_view name,
                              const ReadOptions& options);
Result<History> parse_history(std::string_view text, std::string_view name,
                              Format format = Format::detect);

/// How a history is written as events. Each is read back to the same operations, in the same order
/// in real time.
enum class Spelling : std::uint8_t {
    json,           ///< JSON lines (docs/formats/history.md), a key as a member
    edn,            ///< as Jepsen writes it, a key as a member
    edn_registers,  ///< the same with a key in the value, as in Jepsen's independent tests
    edn_texts,      ///< as Porcupine's key-value logs: :get and :put, no :index or :time
    json_balances,  ///< JSON lines in which lists of pairs are objects
    edn_balances,   ///< EDN in which lists of pairs are maps
};

/// Writes `history`, one event per line. invalid_argument if a text is not UTF-8; in EDN also if an
/// operation of the user's own has a name that is no keyword.
Result<std::string> write_events(const History& history, Spelling spelling);

/// write_events() as JSON lines.
Result<std::string> to_json_lines(const History& history);

/// Writes `history` as a log of Jepsen's. invalid_argument where that cannot say it: for keys, for
/// values other than nil, integers and keywords, for functions other than read, write and cas. An
/// operation that failed is left out, as there a cas that failed would be one that was refused.
Result<std::string> to_jepsen_log(const History& history);

/// Lines of events as one array of JSON, or one vector of EDN.
std::string as_collection(std::string_view lines, Spelling spelling);

}  // namespace geode::check

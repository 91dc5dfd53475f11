// SPDX-License-Identifier: Apache-2.0
#pragma once

// Recorded histories as text: reading four notations into one type, and writing our own.
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

/// Writes the events of `history` as JSON lines, which parse_history reads back to an equal
/// history. invalid_argument if a text is not UTF-8.
Result<std::string> to_json_lines(const History& history);

}  // namespace geode::check

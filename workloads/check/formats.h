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
//   json_lines  one object per event; docs/formats/history.md
//
// Functions are read (get, r), write (put, w), cas and append. Events of processes that are not
// integers (:nemesis) are skipped. A completion is matched with its invocation by process.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "workloads/check/history.h"

namespace geode::check {

enum class Format : std::uint8_t { detect, jepsen_log, edn, json_lines };

/// The notation `text` seems to be in, by its first significant bytes; edn if nothing speaks
/// against it, json_lines for an empty text.
Format detect_format(std::string_view text);

/// Reads a recorded history. `name` is the file's name for messages. invalid_argument for input
/// that is not in the notation, as "name:line: expected ..."; an empty text is an empty history.
Result<History> parse_history(std::string_view text, std::string_view name,
                              Format format = Format::detect);

/// Writes the events of `history` as JSON lines, which parse_history reads back to an equal
/// history. invalid_argument if a text is not UTF-8.
Result<std::string> to_json_lines(const History& history);

}  // namespace geode::check

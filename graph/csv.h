// SPDX-License-Identifier: Apache-2.0
#pragma once

// CSV rows as RFC 4180 has them, from text in memory.
//
// Fields are separated by commas; a field that starts with a double quote ends with one, may hold
// commas, line ends and doubled quotes, and nothing may follow it but a comma or a line end. Lines
// end with LF or CRLF, the last one with or without. Beyond the RFC: a UTF-8 byte order mark at the
// start and blank lines are skipped. A quote inside an unquoted field is an error, because guessing
// what the writer meant loads wrong data silently. Every error starts with "name:line: ".

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace geode::graph {

struct CsvField {
    std::string text;         ///< unquoted
    bool was_quoted = false;  ///< tells an empty text from no value
    std::uint64_t line = 0;   ///< where the field starts, from 1
};

class CsvReader {
public:
    /// Borrows `text`; `name` is what errors call it, usually the file's name.
    CsvReader(std::string_view text, std::string name);

    /// Reads the next row into `row`, whose capacity is reused; false at the end of the text.
    /// Errors: `invalid_argument` for bytes that are not CSV.
    Result<bool> next(std::vector<CsvField>& row);

    /// Line on which the last row started, from 1.
    std::uint64_t row_line() const { return row_line_; }
    /// "name:line: message" as `invalid_argument`.
    Error error_at(std::uint64_t line, const std::string& message) const;

private:
    bool at_end() const { return position_ == text_.size(); }
    bool skip_line_end();
    Result<void> read_field(CsvField& field);
    Result<void> read_quoted(CsvField& field);

    std::string_view text_;
    std::string name_;
    std::size_t position_ = 0;
    std::uint64_t line_ = 1;
    std::uint64_t row_line_ = 0;
};

}  // namespace geode::graph

// SPDX-License-Identifier: Apache-2.0
#include "graph/csv.h"

#include <algorithm>
#include <utility>

namespace geode::graph {

CsvReader::CsvReader(std::string_view text, std::string name)
    : text_(text), name_(std::move(name)) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
}

Error CsvReader::error_at(std::uint64_t line, const std::string& message) const {
    return make_error(ErrorCode::invalid_argument,
                      name_ + ":" + std::to_string(line) + ": " + message);
}

bool CsvReader::skip_line_end() {
    const std::string_view rest = text_.substr(position_);
    const std::size_t bytes = rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
    position_ += bytes;
    if (bytes > 0) ++line_;
    return bytes > 0;
}

Result<bool> CsvReader::next(std::vector<CsvField>& row) {
    while (skip_line_end()) continue;
    if (at_end()) return false;
    row_line_ = line_;
    std::size_t fields = 0;
    while (true) {
        if (fields == row.size()) row.emplace_back();
        GEODE_TRY_VOID(read_field(row[fields++]));
        if (at_end() || skip_line_end()) break;
        if (text_[position_] != ',') {
            return error_at(line_, "expected a comma or the end of the line after field " +
                                       std::to_string(fields));
        }
        ++position_;
    }
    row.resize(fields);
    return true;
}

Result<void> CsvReader::read_field(CsvField& field) {
    field.line = line_;
    field.was_quoted = !at_end() && text_[position_] == '"';
    if (field.was_quoted) return read_quoted(field);
    std::size_t end = std::min(text_.find_first_of(",\n\"", position_), text_.size());
    if (end < text_.size() && text_[end] == '"') {
        return error_at(line_, "quote inside a field that does not start with one");
    }
    if (end < text_.size() && text_[end] == '\n' && end > position_ && text_[end - 1] == '\r') {
        --end;
    }
    field.text.assign(text_.substr(position_, end - position_));
    position_ = end;
    return {};
}

Result<void> CsvReader::read_quoted(CsvField& field) {
    field.text.clear();
    ++position_;
    while (true) {
        const std::size_t quote = text_.find('"', position_);
        if (quote == std::string_view::npos) {
            return error_at(field.line, "quoted field without a closing quote");
        }
        const std::string_view part = text_.substr(position_, quote - position_);
        line_ += static_cast<std::uint64_t>(std::count(part.begin(), part.end(), '\n'));
        field.text.append(part);
        position_ = quote + 1;
        if (at_end() || text_[position_] != '"') return {};
        field.text.push_back('"');
        ++position_;
    }
}

}  // namespace geode::graph

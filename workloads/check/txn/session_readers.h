// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the readers of single notations share. Internal to session_formats.cc and the readers.

#include <charconv>
#include <span>
#include <string>

#include "workloads/check/txn/session_formats.h"

namespace geode::check::txn {

/// A text line by line.
class LineReader {
public:
    LineReader(std::string_view text, std::string_view name) : rest_(text), name_(name) {}

    /// The next line without its end and without spaces around it; false at the end.
    bool next(std::string_view& line) {
        if (rest_.empty()) return false;
        ++number_;
        const std::size_t end = rest_.find('\n');
        line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (first == std::string_view::npos) {
            line = {};
        } else {
            line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
        }
        return true;
    }

    /// "name:line: expected ..." for the line read last.
    Error expected(std::string_view what) const {
        return make_error(
            ErrorCode::invalid_argument,
            std::string(name_) + ":" + std::to_string(number_) + ": expected " + std::string(what));
    }

private:
    std::string_view rest_;
    std::string_view name_;
    std::uint64_t number_ = 0;
};

/// Bytes from front to back.
class ByteReader {
public:
    ByteReader(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}

    bool at_end() const { return at_ == bytes_.size(); }
    std::uint64_t left() const { return bytes_.size() - at_; }

    /// "name: byte N: expected ..." for the byte that comes next.
    Error expected(std::string_view what) const {
        return make_error(ErrorCode::invalid_argument, std::string(name_) + ": byte " +
                                                           std::to_string(at_) + ": expected " +
                                                           std::string(what));
    }

    Result<void> skip(std::uint64_t count, std::string_view what) {
        if (left() < count) return expected(what);
        at_ += count;
        return {};
    }
    void back(std::uint64_t count) { at_ -= count; }

    Result<char> byte(std::string_view what) {
        if (at_end()) return expected(what);
        return bytes_[at_++];
    }

    enum class Order : std::uint8_t { little, big };
    /// An integer of eight bytes.
    Result<std::int64_t> integer(Order order, std::string_view what) {
        if (left() < 8) return expected(what);
        std::uint64_t value = 0;
        for (std::size_t byte = 0; byte < 8; ++byte) {
            const std::size_t shift = 8 * (order == Order::little ? byte : 7 - byte);
            value |= std::uint64_t{static_cast<unsigned char>(bytes_[at_ + byte])} << shift;
        }
        at_ += 8;
        return static_cast<std::int64_t>(value);
    }

private:
    std::string_view bytes_;
    std::string_view name_;
    std::size_t at_ = 0;
};

/// Whether the line is made of `mark` only, and not empty.
inline bool consists_of(std::string_view line, char mark) {
    return !line.empty() && line.find_first_not_of(mark) == std::string_view::npos;
}

/// The integer that the whole word is.
inline std::optional<std::int64_t> integer_of(std::string_view word) {
    std::int64_t value = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, code] = std::from_chars(word.data(), end, value);
    if (word.empty() || code != std::errc() || stop != end) return std::nullopt;
    return value;
}

Result<SessionHistory> parse_dbcop(std::string_view text, std::string_view name);
Result<SessionHistory> parse_awdit(std::string_view text, std::string_view name);
Result<SessionHistory> parse_plume(std::string_view text, std::string_view name);
Result<SessionHistory> parse_polysi(std::string_view text, std::string_view name);
/// Whether the bytes begin as a log of Cobra's does.
bool looks_like_cobra(std::string_view bytes);

}  // namespace geode::check::txn

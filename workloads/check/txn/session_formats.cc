// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/session_formats.h"

#include "workloads/check/txn/session_readers.h"

namespace geode::check::txn {
namespace {

bool looks_like_polysi(std::string_view text) {
    // The high halves of the five parameters are zero; texts have no zero bytes.
    constexpr std::size_t header = 40;
    if (text.size() < header) return false;
    for (std::size_t field = 0; field < header; field += 8) {
        for (std::size_t at = field + 4; at < field + 8; ++at) {
            if (text[at] != '\0') return false;
        }
    }
    return true;
}

bool looks_like_dbcop(std::string_view line) {
    if (line.starts_with("//")) return true;
    if (!line.starts_with('[')) return false;
    const std::size_t word = line.find_first_not_of(" \t", 1);
    if (word == std::string_view::npos) return false;
    const std::size_t sign = line.find_first_of(":= \t", word);
    if (sign == std::string_view::npos || sign == word) return false;
    return line.substr(sign, 2) == ":=" || line.substr(sign, 2) == "==";
}

bool looks_like(std::string_view line, char after) {
    return line.size() > 1 && (line[0] == 'r' || line[0] == 'w') && line[1] == after;
}

}  // namespace

std::optional<SessionFormat> session_format_of(std::string_view name) {
    if (name == "dbcop") return SessionFormat::dbcop;
    if (name == "awdit") return SessionFormat::awdit;
    if (name == "plume") return SessionFormat::plume;
    if (name == "polysi") return SessionFormat::polysi;
    if (name == "cobra") return SessionFormat::cobra;
    return std::nullopt;
}

std::optional<SessionFormat> detect_session_format(std::string_view text) {
    // Small numbers make Cobra's bytes look like PolySI's too.
    if (looks_like_cobra(text)) return SessionFormat::cobra;
    if (looks_like_polysi(text)) return SessionFormat::polysi;
    LineReader lines(text, "");
    // In dbcop transactions that do nothing; one by itself is an empty history in EDN and JSON.
    std::uint32_t empty_brackets = 0;
    for (std::string_view line; lines.next(line);) {
        if (line.empty() || consists_of(line, '-') || consists_of(line, '=')) continue;
        if (line == "[]" || line == "[]!") {
            ++empty_brackets;
            continue;
        }
        if (looks_like_dbcop(line)) return SessionFormat::dbcop;
        if (looks_like(line, '(')) return SessionFormat::plume;
        if (looks_like(line, ' ')) return SessionFormat::awdit;
        return std::nullopt;
    }
    return empty_brackets > 1 ? std::optional(SessionFormat::dbcop) : std::nullopt;
}

Result<SessionHistory> parse_session_history(std::string_view text, std::string_view name,
                                             SessionFormat format) {
    switch (format) {
        case SessionFormat::dbcop: return parse_dbcop(text, name);
        case SessionFormat::awdit: return parse_awdit(text, name);
        case SessionFormat::plume: return parse_plume(text, name);
        case SessionFormat::polysi: return parse_polysi(text, name);
        case SessionFormat::cobra: {
            const NamedText only{.name = name, .bytes = text};
            return parse_session_logs(std::span(&only, 1));
        }
    }
    GEODE_UNREACHABLE("SessionFormat out of range");
}

}  // namespace geode::check::txn

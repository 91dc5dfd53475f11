// SPDX-License-Identifier: Apache-2.0

// The text notation of dbcop. Source: docs/history-format.md of github.com/rnbguy/dbcop.

#include <algorithm>

#include "workloads/check/txn/session_readers.h"

namespace geode::check::txn {
namespace {

constexpr std::string_view event_expected = "an event x:=1, x==1 or x==?";

class DbcopReader {
public:
    DbcopReader(std::string_view text, std::string_view name) : lines_(text, name) {}

    Result<SessionHistory> run() && {
        for (std::string_view line; lines_.next(line);) {
            if (const std::size_t comment = line.find("//"); comment != std::string_view::npos) {
                line = line.substr(0, comment);
            }
            if (consists_of(line, '-')) {
                ++session_;
                continue;
            }
            GEODE_TRY_VOID(read_transactions(line));
        }
        const ValueId zero = builder_.values().integer(0);
        TxnHistory history = std::move(builder_).finish();
        history.timed = false;
        return SessionHistory{.history = std::move(history), .initial = zero};
    }

private:
    static void skip_spaces(std::string_view& line) {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    }

    Result<void> read_transactions(std::string_view line) {
        for (skip_spaces(line); !line.empty(); skip_spaces(line)) {
            const std::size_t end = line.find(']');
            if (line.front() != '[' || end == std::string_view::npos) {
                return lines_.expected("a transaction in brackets on one line");
            }
            std::string_view events = line.substr(1, end - 1);
            for (skip_spaces(events); !events.empty(); skip_spaces(events)) {
                const std::size_t width = std::min(events.find_first_of(" \t"), events.size());
                GEODE_TRY_VOID(read_event(events.substr(0, width)));
                events.remove_prefix(width);
            }
            line.remove_prefix(end + 1);
            const bool aborted = line.starts_with('!');
            if (aborted) line.remove_prefix(1);
            GEODE_TRY_VOID(
                builder_.add(session_, aborted ? Completion::fail : Completion::ok, count_++));
        }
        return {};
    }

    Result<void> read_event(std::string_view event) {
        const std::size_t sign = std::min(event.find(":="), event.find("=="));
        if (sign == std::string_view::npos || sign == 0) return lines_.expected(event_expected);
        const bool writes = event[sign] == ':';
        const std::string_view word = event.substr(sign + 2);
        const ValueId key = builder_.values().text(event.substr(0, sign));
        if (!writes && word == "?") {
            builder_.read(key, nil_value);
            return {};
        }
        const std::optional<std::int64_t> version = integer_of(word);
        if (!version || *version < 0) return lines_.expected(event_expected);
        const ValueId value = builder_.values().integer(*version);
        writes ? builder_.write(key, value) : builder_.read(key, value);
        return {};
    }

    LineReader lines_;
    TxnHistoryBuilder builder_;
    std::int64_t session_ = 0;
    std::uint64_t count_ = 0;
};

}  // namespace

Result<SessionHistory> parse_dbcop(std::string_view text, std::string_view name) {
    return DbcopReader(text, name).run();
}

}  // namespace geode::check::txn

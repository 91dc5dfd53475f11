// SPDX-License-Identifier: Apache-2.0

// The two text notations of AWDIT: its own of tests, and Plume's.

#include <algorithm>
#include <array>

#include "base/hash_map.h"
#include "workloads/check/txn/session_readers.h"

namespace geode::check::txn {
namespace {

constexpr std::string_view awdit_expected = "r or w with key and value: w 0 1";
constexpr std::string_view plume_expected =
    "r or w with key, value, session and transaction: w(0,1,2,3)";

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t transaction_salt = 0x706c;

class AwditReader {
public:
    AwditReader(std::string_view text, std::string_view name) : lines_(text, name) {}

    Result<SessionHistory> run() && {
        for (std::string_view line; lines_.next(line);) {
            if (line.empty()) continue;
            if (consists_of(line, '-') || consists_of(line, '=')) {
                GEODE_TRY_VOID(end_transaction());
                if (line.front() == '=') ++session_;
                continue;
            }
            GEODE_TRY_VOID(read_operation(line));
        }
        GEODE_TRY_VOID(end_transaction());
        TxnHistory history = std::move(builder_).finish();
        history.timed = false;
        return SessionHistory{.history = std::move(history), .initial = std::nullopt};
    }

private:
    Result<void> end_transaction() {
        if (!open_) return {};
        open_ = false;
        return builder_.add(session_, Completion::ok, count_++);
    }

    Result<void> read_operation(std::string_view line) {
        const std::size_t first = line.find_first_of(" \t");
        const std::size_t last = line.find_last_of(" \t");
        if (first != 1 || last <= first) return lines_.expected(awdit_expected);
        std::string_view middle = line.substr(first, last - first);
        middle.remove_prefix(std::min(middle.find_first_not_of(" \t"), middle.size()));
        middle = middle.substr(0, middle.find_last_not_of(" \t") + 1);
        const std::optional<std::int64_t> key = integer_of(middle);
        const std::optional<std::int64_t> value = integer_of(line.substr(last + 1));
        const bool writes = line.front() == 'w';
        if (!key || !value || (!writes && line.front() != 'r')) {
            return lines_.expected(awdit_expected);
        }
        const ValueId key_id = builder_.values().integer(*key);
        const ValueId value_id = builder_.values().integer(*value);
        writes ? builder_.write(key_id, value_id) : builder_.read(key_id, value_id);
        open_ = true;
        return {};
    }

    LineReader lines_;
    TxnHistoryBuilder builder_;
    bool open_ = false;
    std::int64_t session_ = 0;
    std::uint64_t count_ = 0;
};

class PlumeReader {
public:
    PlumeReader(std::string_view text, std::string_view name)
        : lines_(text, name), open_(transaction_salt) {}

    Result<SessionHistory> run() && {
        for (std::string_view line; lines_.next(line);) {
            if (!line.empty()) GEODE_TRY_VOID(read_operation(line));
        }
        GEODE_TRY_VOID(build());
        const ValueId zero = builder_.values().integer(0);
        TxnHistory history = std::move(builder_).finish();
        history.timed = false;
        return SessionHistory{.history = std::move(history), .initial = zero};
    }

private:
    struct Recorded {
        std::uint32_t transaction;
        bool writes;
        std::int64_t key;
        std::int64_t value;
    };
    struct Recording {
        std::int64_t session;
        std::int64_t id;  // -1: aborted
    };

    Result<void> read_operation(std::string_view line) {
        const bool writes = line.front() == 'w';
        if ((!writes && line.front() != 'r') || line.size() < 3 || line[1] != '(' ||
            line.back() != ')') {
            return lines_.expected(plume_expected);
        }
        line = line.substr(2, line.size() - 3);
        std::array<std::int64_t, 4> fields{};
        for (std::size_t field = 0; field < fields.size(); ++field) {
            const std::size_t comma = line.find(',');
            const bool last = field + 1 == fields.size();
            const std::optional<std::int64_t> value = integer_of(line.substr(0, comma));
            if (!value || last != (comma == std::string_view::npos)) {
                return lines_.expected(plume_expected);
            }
            fields[field] = *value;
            line.remove_prefix(last ? line.size() : comma + 1);
        }
        const auto [key, value, session, id] = fields;
        if (id < -1) return lines_.expected("a transaction of at least -1");
        operations_.push_back({.transaction = transaction_of(session, id),
                               .writes = writes,
                               .key = key,
                               .value = value});
        return {};
    }

    /// The lines of a transaction mostly follow one another, but need not.
    std::uint32_t transaction_of(std::int64_t session, std::int64_t id) {
        if (id != -1 && !transactions_.empty() && transactions_.back().session == session &&
            transactions_.back().id == id) {
            return static_cast<std::uint32_t>(transactions_.size() - 1);
        }
        const auto next = static_cast<std::uint32_t>(transactions_.size());
        if (id != -1) {
            auto& of_session = open_.try_emplace(session, transaction_salt).first->second;
            const auto [found, added] = of_session.try_emplace(id, next);
            if (!added) return found->second;
        }
        transactions_.push_back({.session = session, .id = id});
        return next;
    }

    Result<void> build() {
        std::ranges::stable_sort(operations_, {}, &Recorded::transaction);
        std::size_t at = 0;
        for (std::uint32_t number = 0; number < transactions_.size(); ++number) {
            for (; at < operations_.size() && operations_[at].transaction == number; ++at) {
                const ValueId key = builder_.values().integer(operations_[at].key);
                const ValueId value = builder_.values().integer(operations_[at].value);
                operations_[at].writes ? builder_.write(key, value) : builder_.read(key, value);
            }
            const bool aborted = transactions_[number].id == -1;
            GEODE_TRY_VOID(builder_.add(transactions_[number].session,
                                        aborted ? Completion::fail : Completion::ok, number));
        }
        return {};
    }

    LineReader lines_;
    TxnHistoryBuilder builder_;
    std::vector<Recorded> operations_;
    std::vector<Recording> transactions_;
    HashMap<std::int64_t, HashMap<std::int64_t, std::uint32_t>> open_;
};

}  // namespace

Result<SessionHistory> parse_awdit(std::string_view text, std::string_view name) {
    return AwditReader(text, name).run();
}

Result<SessionHistory> parse_plume(std::string_view text, std::string_view name) {
    return PlumeReader(text, name).run();
}

}  // namespace geode::check::txn

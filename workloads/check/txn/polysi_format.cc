// SPDX-License-Identifier: Apache-2.0

// The binary notation that dbcop's first version wrote and PolySI, Plume and AWDIT read (bincode of
// its History type).

#include "workloads/check/txn/session_readers.h"

namespace geode::check::txn {
namespace {

class PolysiReader {
public:
    PolysiReader(std::string_view bytes, std::string_view name) : bytes_(bytes, name) {}

    Result<SessionHistory> run() && {
        for (int field = 0; field < 5; ++field) {
            GEODE_TRY_VOID(bytes_.skip(8, "a parameter of 8 bytes"));
        }
        for (int field = 0; field < 3; ++field) {
            GEODE_TRY(const std::uint64_t length, count("a string's length", 1));
            GEODE_TRY_VOID(bytes_.skip(length, "a string"));
        }
        GEODE_TRY(const std::uint64_t sessions, count("a number of sessions", 8));
        for (std::uint64_t session = 0; session < sessions; ++session) {
            GEODE_TRY(const std::uint64_t transactions, count("a number of transactions", 9));
            for (std::uint64_t number = 0; number < transactions; ++number) {
                GEODE_TRY_VOID(read_transaction(static_cast<std::int64_t>(session)));
            }
        }
        if (!bytes_.at_end()) return bytes_.expected("the end of the file");
        const ValueId zero = builder_.values().integer(0);
        TxnHistory history = std::move(builder_).finish();
        history.timed = false;
        return SessionHistory{.history = std::move(history), .initial = zero};
    }

private:
    Result<std::int64_t> integer(std::string_view what) {
        return bytes_.integer(ByteReader::Order::little, what);
    }

    Result<bool> flag(std::string_view what) {
        GEODE_TRY(const char byte, bytes_.byte(what));
        if (byte == '\0' || byte == '\1') return byte == '\1';
        bytes_.back(1);
        return bytes_.expected(what);
    }

    /// A number of things of at least `bytes_each`: no more than there can be.
    Result<std::uint64_t> count(std::string_view what, std::uint64_t bytes_each) {
        GEODE_TRY(const std::int64_t value, integer(what));
        const std::uint64_t most = bytes_.left() / bytes_each;
        if (value >= 0 && static_cast<std::uint64_t>(value) <= most) {
            return static_cast<std::uint64_t>(value);
        }
        bytes_.back(8);
        return bytes_.expected(std::string(what) + " that the file has bytes for");
    }

    Result<void> read_transaction(std::int64_t session) {
        struct Written {
            ValueId key;
            ValueId value;
        };
        std::vector<Written> failed;
        GEODE_TRY(const std::uint64_t events, count("a number of events", 18));
        for (std::uint64_t event = 0; event < events; ++event) {
            GEODE_TRY(const bool writes, flag("0 or 1: whether the event is a write"));
            GEODE_TRY(const std::int64_t key, integer("a key"));
            GEODE_TRY(const std::int64_t value, integer("a value"));
            GEODE_TRY(const bool done, flag("0 or 1: whether the event succeeded"));
            const ValueId key_id = builder_.values().integer(key);
            const ValueId value_id = builder_.values().integer(value);
            if (done) {
                writes ? builder_.write(key_id, value_id) : builder_.read(key_id, value_id);
            } else if (writes) {
                failed.push_back({key_id, value_id});
            }
        }
        GEODE_TRY(const bool done, flag("0 or 1: whether the transaction committed"));
        GEODE_TRY_VOID(
            builder_.add(session, done ? Completion::ok : Completion::fail, transactions_++));
        if (failed.empty()) return {};
        // A failed write of a committed transaction must not be read, as if of an aborted one.
        for (const Written& written : failed) builder_.write(written.key, written.value);
        return builder_.add(session, Completion::fail, transactions_ - 1);
    }

    ByteReader bytes_;
    TxnHistoryBuilder builder_;
    std::uint64_t transactions_ = 0;
};

}  // namespace

Result<SessionHistory> parse_polysi(std::string_view text, std::string_view name) {
    return PolysiReader(text, name).run();
}

}  // namespace geode::check::txn

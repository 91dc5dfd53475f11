// SPDX-License-Identifier: Apache-2.0

// Cobra's logs, which PolySI, Viper and AWDIT read too. Source: Tan et al., "Cobra", OSDI 2020, and
// the verifier published with it.
//
// A read names the write it saw by transaction and number. Here a version needs a value of its own
// under its key: the number of the write, an integer, and where several transactions gave the same
// number, "transaction:number" for all but the first of them.

#include <algorithm>
#include <tuple>

#include "workloads/check/txn/session_readers.h"

namespace geode::check::txn {
namespace {

constexpr std::int64_t null_mark = 0xdeadbeef;  // no value, before the recording

bool is_initial(std::int64_t mark) {
    return mark == cobra_initial || mark == null_mark;
}

class CobraReader {
public:
    Result<SessionHistory> run(std::span<const NamedText> logs) && {
        for (const NamedText& log : logs) {
            GEODE_TRY_VOID(read_log(log));
            ++session_;
        }
        // Stable, so that the first to give a number stays the first.
        std::ranges::stable_sort(writers_, {}, &Writer::version);
        GEODE_TRY_VOID(build());
        TxnHistory history = std::move(builder_).finish();
        history.timed = false;
        return SessionHistory{.history = std::move(history), .initial = std::nullopt};
    }

private:
    struct Recorded {
        bool writes;
        std::int64_t transaction;  // that wrote the version
        std::int64_t number;
        std::int64_t key;
    };
    struct Transaction {
        std::int64_t session;
        std::int64_t id;
        Completion completion;
        std::size_t end;  // of its operations
    };
    struct Writer {
        std::pair<std::int64_t, std::int64_t> version;  // key and number
        std::int64_t transaction;
    };

    Result<void> read_log(const NamedText& log) {
        ByteReader bytes(log.bytes, log.name);
        std::optional<std::int64_t> open;
        while (!bytes.at_end()) {
            GEODE_TRY(const char tag, bytes.byte("S, C, A, W or R"));
            const bool starts = tag == 'S';
            const bool ends = tag == 'C' || tag == 'A';
            if (starts || ends) {
                GEODE_TRY(const std::int64_t id, integer(bytes, "a transaction"));
                if (starts == open.has_value() || (ends && id != *open)) {
                    bytes.back(9);
                    return bytes.expected(open ? "an event of transaction " + std::to_string(*open)
                                               : std::string("S: the start of a transaction"));
                }
                if (ends) close(id, tag == 'C' ? Completion::ok : Completion::fail);
                open = starts ? std::optional(id) : std::nullopt;
                continue;
            }
            if (!open || (tag != 'W' && tag != 'R')) {
                bytes.back(1);
                return bytes.expected(open ? "C, A, W or R" : "S: the start of a transaction");
            }
            GEODE_TRY_VOID(read_operation(bytes, tag == 'W', *open));
        }
        // The recording stopped before its end: nobody knows whether it committed.
        if (open) close(*open, Completion::unknown);
        return {};
    }

    static Result<std::int64_t> integer(ByteReader& bytes, std::string_view what) {
        return bytes.integer(ByteReader::Order::big, what);
    }

    void close(std::int64_t id, Completion completion) {
        transactions_.push_back({session_, id, completion, operations_.size()});
    }

    Result<void> read_operation(ByteReader& bytes, bool writes, std::int64_t open) {
        Recorded operation{.writes = writes, .transaction = open, .number = 0, .key = 0};
        if (!writes) {
            GEODE_TRY(operation.transaction, integer(bytes, "a transaction that was read from"));
        }
        GEODE_TRY(operation.number, integer(bytes, "the number of a write"));
        GEODE_TRY(operation.key, integer(bytes, "a key"));
        GEODE_TRY_VOID(bytes.skip(8, "a value"));
        if (writes) writers_.push_back({{operation.key, operation.number}, open});
        operations_.push_back(operation);
        return {};
    }

    ValueId version_of(const Recorded& operation) {
        if (!operation.writes &&
            (is_initial(operation.transaction) || is_initial(operation.number))) {
            return nil_value;
        }
        const auto first = std::ranges::lower_bound(
            writers_, std::pair(operation.key, operation.number), {}, &Writer::version);
        const bool written =
            first != writers_.end() && first->version == std::pair(operation.key, operation.number);
        if (written && first->transaction == operation.transaction) {
            return builder_.values().integer(operation.number);
        }
        return builder_.values().text(std::to_string(operation.transaction) + ":" +
                                      std::to_string(operation.number));
    }

    Result<void> build() {
        std::size_t at = 0;
        for (const Transaction& transaction : transactions_) {
            for (; at < transaction.end; ++at) {
                const ValueId key = builder_.values().integer(operations_[at].key);
                const ValueId version = version_of(operations_[at]);
                operations_[at].writes ? builder_.write(key, version) : builder_.read(key, version);
            }
            GEODE_TRY_VOID(builder_.add(transaction.session, transaction.completion,
                                        static_cast<std::uint64_t>(transaction.id)));
        }
        return {};
    }

    std::int64_t session_ = 0;
    std::vector<Recorded> operations_;
    std::vector<Transaction> transactions_;
    std::vector<Writer> writers_;
    TxnHistoryBuilder builder_;
};

}  // namespace

bool looks_like_cobra(std::string_view bytes) {
    constexpr std::size_t start = 9;
    return bytes.size() > start && bytes[0] == 'S' &&
           std::string_view("RWCA").find(bytes[start]) != std::string_view::npos;
}

Result<SessionHistory> parse_session_logs(std::span<const NamedText> logs) {
    return CobraReader().run(logs);
}

}  // namespace geode::check::txn

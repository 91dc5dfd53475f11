// SPDX-License-Identifier: Apache-2.0
#pragma once

// Histories of transactions: each a sequence of micro-operations on keys, invoked and completed as
// one. The counterpart of workloads/check/history.h for databases.
//
// Two kinds of object: a list, which is appended to and read whole, and a register, which is
// written and read. A history holds one kind; a reader of files says which.
//
// Invariants, as there:
//  1. Transactions are ordered by `invoked`; positions of events are distinct, and later is larger.
//  2. `invoked < completed`; of unknown outcome (or never completed): completed == never_completed.
//  3. a precedes b in real time exactly when a.completed < b.invoked; if the history is `timed`.
//  4. Transactions of one process do not overlap, except behind one of unknown outcome.
// and
//  5. The micro-operations of a transaction are mops[mops_begin .. mops_end), in program order;
//     the elements of a list that was read are elements[list_begin .. list_end).
//
// Everything is in flat arrays of small numbers: a million transactions are a few hundred
// megabytes.
//
// How a transaction ended: ok (committed; its reads are known), fail (aborted: none of its writes
// may be seen), unknown (it may have committed, or may still). Completion::refused is not used.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/hash_map.h"
#include "base/result.h"
#include "workloads/check/history.h"
#include "workloads/check/values.h"

namespace geode::check::txn {

enum class MopKind : std::uint8_t {
    append,     ///< adds `value` to the end of the list
    write,      ///< sets the register to `value`
    read_list,  ///< saw the elements
    read,       ///< saw `value`; nil before the first write
};

struct Mop {
    MopKind kind = MopKind::read;
    bool known = true;  ///< false: a read whose answer was not told; only in transactions not ok
    ValueId key = {};
    ValueId value = {};
    std::uint32_t list_begin = 0;
    std::uint32_t list_end = 0;
};

struct Transaction {
    std::int64_t process = 0;
    Completion completion = Completion::unknown;
    std::uint32_t mops_begin = 0;
    std::uint32_t mops_end = 0;
    std::uint64_t invoked = 0;
    std::uint64_t completed = never_completed;
    std::int64_t invoked_ns = no_time;
    std::int64_t completed_ns = no_time;
    std::uint64_t source = 0;  ///< what its file calls it (:index of the completion), for people
};

struct TxnHistory {
    ValueTable values;
    /// False: the recording tells the end of some transactions only. When they began is not known,
    /// so nothing follows from real time; the order within each process still stands.
    bool timed = true;
    std::vector<Transaction> transactions;
    std::vector<Mop> mops;
    std::vector<ValueId> elements;

    std::span<const Mop> mops_of(const Transaction& transaction) const {
        return std::span(mops).subspan(transaction.mops_begin,
                                       transaction.mops_end - transaction.mops_begin);
    }
    std::span<const ValueId> list_of(const Mop& mop) const {
        return std::span(elements).subspan(mop.list_begin, mop.list_end - mop.list_begin);
    }
};

/// "append 9 1, read 8 = [1 2]": a transaction in words, long lists cut in the middle.
std::string describe(const TxnHistory& history, const Transaction& transaction);
/// "read 8 = [1 2]": one micro-operation.
std::string describe(const TxnHistory& history, const Mop& mop);

/// Takes events in real-time order. Any error leaves the builder as it was.
///
/// The micro-operations of a transaction are put together with append(), write(), read() and
/// read_list() and then belong to the next begin() or end(): to begin() as they were asked for
/// (reads unknown), to end() as they were answered, which replaces what was asked.
class TxnHistoryBuilder {
public:
    TxnHistoryBuilder();

    ValueTable& values() { return history_.values; }

    void append(ValueId key, ValueId value);
    void write(ValueId key, ValueId value);
    void read(ValueId key, ValueId value);
    void read_list(ValueId key, std::span<const ValueId> elements);
    /// A read whose answer is not known.
    void read_unknown(ValueId key, MopKind kind);
    /// Drops what was put together since the last begin() or end().
    void discard();

    /// Starts a transaction. invalid_argument if the process already has one running; what was put
    /// together is dropped then.
    Result<void> begin(std::int64_t process, std::int64_t time_ns = no_time);
    /// Ends the running transaction of `process`; if nothing was put together it keeps what was
    /// asked for. Reads become unknown unless ok. invalid_argument if none is running, or if an ok
    /// transaction keeps a read without an answer.
    Result<void> end(std::int64_t process, Completion completion, std::uint64_t source,
                     std::int64_t time_ns = no_time);
    /// A transaction of which only the end was recorded: the history is not `timed` then.
    Result<void> add(std::int64_t process, Completion completion, std::uint64_t source,
                     std::int64_t time_ns = no_time);

    bool running(std::int64_t process) const { return running_.contains(process); }

    /// The history so far; transactions still running are of unknown outcome.
    TxnHistory finish() &&;

private:
    void attach(Transaction& transaction);
    Result<void> check_answers(Completion completion, std::int64_t process,
                               const Transaction& transaction) const;

    TxnHistory history_;
    std::uint32_t pending_mops_ = 0;      // put together: history_.mops[pending_mops_ ..]
    std::uint32_t pending_elements_ = 0;  // and history_.elements[pending_elements_ ..]
    HashMap<std::int64_t, std::uint32_t> running_;
    std::uint64_t position_ = 0;
};

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#pragma once

// The append workload's history, and its judgement by the checker of list transactions.
//
// AppendHistory translates the generator's transactions into check::txn::TxnHistory. Order is the
// order of the calls, which in one thread is real time; nanoseconds, where a clock is given, are
// for people.

#include "workloads/append.h"
#include "workloads/check/judgement.h"
#include "workloads/check/txn/history.h"
#include "workloads/record/stopwatch.h"

namespace geode::workloads {

class AppendHistory : public AppendRecorder {
public:
    AppendHistory() = default;
    /// With times that count from now. `clock` must outlive the recorder.
    explicit AppendHistory(Clock& clock) { start(clock); }
    /// The same later; what came before has no times.
    void start(Clock& clock) { stopwatch_.start(clock); }

    void invoked(std::int64_t process, std::span<const MicroOperation> operations) override;
    void completed(std::int64_t process, Ending ending,
                   std::span<const MicroOperation> operations) override;

    /// The history so far; the recorder is spent.
    check::txn::TxnHistory finish() { return std::move(builder_).finish(); }

private:
    enum class Reads : std::uint8_t { asked, answered };

    void put_together(std::span<const MicroOperation> operations, Reads reads);

    Stopwatch stopwatch_;
    std::uint64_t events_ = 0;
    check::txn::TxnHistoryBuilder builder_;
};

/// Judges a history of lists, empty at first, at strict-serializable.
check::Judgement judge_append_history(const check::txn::TxnHistory& history);

}  // namespace geode::workloads

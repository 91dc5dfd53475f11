// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bank workload's history, and its judgement by the checker of totals.
//
// Order is the order of the calls, which in one thread is real time; nanoseconds, where a clock is
// given, are for people.

#include "workloads/bank.h"
#include "workloads/check/history.h"
#include "workloads/check/judgement.h"
#include "workloads/record/stopwatch.h"

namespace geode::workloads {

class BankHistory : public BankRecorder {
public:
    BankHistory() = default;
    /// With times that count from now. `clock` must outlive the recorder.
    explicit BankHistory(Clock& clock) { start(clock); }
    /// The same later; what came before has no times.
    void start(Clock& clock) { stopwatch_.start(clock); }

    void invoked_read(std::int64_t process) override;
    void invoked_transfer(std::int64_t process, const Transfer& transfer) override;
    void completed(std::int64_t process, Ending ending,
                   std::span<const std::int64_t> balances) override;

    /// The history so far; the recorder is spent.
    check::History finish() { return std::move(builder_).finish(); }

private:
    void invoke(std::int64_t process, check::Function function, check::ValueId argument);
    check::ValueId value_of(std::span<const std::int64_t> balances);

    Stopwatch stopwatch_;
    check::HistoryBuilder builder_;
};

/// Whether every read shows the total of so many accounts and no balance below zero.
check::Judgement judge_bank_history(const check::History& history, std::uint32_t accounts);

}  // namespace geode::workloads

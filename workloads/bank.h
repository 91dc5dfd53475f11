// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bank workload: transfers between accounts, and reads of all balances; the total never
// changes.
//
// Each account is a vertex, numbered from 0, and its property "balance". An account that is absent
// holds first_balance, so the total is right before anything was written.
// Transfers and reads are optimistic transactions (optimistic.h). The harness judges that every
// read shows the same total and no balance below zero.

#include <cstdint>
#include <span>
#include <vector>

#include "workloads/client_loop.h"
#include "workloads/optimistic.h"

namespace geode::workloads {

inline constexpr std::int64_t first_balance = 10;  ///< of each account

struct Transfer {
    std::uint32_t from = 0;  ///< an account, not `to`
    std::uint32_t to = 1;
    std::int64_t amount = 1;  ///< above zero
};

/// The balances of accounts 0 .. `accounts` - 1 at one moment. They mean something if the outcome,
/// OptimisticTransaction::commit's, is ok. Error besides: `invalid_argument` if a vertex holds no
/// balance.
Result<graph::Outcome> read_balances(PropertyStore& store, std::uint32_t accounts,
                                     std::vector<std::int64_t>& balances);
/// Likewise; `conflict` also if the account holds less than the amount.
Result<graph::Outcome> perform(PropertyStore& store, const Transfer& transfer);

/// Records events in the order of the calls. Must not suspend.
class BankRecorder {
public:
    virtual ~BankRecorder() = default;
    virtual void invoked_read(std::int64_t process) = 0;
    virtual void invoked_transfer(std::int64_t process, const Transfer& transfer) = 0;
    /// `balances`: of a read that is ok, by account; empty otherwise.
    virtual void completed(std::int64_t process, Ending ending,
                           std::span<const std::int64_t> balances) = 0;
};

struct BankOptions {
    std::uint32_t client = 0;  ///< 0..clients-1
    std::uint32_t clients = 1;
    std::uint32_t accounts = 8;  ///< 2 or more
    Pace pace;                   ///< its deadline is that of each request
};

/// Runs until `control.stop`. Suspends; throws Killed.
void run_bank_client(World& world, node::Client& client, const BankOptions& options,
                     const Control& control, BankRecorder& recorder, Progress& progress);

/// Reads all balances once more as `process`. Suspends. Error: there was no answer, or the read was
/// aborted again and again though nobody else should write; it is recorded as it ended.
Result<void> read_last_balances(PropertyStore& store, std::uint32_t accounts, std::int64_t process,
                                BankRecorder& recorder);

}  // namespace geode::workloads

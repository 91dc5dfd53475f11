// SPDX-License-Identifier: Apache-2.0
#pragma once

// Transactions and banks as EDN values of a history, as Jepsen's own tests write them.
//
//     :txn       [[:append 8 1] [:r 9 nil]], answered [[:append 8 1] [:r 9 [1 2]]]
//     :transfer  {:from 0, :to 1, :amount 3}
//     :read      {0 10, 1 7}, the balance of each account

#include <cstdint>
#include <span>
#include <string>

#include "workloads/append.h"
#include "workloads/bank.h"

namespace geode::jepsen {

/// What is asked for: reads are nil.
std::string edn_asked(std::span<const workloads::MicroOperation> operations);
/// What was answered: reads are the lists that were seen.
std::string edn_answered(std::span<const workloads::MicroOperation> operations);

std::string edn_of(const workloads::Transfer& transfer);
/// By account, from 0.
std::string edn_of(std::span<const std::int64_t> balances);

}  // namespace geode::jepsen

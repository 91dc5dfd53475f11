// SPDX-License-Identifier: Apache-2.0
#pragma once

// Histories of list-append transactions as a database of a chosen strength would give them:
// made-up, but run against a real store, so that the strong ones are valid and the weak ones are
// wrong in the ways in which such databases are.
//
//   serial    a transaction takes effect at one moment between invocation and answer: strict
//             serializable
//   snapshot  reads a snapshot of its first moment; the second of two overlapping writers of a key
//             aborts: snapshot isolation
//   prefix    the same, but nobody aborts: the later commit overwrites the lists of the earlier
//   none      every micro-operation for itself, at once
//
// A fixed number of clients, each with one transaction at a time; keys are picked evenly out of a
// few active ones, and one that has been appended to often enough makes way for a new one. The same
// options give the same history on every machine.

#include <cstdint>

#include "workloads/check/txn/history.h"

namespace geode::bench {

enum class Strength : std::uint8_t { serial, snapshot, prefix, none };

/// "serial", "snapshot", "prefix", "none".
std::string_view to_string(Strength strength) noexcept;

struct ListHistoryOptions {
    Strength strength = Strength::serial;
    std::uint32_t transactions = 1000;  ///< how many are invoked; all of them end
    std::uint32_t clients = 10;
    std::uint32_t keys_active = 10;
    std::uint32_t appends_per_key_max = 32;
    std::uint32_t mops_max = 4;  ///< 1 to this many micro-operations in a transaction
    /// One transaction in so many (0: none) ends with an unknown outcome although it took effect.
    std::uint32_t unknown_one_in = 0;
    std::uint64_t seed = 1;
};

check::txn::TxnHistory make_list_history(const ListHistoryOptions& options);

}  // namespace geode::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Histories of transactions on registers as a tiny database with optimistic concurrency gives them:
// snapshots, first committer wins, and for serializability no read may have been overwritten
// meanwhile. What it promises is what its histories satisfy; planted faults break it. Every write
// is of a new value; the same shape and seed give the same history on every machine.

#include <cstdint>

#include "workloads/check/txn/history.h"

namespace geode::bench {

enum class Promise : std::uint8_t { strict_serializable, snapshot_isolation };

struct RwShape {
    Promise promise = Promise::strict_serializable;
    std::uint32_t transactions = 1'000;  ///< that commit
    std::uint32_t sessions = 10;
    std::uint32_t keys = 100;
    std::uint32_t operations = 6;
    std::uint32_t read_percent = 50;
    std::uint32_t unknown_permille = 0;  ///< of those that commit, how many are not told
    std::uint32_t stale_permille = 0;    ///< transactions whose snapshot is much too old: a fault
    std::uint32_t stale_commits = 20;    ///< how far behind that is, at least
    bool timed = true;                   ///< else recorded by session
};

check::txn::TxnHistory make_rw_history(const RwShape& shape, std::uint64_t seed);

}  // namespace geode::bench

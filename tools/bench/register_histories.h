// SPDX-License-Identifier: Apache-2.0
#pragma once

// Histories of one register with unique writes: every operation takes effect at a moment of its own
// between invocation and answer, so they are linearizable; or one read among them is stale.

#include <cstdint>

#include "workloads/check/history.h"

namespace geode::bench {

struct RegisterHistoryOptions {
    std::uint32_t clients = 5;
    std::uint32_t operations = 1000;  ///< of each client
    bool stale_read = false;          ///< near the end, one read answers a value long overwritten
    std::uint64_t seed = 1;
};

check::History make_register_history(const RegisterHistoryOptions& options);

}  // namespace geode::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a replicated log is made of, as storage sees it.
//
// Payloads are opaque and shared: the consensus core, the network and the disk write hold the same
// bytes. Storage knows terms and indexes only to keep its files consistent; it never decides.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace geode::storage {

/// What a Raft node must not forget before it answers: its term, and whom it voted for in it.
struct HardState {
    Term term;
    NodeId vote;  ///< none: no vote in this term
    friend bool operator==(const HardState&, const HardState&) = default;
};

struct LogEntry {
    LogIndex index;
    Term term;
    std::uint8_t type = 0;                 ///< opaque to storage
    std::shared_ptr<const Bytes> payload;  ///< null means empty
};

/// One group's part of a write. Entries are contiguous; the first may lie at or below the group's
/// last index, which replaces everything from there on, but must lie above its start index.
struct LogWrite {
    GroupId group;
    std::optional<HardState> hard_state;
    std::span<const LogEntry> entries;
};

/// A group as found when the log was opened. The log begins after (start_index, start_term).
struct GroupState {
    HardState hard_state;
    LogIndex start_index;
    Term start_term;
    std::vector<LogEntry> entries;  ///< start_index + 1 and on, contiguous
};

}  // namespace geode::storage

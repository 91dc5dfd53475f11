// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes: which part of the log is durable, while writes overlap and overwrite one another.
//
// Every output that must become durable gets a token (sequence, term, last index). The danger is
// an ABA race: entries 5..9 are being written, then overwritten from 5 by a newer leader, and only
// then the first write is reported: it must not count as durability of the new 5..9, nor of an
// equal-looking 5..9 that a third write brings back while the second would still undo it.
//
// Rule: a write that overwrites from `first` caps what every earlier, still pending write may
// claim at first - 1. What remains claimable is never touched again by a pending write.
//
// Invariants:
//  1. durable() entries equal the in-memory log, and no pending write changes them;
//  2. durable() decreases only by an overwrite;
//  3. sequences are reported in any order but count in theirs: a later one includes the earlier.

#include <cstdint>
#include <deque>

#include "base/ids.h"

namespace geode::raft {

struct WriteToken {
    std::uint64_t sequence = 0;  ///< 1, 2, 3, ... within one life of the replica
    Term term;                   ///< current term when the write was issued
    LogIndex last;               ///< last index of the log with that write
    friend bool operator==(const WriteToken&, const WriteToken&) = default;
};

class Writes {
public:
    /// A restarted replica: everything up to `durable` is on disk.
    explicit Writes(LogIndex durable) : durable_(durable) {}

    /// The log is about to be overwritten from `first` on.
    void overwritten_from(LogIndex first);
    /// The log was replaced by a durable snapshot at `index`, or that prefix of it was confirmed.
    void covered_to(LogIndex index);

    /// The sequence that the next issue() will use.
    std::uint64_t next_sequence() const { return next_sequence_; }
    WriteToken issue(Term term, LogIndex last);
    /// Takes back a token. Returns false, changing nothing, for one that is not pending any more or
    /// was issued in another life (its term differs).
    bool persisted(const WriteToken& token);

    LogIndex durable() const { return durable_; }
    std::uint64_t persisted_sequence() const { return persisted_sequence_; }
    bool idle() const { return pending_.empty(); }

private:
    LogIndex durable_;
    std::uint64_t next_sequence_ = 1;
    std::uint64_t persisted_sequence_ = 0;
    struct Pending {
        WriteToken token;
        LogIndex claim;  ///< token.last, lowered by later overwrites
    };
    std::deque<Pending> pending_;
};

}  // namespace geode::raft

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Log: one replica's entries since the last compaction, in memory, with an index of term runs.
//
// The core keeps every entry it may still have to send, so it never reads storage. Terms only grow
// along a log, so it is a short list of runs of equal terms; all questions about terms (does this
// position match, where may two logs last have agreed) are binary searches in that list and would
// stay answerable if entries were paged out one day.
//
// Invariants:
//  1. entries are contiguous: entry k has index start().index + 1 + k;
//  2. terms never decrease along the log, and are at least start().term;
//  3. runs cover exactly [start().index, last_index()]; the first run begins at start().index.
//
// Deliberately absent: commit, durability and any rule of the protocol; raft.h owns those.

#include <optional>
#include <span>
#include <vector>

#include "consensus/raft/types.h"

namespace geode::raft {

class Log {
public:
    /// A log that begins after `start` and holds `entries`, which must satisfy the invariants.
    Log(SnapshotId start, std::vector<Entry> entries);

    /// Appends one entry; its index must be last_index() + 1 and its term at least last_term().
    void append(Entry entry);
    /// Drops every entry after `last`. `last >= start().index`.
    void truncate_after(LogIndex last);
    /// Drops the entries up to and including `to`, which must be in the log with that term.
    /// Linear in the entries kept.
    void compact(SnapshotId to);
    /// Drops everything; the log then begins after `start`.
    void reset(SnapshotId start);

    SnapshotId start() const { return start_; }
    /// The first entry's index, whether or not there is one.
    LogIndex first_index() const { return start_.index.next(); }
    LogIndex last_index() const { return start_.index + entries_.size(); }
    Term last_term() const { return runs_.back().term; }

    /// The term at `index`; nothing outside [start().index, last_index()].
    std::optional<Term> term_at(LogIndex index) const;
    /// Whether this log holds (or begins after) the position `index` with `term`.
    bool matches(LogIndex index, Term term) const { return term_at(index) == term; }
    /// Raft 5.4.1: whether a log ending in (index, term) is at least as up to date as this one.
    bool is_up_to_date(LogIndex index, Term term) const;
    /// The last position at or before `index` whose term is at most `term`; start() if none is.
    /// Two logs cannot agree at a position of mine with a higher term than theirs has there.
    SnapshotId last_at_most(LogIndex index, Term term) const;

    /// `index` must be in [first_index(), last_index()]. Valid until the next change.
    const Entry& entry(LogIndex index) const;
    /// All entries, oldest first. Valid until the next change.
    std::span<const Entry> entries() const { return entries_; }

private:
    struct Run {
        LogIndex first;
        Term term;
    };
    /// The run holding `index`, which must be in range.
    std::size_t run_of(LogIndex index) const;
    void extend_runs(LogIndex index, Term term);

    SnapshotId start_;
    std::vector<Entry> entries_;
    std::vector<Run> runs_;
};

}  // namespace geode::raft

// SPDX-License-Identifier: Apache-2.0
#pragma once

// LogCatalog: where each group's log stands, and which segments still matter.
//
// The one place that knows what a record does. The writer applies each record that it writes, and
// recovery each record that it reads, so both arrive at the same state; a record that does not fit
// the state is a bug in the first case and damage in the second.
//
// Invariants:
//  1. Segments are numbered without gaps, oldest first; the last is the active one.
//  2. A segment may go once every entry in it is compacted or overwritten, and all older ones have
//     gone. Hard states and markers never hold a segment back: each new segment begins with a
//     group_state record for every group.
//  3. That record also names the group's last index, so that the loss of a needed older segment is
//     noticed: entries between start and last must have been read by the end of recovery.

#include <deque>
#include <map>

#include "base/result.h"
#include "storage/log_record.h"
#include "storage/log_types.h"

namespace geode::storage {

class LogCatalog {
public:
    struct Group {
        HardState hard_state;
        LogIndex start_index;
        Term start_term;
        LogIndex last_index;
        LogIndex present_from{1};  ///< entries [present_from, last_index] are in known segments
    };

    /// Starts a segment, numbered one above the last if there is one.
    void begin_segment(std::uint64_t number);

    /// Takes a record of the active segment (segment_start excepted). Error `corrupt`, and no
    /// change, if it contradicts what came before.
    Result<void> apply(const LogRecord& record);

    /// Error `corrupt` if entries of some group are missing (invariant 3).
    Result<void> verify_complete() const;

    /// The records that begin a new segment: segment_start, and a group_state for every group.
    Bytes encode_head(std::uint64_t segment, std::uint64_t previous_end) const;

    /// The oldest segment if it may go (invariant 2), else 0.
    std::uint64_t droppable() const;
    void drop_oldest();

    const std::map<GroupId, Group>& groups() const { return groups_; }
    std::size_t segment_count() const { return segments_.size(); }

private:
    struct Segment {
        std::uint64_t number = 0;
        std::map<GroupId, LogIndex> last_entry;  ///< highest live entry per group
    };

    Result<void> apply_group_state(const LogRecord& record);
    Result<void> apply_entry(const LogRecord& record);
    Result<void> apply_compacted(const LogRecord& record);
    void apply_reset(const LogRecord& record);

    std::map<GroupId, Group> groups_;
    std::deque<Segment> segments_;
};

/// Number of group_state records that follow the segment_start record `start`.
inline std::uint32_t head_group_count(const LogRecord& start) {
    return start.group.value();
}

}  // namespace geode::storage

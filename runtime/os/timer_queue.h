// SPDX-License-Identifier: Apache-2.0
#pragma once

// TimerQueue: pending wake-ups, ordered by time, cancelled in O(log n).
//
// Nearly every socket wait sets a deadline and cancels it again, so cancelling must be cheap and
// must leave nothing behind (a lazily deleted heap grows without bound under such load). A binary
// heap of slot numbers, with each slot knowing its place in the heap, gives both.
//
// Invariants:
//  1. heap_ is a min-heap by (when, order): equal times fire in the order they were added.
//  2. slots_[heap_[i]].place == i for every i.
//  3. An id is (generation, slot); a slot's generation changes when its timer fires or is
//     cancelled, so a stale id names nothing. No id is 0.

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/clock.h"

namespace geode::os {

class TimerQueue {
public:
    /// Adds a wake-up; `when` is not `never`. O(log n).
    TimerId add(MonoTime when, WakeToken token);
    /// Forgets a wake-up. False if it fired, was cancelled, or never was. O(log n).
    bool cancel(TimerId id);
    /// Takes the earliest wake-up with `when <= now`.
    std::optional<WakeToken> pop_due(MonoTime now);
    /// Time of the earliest wake-up, `never` if there is none.
    MonoTime next() const { return heap_.empty() ? never : slots_[heap_.front()].when; }
    std::size_t size() const { return heap_.size(); }

private:
    struct Slot {
        MonoTime when{};
        std::uint64_t order = 0;
        WakeToken token;
        std::uint32_t generation = 1;
        std::uint32_t place = 0;
    };
    bool before(std::uint32_t left, std::uint32_t right) const;
    void put(std::uint32_t place, std::uint32_t slot);
    void sift_up(std::uint32_t place);
    void sift_down(std::uint32_t place);
    void remove_at(std::uint32_t place);

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> heap_;
    std::uint64_t next_order_ = 0;
};

}  // namespace geode::os

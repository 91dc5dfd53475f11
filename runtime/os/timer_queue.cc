// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/timer_queue.h"

#include "base/assert.h"

namespace geode::os {

TimerId TimerQueue::add(MonoTime when, WakeToken token) {
    GEODE_ASSERT(when != never);
    std::uint32_t slot = 0;
    if (free_.empty()) {
        GEODE_ASSERT(slots_.size() < UINT32_MAX);
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    Slot& entry = slots_[slot];
    entry.when = when;
    entry.order = next_order_++;
    entry.token = token;
    heap_.push_back(slot);
    put(static_cast<std::uint32_t>(heap_.size() - 1), slot);
    sift_up(entry.place);
    const TimerId id = (static_cast<TimerId>(entry.generation) << 32) | slot;
    GEODE_ASSERT(id != 0);
    return id;
}

bool TimerQueue::cancel(TimerId id) {
    const auto slot = static_cast<std::uint32_t>(id);
    const auto generation = static_cast<std::uint32_t>(id >> 32);
    if (slot >= slots_.size() || slots_[slot].generation != generation) return false;
    const std::uint32_t place = slots_[slot].place;
    // A free slot's place is stale; its generation has moved past every id given out for it.
    GEODE_ASSERT(place < heap_.size());
    GEODE_ASSERT(heap_[place] == slot);
    remove_at(place);
    return true;
}

std::optional<WakeToken> TimerQueue::pop_due(MonoTime now) {
    if (heap_.empty() || next() > now) return std::nullopt;
    const WakeToken token = slots_[heap_.front()].token;
    remove_at(0);
    return token;
}

bool TimerQueue::before(std::uint32_t left, std::uint32_t right) const {
    const Slot& a = slots_[left];
    const Slot& b = slots_[right];
    return a.when != b.when ? a.when < b.when : a.order < b.order;
}

void TimerQueue::put(std::uint32_t place, std::uint32_t slot) {
    heap_[place] = slot;
    slots_[slot].place = place;
}

void TimerQueue::sift_up(std::uint32_t place) {
    const std::uint32_t slot = heap_[place];
    while (place > 0) {
        const std::uint32_t parent = (place - 1) / 2;
        if (!before(slot, heap_[parent])) break;
        put(place, heap_[parent]);
        place = parent;
    }
    put(place, slot);
}

void TimerQueue::sift_down(std::uint32_t place) {
    const std::uint32_t slot = heap_[place];
    const auto count = static_cast<std::uint32_t>(heap_.size());
    for (;;) {
        std::uint32_t child = 2 * place + 1;
        if (child >= count) break;
        if (child + 1 < count && before(heap_[child + 1], heap_[child])) ++child;
        if (!before(heap_[child], slot)) break;
        put(place, heap_[child]);
        place = child;
    }
    put(place, slot);
}

void TimerQueue::remove_at(std::uint32_t place) {
    GEODE_ASSERT(place < heap_.size());
    const std::uint32_t slot = heap_[place];
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) {
        put(place, last);
        sift_up(place);
        sift_down(slots_[last].place);
    }
    // Generation 0 would make a zero id possible (slot 0): skip it on wrap-around.
    if (++slots_[slot].generation == 0) slots_[slot].generation = 1;
    free_.push_back(slot);
}

}  // namespace geode::os

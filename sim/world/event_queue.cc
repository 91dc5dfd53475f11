// SPDX-License-Identifier: Apache-2.0
#include "sim/world/event_queue.h"

#include <algorithm>

namespace geode::sim {

namespace {
constexpr std::size_t arity = 4;
constexpr std::size_t leftovers_min = 64;  // below this a rebuild is not worth its while
}  // namespace

EventQueue::Slot* EventQueue::find(EventId id) {
    const std::size_t index = id & slot_mask;
    if (id == 0 || index >= slots_.size() || slots_[index].id != id) return nullptr;
    return &slots_[index];
}

std::uint64_t EventQueue::next_order(std::uint32_t slot) {
    GEODE_ASSERT(sequence_ < (std::uint64_t{1} << (64 - slot_bits)));
    return (sequence_++ << slot_bits) | slot;
}

EventId EventQueue::push(SimTime at, EventHandler& handler, const Event& event) {
    std::uint32_t index = 0;
    if (free_.empty()) {
        GEODE_ASSERT_MSG(slots_.size() < slot_mask, "too many pending events");
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    const std::uint64_t order = next_order(index);
    slots_[index] = Slot{&handler, event, order, order, at};
    ++live_;
    push_key(Key{at, order});
    return order;
}

void EventQueue::move(EventId id, SimTime at) {
    Slot* slot = find(id);
    if (slot == nullptr) return;
    slot->order = next_order(static_cast<std::uint32_t>(id & slot_mask));
    slot->at = at;
    push_key(Key{at, slot->order});
}

std::optional<Event> EventQueue::cancel(EventId id) {
    Slot* slot = find(id);
    if (slot == nullptr) return std::nullopt;
    const Event event = slot->event;
    free_slot(*slot);
    return event;
}

void EventQueue::free_slot(Slot& slot) {
    GEODE_ASSERT(slot.id != 0 && live_ > 0);
    free_.push_back(static_cast<std::uint32_t>(slot.id & slot_mask));
    slot.handler = nullptr;
    slot.id = 0;
    slot.order = 0;
    --live_;
    if (heap_.size() > leftovers_min && heap_.size() > 2 * live_) drop_leftovers();
}

void EventQueue::push_key(Key key) {
    if (heap_.size() > leftovers_min && heap_.size() > 4 * live_) drop_leftovers();
    std::size_t hole = heap_.size();
    heap_.push_back(key);
    while (hole > 0) {
        const std::size_t parent = (hole - 1) / arity;
        if (!before(key, heap_[parent])) break;
        heap_[hole] = heap_[parent];
        hole = parent;
    }
    heap_[hole] = key;
}

void EventQueue::sift_down(std::size_t hole, Key key) {
    const std::size_t size = heap_.size();
    for (;;) {
        const std::size_t first = hole * arity + 1;
        if (first >= size) break;
        std::size_t least = first;
        const std::size_t end = std::min(first + arity, size);
        for (std::size_t child = first + 1; child < end; ++child) {
            if (before(heap_[child], heap_[least])) least = child;
        }
        if (!before(heap_[least], key)) break;
        heap_[hole] = heap_[least];
        hole = least;
    }
    heap_[hole] = key;
}

void EventQueue::pop_key() {
    const Key last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(0, last);
}

void EventQueue::drop_leftovers() {
    std::erase_if(heap_, [this](const Key& key) { return !is_live(key); });
    std::sort(heap_.begin(), heap_.end(), before);  // a sorted array is a heap
}

bool EventQueue::due_by(SimTime until) {
    while (!heap_.empty() && !is_live(heap_.front())) pop_key();
    return !heap_.empty() && heap_.front().at <= until;
}

EventQueue::Due EventQueue::pop() {
    GEODE_ASSERT(!heap_.empty());
    const Key key = heap_.front();
    GEODE_ASSERT_MSG(is_live(key), "pop() without due_by()");
    pop_key();
    Slot& slot = slots_[key.order & slot_mask];
    const Due due{key.at, slot.handler, slot.event};
    free_slot(slot);
    return due;
}

std::vector<EventId> EventQueue::pending_of(const EventHandler& handler, EventKind kind) const {
    std::vector<const Slot*> found;
    for (const Slot& slot : slots_) {
        if (slot.id != 0 && slot.handler == &handler && slot.event.kind == kind) {
            found.push_back(&slot);
        }
    }
    std::sort(found.begin(), found.end(), [](const Slot* x, const Slot* y) {
        return before(Key{x->at, x->order}, Key{y->at, y->order});
    });
    std::vector<EventId> ids;
    ids.reserve(found.size());
    for (const Slot* slot : found) ids.push_back(slot->id);
    return ids;
}

const Event& EventQueue::event(EventId id) const {
    const Slot& slot = slots_.at(id & slot_mask);
    GEODE_ASSERT(slot.id == id && id != 0);
    return slot.event;
}

}  // namespace geode::sim

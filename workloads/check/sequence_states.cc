// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/sequence_states.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::size_t slots_initial = 64;

}  // namespace

SequenceStates::SequenceStates() : begins_{0, 0}, slots_(slots_initial, 0) {
    slots_[slot_of({})] = 1;
}

std::uint32_t SequenceStates::intern(std::span<const std::uint32_t> items) {
    const std::size_t slot = slot_of(items);
    if (slots_[slot] != 0) return slots_[slot] - 1;
    const auto made = static_cast<std::uint32_t>(begins_.size() - 1);
    GEODE_ASSERT_MSG(made < UINT32_MAX / 2, "the byte budget stops a search long before");
    items_.insert(items_.end(), items.begin(), items.end());
    begins_.push_back(items_.size());
    slots_[slot] = made + 1;
    if (begins_.size() * 2 > slots_.size()) grow();
    return made;
}

std::span<const std::uint32_t> SequenceStates::items(std::uint32_t id) const {
    GEODE_ASSERT(id + 1 < begins_.size());
    return std::span(items_).subspan(begins_[id], begins_[id + 1] - begins_[id]);
}

std::uint64_t SequenceStates::memory_bytes() const {
    return begins_.capacity() * sizeof(std::uint64_t) +
           (items_.capacity() + slots_.capacity()) * sizeof(std::uint32_t);
}

std::size_t SequenceStates::slot_of(std::span<const std::uint32_t> wanted) const {
    std::uint64_t hash = wanted.size();
    for (const std::uint32_t item : wanted) hash = mix_hash(item, hash);
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    while (slots_[slot] != 0 && !std::ranges::equal(items(slots_[slot] - 1), wanted)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void SequenceStates::grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::uint32_t id = 0; id + 1 < begins_.size(); ++id) slots_[slot_of(items(id))] = id + 1;
}

}  // namespace geode::check

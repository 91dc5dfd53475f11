// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/config_cache.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::size_t slots_initial = 256;
constexpr std::uint32_t no_record = UINT32_MAX;

std::uint64_t pack(std::uint32_t high, std::uint32_t low) {
    return (std::uint64_t{high} << 32) | low;
}
std::uint32_t high_half(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 32);
}
std::uint32_t low_half(std::uint64_t word) {
    return static_cast<std::uint32_t>(word);
}

}  // namespace

CrashedSets::CrashedSets() : extents_{Extent{0, 0}}, slots_(slots_initial, 0) {
    slots_[slot_of({})] = 1;
}

std::uint32_t CrashedSets::with(std::uint32_t set, std::uint32_t member) {
    const auto old = members(set);
    scratch_.assign(old.begin(), old.end());
    const auto place = std::lower_bound(scratch_.begin(), scratch_.end(), member);
    GEODE_ASSERT(place == scratch_.end() || *place != member);
    scratch_.insert(place, member);
    const std::size_t slot = slot_of(scratch_);
    if (slots_[slot] != 0) return slots_[slot] - 1;
    const std::uint64_t begin = members_.size();
    members_.insert(members_.end(), scratch_.begin(), scratch_.end());
    extents_.push_back(Extent{begin, members_.size()});
    const auto made = static_cast<std::uint32_t>(extents_.size() - 1);
    slots_[slot] = made + 1;
    if (extents_.size() * 2 > slots_.size()) grow();
    return made;
}

std::span<const std::uint32_t> CrashedSets::members(std::uint32_t set) const {
    GEODE_ASSERT(set < extents_.size());
    const Extent& extent = extents_[set];
    return std::span(members_).subspan(extent.begin, extent.end - extent.begin);
}

bool CrashedSets::contains(std::uint32_t outer, std::uint32_t inner) const {
    if (outer == inner) return true;
    const auto outer_members = members(outer);
    const auto inner_members = members(inner);
    if (inner_members.size() >= outer_members.size()) return false;
    return std::includes(outer_members.begin(), outer_members.end(), inner_members.begin(),
                         inner_members.end());
}

std::uint64_t CrashedSets::memory_bytes() const {
    return extents_.capacity() * sizeof(Extent) +
           (members_.capacity() + slots_.capacity()) * sizeof(std::uint32_t);
}

std::size_t CrashedSets::slot_of(std::span<const std::uint32_t> wanted) const {
    std::uint64_t hash = wanted.size();
    for (const std::uint32_t member : wanted) hash = mix_hash(hash, member);
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    while (slots_[slot] != 0 && !std::ranges::equal(members(slots_[slot] - 1), wanted)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void CrashedSets::grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::uint32_t set = 0; set < extents_.size(); ++set) {
        slots_[slot_of(members(set))] = set + 1;
    }
}

ConfigCache::ConfigCache(std::size_t window_words)
    : window_words_(window_words),
      stride_(2 + 2 * window_words),
      slots_(slots_initial, 0),
      scratch_(stride_, 0) {
    GEODE_ASSERT(window_words > 0);
}

std::uint32_t ConfigCache::add(const Config& config, std::span<const std::uint64_t> window,
                               std::span<const std::uint64_t> free,
                               const CrashedSets& crashed_sets) {
    GEODE_ASSERT(window.size() == window_words_);
    GEODE_ASSERT(free.size() == window_words_);
    GEODE_ASSERT_MSG(count_ < no_record - 1, "the byte budget stops a search long before");
    scratch_[0] = pack(config.position, config.state);
    scratch_[1] = config.crashed;
    const auto free_begin = std::copy(window.begin(), window.end(), scratch_.begin() + 2);
    std::copy(free.begin(), free.end(), free_begin);
    const std::size_t slot = slot_of(scratch_.data());
    const std::uint32_t first = slots_[slot] == 0 ? no_record : slots_[slot] - 1;
    for (std::uint32_t other = first; other != no_record; other = high_half(words(other)[1])) {
        if (dominates(words(other), scratch_.data(), crashed_sets)) return dominated;
    }
    scratch_[1] = pack(first, config.crashed);
    arena_.insert(arena_.end(), scratch_.begin(), scratch_.end());
    slots_[slot] = ++count_;
    if (first == no_record) ++keys_;
    if (std::size_t{keys_} * 2 > slots_.size()) grow();
    return count_ - 1;
}

Config ConfigCache::config(std::uint32_t record) const {
    const std::uint64_t* const found = words(record);
    return Config{.position = high_half(found[0]),
                  .state = low_half(found[0]),
                  .crashed = low_half(found[1])};
}

std::span<const std::uint64_t> ConfigCache::window(std::uint32_t record) const {
    return {words(record) + 2, window_words_};
}

std::span<const std::uint64_t> ConfigCache::free(std::uint32_t record) const {
    return {words(record) + 2 + window_words_, window_words_};
}

std::uint64_t ConfigCache::memory_bytes() const {
    return arena_.capacity() * sizeof(std::uint64_t) + slots_.capacity() * sizeof(std::uint32_t);
}

const std::uint64_t* ConfigCache::words(std::uint32_t record) const {
    GEODE_ASSERT(record < count_);
    return arena_.data() + std::size_t{record} * stride_;
}

std::uint64_t ConfigCache::hash_of(const std::uint64_t* record_words) const {
    std::uint64_t hash = mix_hash(record_words[0], 0);
    for (std::size_t word = 0; word < window_words_; ++word) {
        hash = mix_hash(record_words[2 + word], hash);
    }
    return hash;
}

/// Whether record `a`, of the same key, can do everything `b` can.
bool ConfigCache::dominates(const std::uint64_t* a, const std::uint64_t* b,
                            const CrashedSets& crashed_sets) const {
    for (std::size_t word = stride_ - window_words_; word < stride_; ++word) {
        if ((b[word] & ~a[word]) != 0) return false;
    }
    return crashed_sets.contains(low_half(b[1]), low_half(a[1]));
}

bool ConfigCache::same_key(const std::uint64_t* a, const std::uint64_t* b) const {
    return a[0] == b[0] && std::memcmp(a + 2, b + 2, window_words_ * sizeof *a) == 0;
}

std::size_t ConfigCache::slot_of(const std::uint64_t* wanted) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash_of(wanted) & mask;
    while (slots_[slot] != 0 && !same_key(words(slots_[slot] - 1), wanted)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void ConfigCache::grow() {
    std::vector<std::uint32_t> old(slots_.size() * 2, 0);
    old.swap(slots_);
    for (const std::uint32_t entry : old) {
        if (entry != 0) slots_[slot_of(words(entry - 1))] = entry;
    }
}

}  // namespace geode::check

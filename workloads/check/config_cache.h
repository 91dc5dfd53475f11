// SPDX-License-Identifier: Apache-2.0
#pragma once

// The configurations a search has been in, exactly, and which of them rule out which.
//
// A configuration is (position, state, window, free, crashed): the next completion event to
// satisfy, the object's state, one bit per slot of the operations now open saying which have taken
// effect, one more saying which of the others may still be placed in the past, where nobody
// notices, and the set of unknown-outcome operations used up so far. The window is as wide as the
// largest number of operations open at once, not as long as the history; the crashed set is sparse
// and interned.
//
// Dominance: with the rest equal, a configuration that used fewer crashed operations and has more
// free ones can do everything the other can. So one that fails rules out all that it dominates, and
// add() refuses those. Keys are compared in full: a hash collision costs time, never a verdict.

#include <cstdint>
#include <span>
#include <vector>

namespace geode::check {

/// Interned sets of crashed operations. Id 0 is the empty set.
class CrashedSets {
public:
    CrashedSets();
    /// The set with `member`, which it must not hold yet. O(size).
    std::uint32_t with(std::uint32_t set, std::uint32_t member);
    /// The members, rising. Valid until the next with().
    std::span<const std::uint32_t> members(std::uint32_t set) const;
    /// Whether every member of `inner` is one of `outer`.
    bool contains(std::uint32_t outer, std::uint32_t inner) const;
    std::uint64_t memory_bytes() const;

private:
    struct Extent {
        std::uint64_t begin;
        std::uint64_t end;
    };
    std::size_t slot_of(std::span<const std::uint32_t> wanted) const;
    void grow();

    std::vector<Extent> extents_;
    std::vector<std::uint32_t> members_;
    std::vector<std::uint32_t> slots_;  // open addressing, id + 1; 0 is free
    std::vector<std::uint32_t> scratch_;
};

struct Config {
    std::uint32_t position = 0;
    std::uint32_t state = 0;
    std::uint32_t crashed = 0;
};

class ConfigCache {
public:
    static constexpr std::uint32_t dominated = UINT32_MAX;

    /// Windows of `window_words` 64-bit words.
    explicit ConfigCache(std::size_t window_words);

    /// Remembers the configuration and returns its record, or `dominated` if one that can do as
    /// much was there before. O(configurations that differ in free and crashed only).
    std::uint32_t add(const Config& config, std::span<const std::uint64_t> window,
                      std::span<const std::uint64_t> free, const CrashedSets& crashed_sets);
    Config config(std::uint32_t record) const;
    /// Valid until the next add().
    std::span<const std::uint64_t> window(std::uint32_t record) const;
    std::span<const std::uint64_t> free(std::uint32_t record) const;
    std::uint64_t memory_bytes() const;

private:
    const std::uint64_t* words(std::uint32_t record) const;
    std::uint64_t hash_of(const std::uint64_t* record_words) const;
    bool dominates(const std::uint64_t* a, const std::uint64_t* b,
                   const CrashedSets& crashed_sets) const;
    bool same_key(const std::uint64_t* a, const std::uint64_t* b) const;
    std::size_t slot_of(const std::uint64_t* wanted) const;
    void grow();

    // A record is: position | state, next of the same key | crashed, window..., free...
    std::size_t window_words_;
    std::size_t stride_;
    std::vector<std::uint64_t> arena_;
    std::vector<std::uint32_t> slots_;  // open addressing, first record of a key + 1; 0 is free
    std::vector<std::uint64_t> scratch_;
    std::uint32_t count_ = 0;
    std::uint32_t keys_ = 0;
};

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Interned sequences of small numbers: the states of sets, queues, stacks and the like.
//
// Two sequences are equal exactly when their ids are. Ids are dense, in order of first appearance;
// id 0 is the empty sequence.

#include <cstdint>
#include <span>
#include <vector>

namespace geode::check {

class SequenceStates {
public:
    static constexpr std::uint32_t empty_sequence = 0;

    SequenceStates();

    /// The id of the sequence, made if new. O(size). `items` may not be a part of this table.
    std::uint32_t intern(std::span<const std::uint32_t> items);
    /// Valid until the next intern().
    std::span<const std::uint32_t> items(std::uint32_t id) const;
    std::uint64_t memory_bytes() const;

private:
    std::size_t slot_of(std::span<const std::uint32_t> wanted) const;
    void grow();

    std::vector<std::uint64_t> begins_;  // by id, and one more: where the next would begin
    std::vector<std::uint32_t> items_;
    std::vector<std::uint32_t> slots_;  // open addressing, id + 1; 0 is free
};

}  // namespace geode::check

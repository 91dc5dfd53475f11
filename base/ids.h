// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strong integer types: a Term is not a LogIndex, whatever their bits.
//
// Explicit to make, ordered, hashable, printable with value(). Zero means "none" wherever a type
// names it so. Arithmetic exists only where it means something: LogIndex moves by counts.

#include <compare>
#include <cstdint>
#include <functional>

#include "base/assert.h"

namespace geode {

template <class Tag, class Rep = std::uint64_t>
class StrongId {
public:
    using rep = Rep;
    constexpr StrongId() = default;
    constexpr explicit StrongId(Rep value) : value_(value) {}
    constexpr Rep value() const { return value_; }
    constexpr bool is_none() const { return value_ == 0; }
    friend constexpr auto operator<=>(StrongId, StrongId) = default;

private:
    Rep value_ = 0;
};

using NodeId = StrongId<struct NodeIdTag, std::uint32_t>;    ///< 1..; 0 is "no node"
using GroupId = StrongId<struct GroupIdTag, std::uint32_t>;  ///< a Raft group; 1..
using Term = StrongId<struct TermTag>;                       ///< Raft term; 0 before any election
using VertexId = StrongId<struct VertexIdTag>;
using SessionId = StrongId<struct SessionIdTag>;  ///< log index of the registration; 0 is none

/// Position in a replicated log, 1-based; 0 is "before the first entry".
class LogIndex : public StrongId<struct LogIndexTag> {
public:
    using StrongId::StrongId;
    constexpr LogIndex next() const { return LogIndex(value() + 1); }
    constexpr LogIndex prev() const {
        GEODE_ASSERT(value() > 0);
        return LogIndex(value() - 1);
    }
    friend constexpr LogIndex operator+(LogIndex index, std::uint64_t count) {
        return LogIndex(index.value() + count);
    }
    /// Number of entries from `from` (exclusive) to `to` (inclusive); `to >= from`.
    friend constexpr std::uint64_t operator-(LogIndex to, LogIndex from) {
        GEODE_ASSERT(to >= from);
        return to.value() - from.value();
    }
};

}  // namespace geode

template <class Tag, class Rep>
struct std::hash<geode::StrongId<Tag, Rep>> {
    std::size_t operator()(geode::StrongId<Tag, Rep> id) const noexcept {
        return static_cast<std::size_t>(id.value());
    }
};
template <>
struct std::hash<geode::LogIndex> {
    std::size_t operator()(geode::LogIndex id) const noexcept {
        return static_cast<std::size_t>(id.value());
    }
};

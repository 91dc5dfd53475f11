// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rules of pools.h over the times of values. Internal to pools.cc.
//
// Times are positions of events; the gap g lies between the events g and g + 1, so an operation can
// take effect in the gaps from its invocation up to the one before its completion.

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace geode::check {

inline constexpr std::int64_t pool_never = INT64_MAX / 4;

/// A value that was put in.
struct Held {
    std::int64_t put_invoked = 0;
    std::int64_t put_completed = pool_never;
    std::int64_t take_invoked = pool_never;        // of one never taken: never, and
    std::int64_t take_completed = pool_never + 1;  // later than that
    std::uint32_t put = 0;                         // entry
    std::uint32_t take = UINT32_MAX;               // entry, if it was taken and told
    std::uint32_t priority = 0;                    // rank among all values
    std::int64_t first_gap() const { return put_completed; }
    std::int64_t last_gap() const { return take_invoked - 1; }
    bool surely_inside() const { return first_gap() <= last_gap(); }
};

/// An operation that found nothing.
struct FoundEmpty {
    std::int64_t invoked = 0;
    std::int64_t completed = 0;
    std::uint32_t entry = 0;
};

struct BrokenRule {
    std::string_view rule;
    std::vector<std::uint32_t> entries;
};

/// Gaps in which something is surely inside, as disjoint ranges that do not touch.
class CoveredGaps {
public:
    /// O(log n), amortised.
    void cover(std::int64_t first, std::int64_t last);
    /// The first gap from `from` on that is not covered. O(log n).
    std::int64_t first_open(std::int64_t from) const;

private:
    std::map<std::int64_t, std::int64_t> ranges_;  // first gap to last
};

std::optional<BrokenRule> broken_queue_rule(std::vector<Held> values);
std::optional<BrokenRule> broken_stack_rule(std::vector<Held> values);
/// Of a queue or stack.
std::optional<BrokenRule> broken_empty_rule(const std::vector<Held>& values,
                                            const std::vector<FoundEmpty>& empties);
/// With the empties, for they are judged together.
std::optional<BrokenRule> broken_priority_rule(std::vector<Held> values,
                                               const std::vector<FoundEmpty>& empties);

}  // namespace geode::check

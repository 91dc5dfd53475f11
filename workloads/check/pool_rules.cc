// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/pool_rules.h"

#include <algorithm>
#include <map>
#include <queue>

#include "base/assert.h"

namespace geode::check {
namespace {

constexpr std::string_view empty_rule = "for at every moment of it some value was surely inside";
constexpr std::string_view fifo_rule = "for what was put in before its value was still inside then";
constexpr std::string_view lifo_rule =
    "for these values, by then, can be neither nested nor one after another";
constexpr std::string_view priority_rule =
    "for at every moment of it a smaller value was surely inside";

std::optional<BrokenRule> broken_by_empties(const CoveredGaps& covered,
                                            const std::vector<FoundEmpty>& empties) {
    for (const FoundEmpty& empty : empties) {
        if (covered.first_open(empty.invoked) < empty.completed) continue;
        return BrokenRule{.rule = empty_rule, .entries = {empty.entry}};
    }
    return std::nullopt;
}

/// Stack: peels values off from the outside, and splits where nothing is surely inside.
class StackPeeler {
public:
    explicit StackPeeler(std::vector<Held> values)
        : values_(std::move(values)), peeled_(values_.size(), false) {}
    std::optional<BrokenRule> run();

private:
    using Group = std::vector<std::uint32_t>;  // indices of values, by first gap

    bool peel(Group& group);
    void split(const Group& group);

    std::vector<Held> values_;
    std::vector<bool> peeled_;
    std::vector<Group> groups_;
};

std::optional<BrokenRule> StackPeeler::run() {
    Group all;
    for (std::uint32_t index = 0; index < values_.size(); ++index) {
        if (values_[index].surely_inside()) all.push_back(index);
    }
    std::ranges::sort(all, {}, [this](std::uint32_t index) { return values_[index].first_gap(); });
    split(all);
    while (!groups_.empty()) {
        Group group = std::move(groups_.back());
        groups_.pop_back();
        const std::size_t before = group.size();
        if (!peel(group)) continue;
        if (group.size() == before) {
            BrokenRule broken{.rule = lifo_rule, .entries = {}};
            for (const std::uint32_t index : group) {
                broken.entries.push_back(values_[index].put);
                if (values_[index].take != UINT32_MAX)
                    broken.entries.push_back(values_[index].take);
            }
            return broken;
        }
        split(group);
    }
    return std::nullopt;
}

/// Takes out of the group, as long as there is one, a value that can be put in before all others
/// and taken after them; false when none is left.
bool StackPeeler::peel(Group& group) {
    const auto put_invoked = [this](std::uint32_t index) { return values_[index].put_invoked; };
    const auto take_invoked = [this](std::uint32_t index) { return values_[index].take_invoked; };
    Group by_put = group;
    Group by_take = group;
    std::ranges::sort(by_put, {}, put_invoked);
    std::ranges::sort(by_take, std::ranges::greater(), take_invoked);
    std::priority_queue<std::pair<std::int64_t, std::uint32_t>> eligible;  // by take_completed
    std::size_t next_put = 0;
    std::size_t first_in = 0;  // of group: the value surely inside first
    std::size_t last_out = 0;  // of by_take: the value surely inside last
    while (true) {
        while (first_in < group.size() && peeled_[group[first_in]]) ++first_in;
        while (last_out < by_take.size() && peeled_[by_take[last_out]]) ++last_out;
        if (first_in == group.size()) return false;
        const std::int64_t first_completion = values_[group[first_in]].put_completed;
        const std::int64_t last_invocation = values_[by_take[last_out]].take_invoked;
        for (; next_put < by_put.size(); ++next_put) {
            const Held& value = values_[by_put[next_put]];
            if (value.put_invoked >= first_completion) break;
            eligible.emplace(value.take_completed, by_put[next_put]);
        }
        if (eligible.empty() || eligible.top().first <= last_invocation) break;
        peeled_[eligible.top().second] = true;
        eligible.pop();
    }
    std::erase_if(group, [this](std::uint32_t index) { return peeled_[index]; });
    return true;
}

/// Makes groups of the values between gaps in which none of them is surely inside.
void StackPeeler::split(const Group& group) {
    std::int64_t covered_to = 0;
    for (std::size_t at = 0; at < group.size(); ++at) {
        const Held& value = values_[group[at]];
        if (at == 0 || value.first_gap() > covered_to + 1) {
            groups_.emplace_back();
            covered_to = value.last_gap();
        }
        groups_.back().push_back(group[at]);
        covered_to = std::max(covered_to, value.last_gap());
    }
}

}  // namespace

void CoveredGaps::cover(std::int64_t first, std::int64_t last) {
    if (first > last) return;
    auto next = ranges_.upper_bound(last + 1);
    while (next != ranges_.begin()) {
        const auto range = std::prev(next);
        if (range->second + 1 < first) break;
        first = std::min(first, range->first);
        last = std::max(last, range->second);
        next = ranges_.erase(range);
    }
    ranges_.emplace(first, last);
}

std::int64_t CoveredGaps::first_open(std::int64_t from) const {
    const auto after = ranges_.upper_bound(from);
    if (after == ranges_.begin()) return from;
    return std::max(from, std::prev(after)->second + 1);
}

std::optional<BrokenRule> broken_queue_rule(std::vector<Held> values) {
    std::vector<Held> by_completion = values;
    std::ranges::sort(by_completion, {}, &Held::put_completed);
    std::ranges::sort(values, {}, &Held::put_invoked);
    const Held* latest = nullptr;  // of those put in before: taken last
    std::size_t next = 0;
    for (const Held& value : values) {
        for (; next < by_completion.size(); ++next) {
            const Held& earlier = by_completion[next];
            if (earlier.put_completed > value.put_invoked) break;
            if (latest == nullptr || earlier.take_invoked > latest->take_invoked) {
                latest = &earlier;
            }
        }
        if (latest == nullptr || latest->take_invoked <= value.take_completed) continue;
        BrokenRule broken{.rule = fifo_rule, .entries = {value.take, latest->put, value.put}};
        if (latest->take != UINT32_MAX) broken.entries.push_back(latest->take);
        return broken;
    }
    return std::nullopt;
}

std::optional<BrokenRule> broken_stack_rule(std::vector<Held> values) {
    return StackPeeler(std::move(values)).run();
}

std::optional<BrokenRule> broken_empty_rule(const std::vector<Held>& values,
                                            const std::vector<FoundEmpty>& empties) {
    CoveredGaps covered;
    for (const Held& value : values) covered.cover(value.first_gap(), value.last_gap());
    return broken_by_empties(covered, empties);
}

std::optional<BrokenRule> broken_priority_rule(std::vector<Held> values,
                                               const std::vector<FoundEmpty>& empties) {
    std::ranges::sort(values, {}, &Held::priority);
    CoveredGaps covered;
    for (const Held& value : values) {
        std::int64_t taken_at = pool_never;
        if (value.take_invoked < pool_never) {
            taken_at = covered.first_open(std::max(value.take_invoked, value.put_invoked));
            if (taken_at >= value.take_completed) {
                return BrokenRule{.rule = priority_rule, .entries = {value.take}};
            }
        }
        covered.cover(value.first_gap(), taken_at - 1);
    }
    return broken_by_empties(covered, empties);
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/log.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace geode::raft {

Log::Log(SnapshotId start, std::vector<Entry> entries) : start_(start) {
    runs_.push_back({start.index, start.term});
    entries_.reserve(entries.size());
    for (Entry& entry : entries) append(std::move(entry));
}

void Log::append(Entry entry) {
    GEODE_ASSERT(entry.index == last_index().next());
    GEODE_ASSERT(entry.term >= last_term());
    GEODE_ASSERT(!entry.term.is_none());
    extend_runs(entry.index, entry.term);
    entries_.push_back(std::move(entry));
}

void Log::truncate_after(LogIndex last) {
    GEODE_ASSERT(last >= start_.index);
    GEODE_ASSERT(last <= last_index());
    entries_.resize(last - start_.index);
    while (runs_.back().first > last) runs_.pop_back();
    GEODE_ASSERT(!runs_.empty());
}

void Log::compact(SnapshotId to) {
    GEODE_ASSERT(matches(to.index, to.term));
    const std::size_t run = run_of(to.index);
    runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(run));
    runs_.front().first = to.index;
    const auto count = static_cast<std::ptrdiff_t>(to.index - start_.index);
    entries_.erase(entries_.begin(), entries_.begin() + count);
    start_ = to;
    GEODE_ASSERT(runs_.front().term == start_.term);
}

void Log::reset(SnapshotId start) {
    entries_.clear();
    runs_.clear();
    runs_.push_back({start.index, start.term});
    start_ = start;
}

std::optional<Term> Log::term_at(LogIndex index) const {
    if (index < start_.index || index > last_index()) return std::nullopt;
    const Term term = runs_[run_of(index)].term;
    GEODE_VERIFY_SLOW(index == start_.index || entry(index).term == term);
    return term;
}

bool Log::is_up_to_date(LogIndex index, Term term) const {
    if (term != last_term()) return term > last_term();
    return index >= last_index();
}

SnapshotId Log::last_at_most(LogIndex index, Term term) const {
    if (index <= start_.index) return start_;
    index = std::min(index, last_index());
    // The runs before `after` are those with a term that is low enough.
    const auto after =
        std::upper_bound(runs_.begin(), runs_.end(), term,
                         [](Term wanted, const Run& run) { return wanted < run.term; });
    if (after == runs_.begin()) return start_;
    if (after != runs_.end()) index = std::min(index, after->first.prev());
    return {index, runs_[run_of(index)].term};
}

const Entry& Log::entry(LogIndex index) const {
    GEODE_ASSERT(index > start_.index);
    GEODE_ASSERT(index <= last_index());
    const Entry& found = entries_[(index - start_.index) - 1];
    GEODE_ASSERT(found.index == index);
    return found;
}

std::size_t Log::run_of(LogIndex index) const {
    if (index >= runs_.back().first) return runs_.size() - 1;
    const auto after =
        std::upper_bound(runs_.begin(), runs_.end(), index,
                         [](LogIndex wanted, const Run& run) { return wanted < run.first; });
    GEODE_ASSERT(after != runs_.begin());
    return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

void Log::extend_runs(LogIndex index, Term term) {
    if (term != runs_.back().term) runs_.push_back({index, term});
}

}  // namespace geode::raft

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/search.h"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

#include "base/probe.h"
#include "workloads/check/config_cache.h"

namespace geode::check {
namespace {

constexpr std::uint32_t none = UINT32_MAX;
constexpr std::size_t word_bits = 64;

using Words = std::vector<std::uint64_t>;

void set_bit(Words& words, std::uint32_t bit) {
    words[bit / word_bits] |= std::uint64_t{1} << (bit % word_bits);
}
void clear_bit(Words& words, std::uint32_t bit) {
    words[bit / word_bits] &= ~(std::uint64_t{1} << (bit % word_bits));
}
bool has_bit(const Words& words, std::uint32_t bit) {
    return ((words[bit / word_bits] >> (bit % word_bits)) & 1) != 0;
}

/// Calls visit(slot) for each bit of `set` that is not in `except`, rising.
template <class Visit>
void for_each_bit(const Words& set, const Words& except, Visit visit) {
    for (std::size_t word = 0; word < set.size(); ++word) {
        for (std::uint64_t left = set[word] & ~except[word]; left != 0; left &= left - 1) {
            visit(static_cast<std::uint32_t>(word * word_bits) +
                  static_cast<std::uint32_t>(std::countr_zero(left)));
        }
    }
}

/// Everything about the partition that does not change during the search.
struct Plan {
    explicit Plan(const Partition& partition, const Machine& machine);

    std::uint32_t slots = 0;                     // operations open at once, at most
    std::vector<std::uint32_t> slot_of;          // by entry; of a crashed one its ordinal
    std::vector<std::uint32_t> crashed_entries;  // by ordinal, in invocation order
    std::vector<std::uint32_t> class_of;         // by ordinal; same class: same effect
    std::uint32_t classes = 0;
    std::vector<bool> resets;                         // by entry
    std::vector<std::uint32_t> next_pure_completion;  // by position: at or after it, or none
    std::vector<std::uint32_t> next_reset;            // by position: invocation of a live reset
    std::uint32_t first_crashed_reset = none;
    bool has_builders = false;  // operations that are neither pure nor resets

private:
    void assign_slots(const Partition& partition);
    void assign_classes(const Partition& partition);
    void look_ahead(const Partition& partition);
};

Plan::Plan(const Partition& partition, const Machine& machine) {
    for (const Entry& entry : partition.entries) {
        const bool reset = machine.resets(entry.operation);
        GEODE_ASSERT(!(reset && entry.pure));
        GEODE_ASSERT(!(entry.pure && entry.completed == pending));
        resets.push_back(reset);
        if (!reset && !entry.pure) has_builders = true;
        if (reset && entry.completed == pending) {
            first_crashed_reset = std::min(first_crashed_reset, entry.invoked);
        }
    }
    assign_slots(partition);
    assign_classes(partition);
    look_ahead(partition);
}

void Plan::assign_slots(const Partition& partition) {
    slot_of.assign(partition.entries.size(), none);
    std::vector<std::uint32_t> free;
    for (const Event& event : partition.events) {
        std::uint32_t& slot = slot_of[event.entry];
        if (event.completes) {
            free.push_back(slot);
        } else if (partition.entries[event.entry].completed == pending) {
            slot = static_cast<std::uint32_t>(crashed_entries.size());
            crashed_entries.push_back(event.entry);
        } else if (free.empty()) {
            slot = slots++;
        } else {
            slot = free.back();
            free.pop_back();
        }
    }
}

void Plan::assign_classes(const Partition& partition) {
    std::map<std::tuple<Function, ValueId, ValueId, ValueId>, std::uint32_t> known;
    for (const std::uint32_t entry : crashed_entries) {
        const Operation& operation = partition.entries[entry].operation;
        const auto [place, fresh] = known.try_emplace(
            {operation.function, operation.key, operation.argument, operation.expected}, classes);
        if (fresh) ++classes;
        class_of.push_back(place->second);
    }
}

void Plan::look_ahead(const Partition& partition) {
    const std::size_t count = partition.events.size();
    next_pure_completion.assign(count + 1, none);
    next_reset.assign(count + 1, none);
    for (std::size_t position = count; position-- > 0;) {
        const Event& event = partition.events[position];
        const Entry& entry = partition.entries[event.entry];
        const auto here = static_cast<std::uint32_t>(position);
        const bool pure_ends = event.completes && entry.pure;
        next_pure_completion[position] = pure_ends ? here : next_pure_completion[position + 1];
        const bool reset_starts =
            !event.completes && resets[event.entry] && entry.completed != pending;
        next_reset[position] = reset_starts ? here : next_reset[position + 1];
    }
}

class Search {
public:
    Search(const Partition& partition, Machine& machine, const SearchLimits& limits);
    SearchResult run();

private:
    /// A choice still open: a configuration and the operations not yet tried in it, which are
    /// candidates_ from candidates_begin on (of the last frame; earlier frames end where the next
    /// begins).
    struct Frame {
        std::uint32_t record;
        StateId before;  // if entered by a crashed operation nobody noticed: the state before it
        std::size_t candidates_begin;
        std::size_t order_size;
    };

    bool advance();
    void open(std::uint32_t entry);
    void close(std::uint32_t entry);
    void rewind(std::uint32_t position);
    void take(std::uint32_t entry);
    bool take_pure();
    bool enter();
    void offer_candidates();
    void offer_crashed();
    bool unreachable_read() const;
    bool try_candidate(const Frame& frame, std::uint32_t entry);
    bool choose();
    void restore(const Frame& frame);
    bool within_limits();
    std::uint64_t memory_bytes() const;

    const Entry& entry_at(std::uint32_t index) const { return partition_.entries[index]; }
    StateId step(std::uint32_t entry) {
        return machine_.step(config_.state, entry_at(entry).operation);
    }

    const Partition& partition_;
    Machine& machine_;
    SearchLimits limits_;
    Plan plan_;
    CrashedSets crashed_sets_;
    ConfigCache cache_;

    // The present configuration, and what is open at its position.
    Config config_;
    Words taken_;
    Words open_pure_;
    Words open_changing_;
    Words open_resets_;
    std::vector<std::uint32_t> entry_in_;  // by slot
    std::uint32_t crashed_open_ = 0;       // crashed operations invoked so far
    StateId before_ = rejected;            // see Frame::before
    std::vector<std::uint32_t> order_;     // entries in the order they took effect

    std::vector<Frame> frames_;
    std::vector<std::uint32_t> candidates_;
    std::vector<std::uint32_t> class_offered_;  // by class: the stamp of the offer
    std::uint32_t offer_stamp_ = 0;
    SearchResult result_;
};

Search::Search(const Partition& partition, Machine& machine, const SearchLimits& limits)
    : partition_(partition),
      machine_(machine),
      limits_(limits),
      plan_(partition, machine),
      cache_(std::max<std::size_t>(1, (plan_.slots + word_bits - 1) / word_bits)) {
    const std::size_t words = std::max<std::size_t>(1, (plan_.slots + word_bits - 1) / word_bits);
    taken_.assign(words, 0);
    open_pure_.assign(words, 0);
    open_changing_.assign(words, 0);
    open_resets_.assign(words, 0);
    entry_in_.assign(words * word_bits, none);
    class_offered_.assign(plan_.classes, 0);
    config_.state = machine_.initial();
}

SearchResult Search::run() {
    while (!advance()) {
        result_.furthest = std::max(result_.furthest, config_.position);
        enter();
        if (!choose()) {
            result_.bytes = memory_bytes();
            return std::move(result_);
        }
    }
    GEODE_ASSERT(config_.position == partition_.events.size());
    result_.end = SearchEnd::placed;
    result_.order = std::move(order_);
    result_.final_state = config_.state;
    result_.bytes = memory_bytes();
    return std::move(result_);
}

/// Passes events until one demands a choice (false) or all are passed (true).
bool Search::advance() {
    for (; config_.position < partition_.events.size(); ++config_.position) {
        const Event& event = partition_.events[config_.position];
        if (!event.completes) {
            open(event.entry);
            if (entry_at(event.entry).pure && step(event.entry) != rejected) take(event.entry);
            continue;
        }
        const std::uint32_t slot = plan_.slot_of[event.entry];
        if (!has_bit(taken_, slot)) return false;
        clear_bit(taken_, slot);
        close(event.entry);
    }
    return true;
}

void Search::open(std::uint32_t entry) {
    if (entry_at(entry).completed == pending) {
        ++crashed_open_;
        return;
    }
    const std::uint32_t slot = plan_.slot_of[entry];
    entry_in_[slot] = entry;
    set_bit(entry_at(entry).pure ? open_pure_ : open_changing_, slot);
    if (plan_.resets[entry]) set_bit(open_resets_, slot);
}

void Search::close(std::uint32_t entry) {
    if (entry_at(entry).completed == pending) {
        GEODE_ASSERT(crashed_open_ > 0);
        --crashed_open_;
        return;
    }
    const std::uint32_t slot = plan_.slot_of[entry];
    GEODE_ASSERT(entry_in_[slot] == entry);
    entry_in_[slot] = none;
    clear_bit(open_pure_, slot);
    clear_bit(open_changing_, slot);
    clear_bit(open_resets_, slot);
}

/// Takes back events from the present position down to `position`.
void Search::rewind(std::uint32_t position) {
    GEODE_ASSERT(position <= config_.position);
    for (std::uint32_t at = config_.position; at-- > position;) {
        const Event& event = partition_.events[at];
        if (event.completes) {
            open(event.entry);
        } else {
            close(event.entry);
        }
    }
}

void Search::take(std::uint32_t entry) {
    set_bit(taken_, plan_.slot_of[entry]);
    order_.push_back(entry);
}

/// Lets every open pure operation that fits the state take effect; whether any did.
bool Search::take_pure() {
    const std::size_t size_before = order_.size();
    for_each_bit(open_pure_, taken_, [this](std::uint32_t slot) {
        if (step(entry_in_[slot]) != rejected) take(entry_in_[slot]);
    });
    return order_.size() > size_before;
}

/// Makes a frame of the present configuration, unless it is known to lead nowhere.
bool Search::enter() {
    if (unreachable_read()) {
        GEODE_REACHED("check.search_drops_state_before_read");
        result_.exact = false;
        return false;
    }
    const std::uint32_t record = cache_.add(config_, taken_, crashed_sets_);
    if (record == ConfigCache::dominated) return false;
    frames_.push_back(Frame{.record = record,
                            .before = before_,
                            .candidates_begin = candidates_.size(),
                            .order_size = order_.size()});
    offer_candidates();
    return true;
}

/// Candidates are tried from the back: the operations that must complete soonest first (the
/// demanded one is the very first), crashed ones only when nothing else helps.
void Search::offer_candidates() {
    offer_crashed();
    const std::size_t live_begin = candidates_.size();
    for_each_bit(open_changing_, taken_,
                 [this](std::uint32_t slot) { candidates_.push_back(entry_in_[slot]); });
    std::sort(candidates_.begin() + static_cast<std::ptrdiff_t>(live_begin), candidates_.end(),
              [this](std::uint32_t a, std::uint32_t b) {
                  return entry_at(a).completed > entry_at(b).completed;
              });
}

/// Of each class of crashed operations, the first not used up.
void Search::offer_crashed() {
    ++offer_stamp_;
    GEODE_ASSERT(offer_stamp_ != 0);
    const auto used = crashed_sets_.members(config_.crashed);
    auto next_used = used.begin();
    for (std::uint32_t ordinal = 0; ordinal < crashed_open_; ++ordinal) {
        if (next_used != used.end() && *next_used == ordinal) {
            ++next_used;
            continue;
        }
        std::uint32_t& stamp = class_offered_[plan_.class_of[ordinal]];
        if (stamp == offer_stamp_) continue;
        stamp = offer_stamp_;
        candidates_.push_back(plan_.crashed_entries[ordinal]);
    }
}

/// Whether the next pure operation to complete cannot fit any state that follows from here.
bool Search::unreachable_read() const {
    std::uint32_t position = plan_.next_pure_completion[config_.position];
    while (position != none) {
        const std::uint32_t slot = plan_.slot_of[partition_.events[position].entry];
        const bool is_open = entry_in_[slot] == partition_.events[position].entry;
        if (!is_open || !has_bit(taken_, slot)) break;
        position = plan_.next_pure_completion[position + 1];
    }
    if (position == none) return false;
    if (plan_.next_reset[config_.position] < position) return false;
    if (plan_.first_crashed_reset < position) return false;
    bool reset_open = false;
    for_each_bit(open_resets_, taken_, [&](std::uint32_t) { reset_open = true; });
    if (reset_open) return false;
    const Operation& read = entry_at(partition_.events[position].entry).operation;
    if (plan_.has_builders) return !machine_.may_lead_to(config_.state, read);
    return machine_.step(config_.state, read) == rejected;
}

/// Moves on to the next untried candidate; false if there is none or a limit was hit.
bool Search::choose() {
    while (!frames_.empty()) {
        const Frame frame = frames_.back();
        if (candidates_.size() == frame.candidates_begin) {
            frames_.pop_back();
            continue;
        }
        if (!within_limits()) return false;
        const std::uint32_t entry = candidates_.back();
        candidates_.pop_back();
        restore(frame);
        if (try_candidate(frame, entry)) return true;
    }
    result_.end = SearchEnd::stuck;
    return false;
}

void Search::restore(const Frame& frame) {
    const Config old = cache_.config(frame.record);
    rewind(old.position);
    config_ = old;
    const auto window = cache_.window(frame.record);
    std::copy(window.begin(), window.end(), taken_.begin());
    order_.resize(frame.order_size);
}

bool Search::try_candidate(const Frame& frame, std::uint32_t entry) {
    const Operation& operation = entry_at(entry).operation;
    const StateId next = step(entry);
    if (next == rejected) return false;
    // Nobody noticed the crashed operation before this one: the branch without it is as good.
    if (frame.before != rejected && machine_.step(frame.before, operation) == next) return false;
    const StateId state = config_.state;
    const bool crashed = entry_at(entry).completed == pending;
    if (crashed) {
        if (next == state) return false;
        config_.crashed = crashed_sets_.with(config_.crashed, plan_.slot_of[entry]);
        order_.push_back(entry);
    } else {
        take(entry);
    }
    config_.state = next;
    const bool noticed = take_pure();
    before_ = crashed && !noticed ? state : rejected;
    return true;
}

bool Search::within_limits() {
    if (++result_.steps > limits_.steps_max) {
        result_.end = SearchEnd::out_of_steps;
        return false;
    }
    // Half, for the vector that doubles next.
    if (memory_bytes() > limits_.bytes_max / 2) {
        result_.end = SearchEnd::out_of_bytes;
        return false;
    }
    return true;
}

std::uint64_t Search::memory_bytes() const {
    return cache_.memory_bytes() + crashed_sets_.memory_bytes() + machine_.memory_bytes() +
           frames_.capacity() * sizeof(Frame) +
           (candidates_.capacity() + order_.capacity()) * sizeof(std::uint32_t);
}

}  // namespace

SearchResult search(const Partition& partition, Machine& machine, const SearchLimits& limits) {
    return Search(partition, machine, limits).run();
}

}  // namespace geode::check

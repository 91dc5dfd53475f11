// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/search.h"

#include <algorithm>
#include <bit>

#include "base/probe.h"
#include "workloads/check/config_cache.h"
#include "workloads/check/search_plan.h"

namespace geode::check {
namespace {

constexpr std::uint32_t none = no_position;
/// Marks an entry that takes effect in the past: just before the last reset.
constexpr std::uint32_t in_past = 1U << 31;
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
        // Entered by an operation that nothing demanded or noticed yet, and that could as well be
        // left for later, when it is free, or forever, if its outcome is unknown.
        bool unnoticed;
        std::size_t candidates_begin;
        std::size_t order_size;
    };

    std::vector<std::uint32_t> linearization() const;
    bool advance();
    void open(std::uint32_t entry);
    void close(std::uint32_t entry);
    void rewind(std::uint32_t position);
    void take(std::uint32_t entry);
    void take_pure();
    bool enter();
    void offer_candidates();
    void offer_crashed();
    std::uint32_t next_read_completion() const;
    bool unreachable_read() const;
    bool try_candidate(const Frame& frame, std::uint32_t candidate);
    bool frees(std::uint32_t entry) const;
    void apply(std::uint32_t entry, StateId next);
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
    SearchPlan plan_;
    CrashedSets crashed_sets_;
    ConfigCache cache_;

    // The present configuration, and what is open at its position.
    Config config_;
    Words taken_;
    Words open_pure_;
    Words open_changing_;
    Words open_resets_;
    Words open_total_;
    Words free_;                           // open, not taken, and may be placed before a reset
    std::vector<std::uint32_t> entry_in_;  // by slot
    std::uint32_t crashed_open_ = 0;       // crashed operations invoked so far
    bool unnoticed_ = false;               // see Frame::unnoticed
    std::vector<std::uint32_t> order_;  // entries as they took effect; in_past: see linearization()

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
    open_total_.assign(words, 0);
    free_.assign(words, 0);
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
    result_.order = linearization();
    result_.bytes = memory_bytes();
    return std::move(result_);
}

/// The entries in the order they take effect. One placed in the past goes before the last reset
/// taken: its freedom means that it was open then.
std::vector<std::uint32_t> Search::linearization() const {
    std::vector<std::vector<std::uint32_t>> past(order_.size());
    std::size_t last_reset = order_.size();
    for (std::size_t index = 0; index < order_.size(); ++index) {
        if ((order_[index] & in_past) != 0) {
            GEODE_ASSERT(last_reset < index);
            past[last_reset].push_back(order_[index] & ~in_past);
        } else if (plan_.resets[order_[index]]) {
            last_reset = index;
        }
    }
    std::vector<std::uint32_t> entries;
    for (std::size_t index = 0; index < order_.size(); ++index) {
        entries.insert(entries.end(), past[index].begin(), past[index].end());
        if ((order_[index] & in_past) == 0) entries.push_back(order_[index]);
    }
    return entries;
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
    if (plan_.total[entry]) set_bit(open_total_, slot);
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
    clear_bit(open_total_, slot);
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
    clear_bit(free_, plan_.slot_of[entry]);
    order_.push_back(entry);
}

/// Lets every open pure operation that fits the state take effect.
void Search::take_pure() {
    for_each_bit(open_pure_, taken_, [this](std::uint32_t slot) {
        if (step(entry_in_[slot]) != rejected) take(entry_in_[slot]);
    });
}

/// Makes a frame of the present configuration, unless it is known to lead nowhere.
bool Search::enter() {
    if (unreachable_read()) {
        GEODE_REACHED("check.search_drops_state_before_read");
        result_.exact = false;
        return false;
    }
    const std::uint32_t record = cache_.add(config_, taken_, free_, crashed_sets_);
    if (record == ConfigCache::dominated) return false;
    frames_.push_back(Frame{.record = record,
                            .unnoticed = unnoticed_,
                            .candidates_begin = candidates_.size(),
                            .order_size = order_.size()});
    offer_candidates();
    return true;
}

/// Candidates are tried from the back: the operations that must complete soonest first (the
/// demanded one is the very first, then whether it took effect in the past), crashed ones only when
/// nothing else helps.
void Search::offer_candidates() {
    offer_crashed();
    const std::size_t live_begin = candidates_.size();
    for_each_bit(open_changing_, taken_,
                 [this](std::uint32_t slot) { candidates_.push_back(entry_in_[slot]); });
    std::sort(candidates_.begin() + static_cast<std::ptrdiff_t>(live_begin), candidates_.end(),
              [this](std::uint32_t a, std::uint32_t b) {
                  return entry_at(a).completed > entry_at(b).completed;
              });
    const std::uint32_t demanded = partition_.events[config_.position].entry;
    if (!has_bit(free_, plan_.slot_of[demanded])) return;
    GEODE_ASSERT(candidates_.back() == demanded);
    candidates_.back() = demanded | in_past;
    candidates_.push_back(demanded);
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

/// The completion of the first pure operation, from here on, that has not taken effect; or none.
std::uint32_t Search::next_read_completion() const {
    std::uint32_t position = plan_.next_pure_completion[config_.position];
    while (position != none) {
        const std::uint32_t entry = partition_.events[position].entry;
        const std::uint32_t slot = plan_.slot_of[entry];
        if (entry_in_[slot] != entry || !has_bit(taken_, slot)) break;
        position = plan_.next_pure_completion[position + 1];
    }
    return position;
}

/// Whether the next pure operation to complete cannot fit any state that follows from here: neither
/// this one, nor what a reset that may come before it makes.
bool Search::unreachable_read() const {
    const std::uint32_t completion = next_read_completion();
    if (completion == none) return false;
    const Operation& read = entry_at(partition_.events[completion].entry).operation;
    const auto leads_to_read = [&](StateId state) {
        return plan_.has_builders ? machine_.may_lead_to(state, read)
                                  : machine_.step(state, read) != rejected;
    };
    const auto reset_leads_to_read = [&](std::uint32_t entry) {
        return leads_to_read(machine_.step(config_.state, entry_at(entry).operation));
    };
    if (leads_to_read(config_.state)) return false;
    bool reachable = false;
    for_each_bit(open_resets_, taken_, [&](std::uint32_t slot) {
        reachable = reachable || reset_leads_to_read(entry_in_[slot]);
    });
    if (reachable) return false;
    for (std::uint32_t position = plan_.next_reset[config_.position]; position < completion;
         position = plan_.next_reset[position + 1]) {
        if (reset_leads_to_read(partition_.events[position].entry)) return false;
    }
    return std::ranges::none_of(plan_.crashed_resets, [&](std::uint32_t entry) {
        return entry_at(entry).invoked < completion && reset_leads_to_read(entry);
    });
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
    const auto free = cache_.free(frame.record);
    std::copy(free.begin(), free.end(), free_.begin());
    order_.resize(frame.order_size);
}

bool Search::try_candidate(const Frame& frame, std::uint32_t candidate) {
    if ((candidate & in_past) != 0) {
        if (frame.unnoticed) return false;
        const std::uint32_t entry = candidate & ~in_past;
        take(entry);
        order_.back() |= in_past;
        unnoticed_ = false;
        return true;
    }
    const StateId next = step(candidate);
    if (next == rejected) return false;
    // Without the operation before it, which then is free, this one leads at least as far.
    if (frame.unnoticed && plan_.resets[candidate]) return false;
    const bool crashed = entry_at(candidate).completed == pending;
    if (crashed && next == config_.state && !frees(candidate)) return false;
    const std::size_t order_before = order_.size();
    apply(candidate, next);
    const bool demanded = candidate == partition_.events[config_.position].entry;
    const bool noticed = order_.size() > order_before + 1;
    const bool avoidable = crashed || plan_.total[candidate];
    unnoticed_ = avoidable && !demanded && !noticed;
    return true;
}

/// Whether the operation is a reset that makes another free.
bool Search::frees(std::uint32_t entry) const {
    if (!plan_.resets[entry]) return false;
    for (std::size_t word = 0; word < free_.size(); ++word) {
        if ((open_total_[word] & ~taken_[word] & ~free_[word]) != 0) return true;
    }
    return false;
}

/// Lets the operation take effect, and with it every pure one that then fits.
void Search::apply(std::uint32_t entry, StateId next) {
    if (entry_at(entry).completed == pending) {
        config_.crashed = crashed_sets_.with(config_.crashed, plan_.slot_of[entry]);
        order_.push_back(entry);
    } else {
        take(entry);
    }
    if (plan_.resets[entry]) {
        for (std::size_t word = 0; word < free_.size(); ++word) {
            free_[word] |= open_total_[word] & ~taken_[word];
        }
    }
    config_.state = next;
    take_pure();
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
    for (const Entry& entry : partition.entries) machine.observe(entry.operation);
    return Search(partition, machine, limits).run();
}

}  // namespace geode::check

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/chains.h"

#include <algorithm>
#include <tuple>

#include "base/hash_map.h"
#include "workloads/check/prefixes.h"
#include "workloads/check/text_states.h"
#include "workloads/check/zone_order.h"

namespace geode::check {
namespace {

constexpr std::uint32_t none = UINT32_MAX;
constexpr std::uint64_t lookup_salt = 0x6368;

/// Cuts what was read into the operations that wrote its pieces.
class Pieces {
public:
    Pieces(const Partition& partition, const ValueTable& values, Discipline discipline)
        : partition_(partition),
          values_(values),
          lists_(discipline == Discipline::list),
          of_element_(lookup_salt),
          of_node_(lookup_salt) {}

    /// Learns the pieces; false if they cannot be told apart.
    bool learn();
    /// The entries that wrote the pieces of `value`, in order; false if it is not made of pieces.
    bool cut(ValueId value, std::vector<std::uint32_t>& entries);

private:
    bool learn_text(std::uint32_t entry);
    bool begins_with_piece(std::string_view text) const;
    bool cut_text(std::string_view text, std::vector<std::uint32_t>& entries);

    const Partition& partition_;
    const ValueTable& values_;
    bool lists_;
    HashMap<std::uint32_t, std::uint32_t> of_element_;
    TextStates texts_;
    HashMap<std::uint32_t, std::uint32_t> of_node_;
    // The text cut last, for the next often begins or continues it: ends of its pieces.
    std::string_view last_;
    std::vector<std::uint32_t> last_entries_;
    std::vector<std::size_t> last_ends_;
};

bool Pieces::learn() {
    for (std::uint32_t index = 0; index < partition_.entries.size(); ++index) {
        const Operation& operation = partition_.entries[index].operation;
        if (operation.function == Function::read) continue;
        if (lists_) {
            if (!of_element_.try_emplace(operation.argument.value(), index).second) return false;
        } else if (!learn_text(index)) {
            return false;
        }
    }
    if (lists_) return true;
    return std::ranges::none_of(partition_.entries, [this](const Entry& entry) {
        if (entry.operation.function == Function::read) return false;
        return begins_with_piece(values_.text_of(entry.operation.argument));
    });
}

bool Pieces::learn_text(std::uint32_t entry) {
    const ValueId argument = partition_.entries[entry].operation.argument;
    if (values_.kind(argument) != ValueKind::text || values_.text_of(argument).empty()) {
        return false;
    }
    const auto node = texts_.append(TextStates::empty_text, values_.text_of(argument));
    return of_node_.try_emplace(node, entry).second;
}

/// Whether a piece shorter than `text` begins it.
bool Pieces::begins_with_piece(std::string_view text) const {
    TextStates::Node node = TextStates::empty_text;
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        node = *texts_.find(node, text.substr(at, 1));
        if (of_node_.contains(node)) return true;
    }
    return false;
}

bool Pieces::cut(ValueId value, std::vector<std::uint32_t>& entries) {
    entries.clear();
    if (!lists_) {
        return values_.kind(value) == ValueKind::text && cut_text(values_.text_of(value), entries);
    }
    if (value == nil_value) return true;
    if (values_.kind(value) != ValueKind::list) return false;
    for (const ValueId element : values_.list_of(value)) {
        const auto found = of_element_.find(element.value());
        if (found == of_element_.end()) return false;
        entries.push_back(found->second);
    }
    return true;
}

bool Pieces::cut_text(std::string_view text, std::vector<std::uint32_t>& entries) {
    const auto [same, unused] = std::ranges::mismatch(text, last_);
    const auto common = static_cast<std::size_t>(same - text.begin());
    const auto kept =
        static_cast<std::size_t>(std::ranges::upper_bound(last_ends_, common) - last_ends_.begin());
    last_ends_.resize(kept);
    last_entries_.resize(kept);
    last_ = text;
    TextStates::Node node = TextStates::empty_text;
    for (std::size_t at = kept == 0 ? 0 : last_ends_.back(); at < text.size(); ++at) {
        const auto next = texts_.find(node, text.substr(at, 1));
        if (!next) return false;
        node = *next;
        const auto found = of_node_.find(node);
        if (found == of_node_.end()) continue;
        last_entries_.push_back(found->second);
        last_ends_.push_back(at + 1);
        node = TextStates::empty_text;
    }
    entries = last_entries_;
    return node == TextStates::empty_text;
}

/// What was there at some moment, as a read shows it: a chain is a path from a root.
struct Link {
    std::uint32_t parent = none;
    std::uint32_t entry = none;  // the write or append that made it; none at first
    std::uint32_t root = 0;      // number of its cluster
    std::uint32_t depth = 0;
};

class Chains {
public:
    Chains(const Partition& partition, const ValueTable& values, Discipline discipline)
        : partition_(partition), pieces_(partition, values, discipline) {}

    bool prepare();
    /// Whether what was known just before event `limit` is linearizable.
    bool linearizable(std::uint32_t limit);
    /// The linearization, after linearizable(all) held.
    std::vector<std::uint32_t> order() const;

private:
    struct Place {
        std::uint32_t cluster;
        std::uint32_t rank;  // in the cluster; reads of the same have the same
        std::uint32_t entry;
        std::int64_t completed;
    };
    std::uint32_t link_of(const std::vector<std::uint32_t>& entries);
    std::uint32_t child(std::uint32_t parent, std::uint32_t entry);
    bool show(std::uint32_t link, std::uint32_t limit);
    void place(std::uint32_t index, std::uint32_t limit);
    bool keep_order();

    const Entry& entry_at(std::uint32_t index) const { return partition_.entries[index]; }
    bool is_read(std::uint32_t index) const {
        return entry_at(index).operation.function == Function::read;
    }

    const Partition& partition_;
    Pieces pieces_;
    HashMap<std::uint64_t, std::uint32_t> links_by_key_{lookup_salt};
    std::vector<Link> links_;
    std::vector<std::uint32_t> link_by_entry_;   // of a read what it saw, of a write what it made
    std::vector<std::uint32_t> shown_by_entry_;  // the link by which a read shows it, or none
    std::vector<std::uint32_t> shown_child_;     // by link: the one that a read shows, or none
    std::vector<bool> shown_;                    // by link
    std::vector<Place> places_;
    std::vector<Cluster> clusters_;
    ZoneOrder zone_order_;
};

bool Chains::prepare() {
    if (!pieces_.learn()) return false;
    links_.push_back(Link{});
    const auto count = static_cast<std::uint32_t>(partition_.entries.size());
    link_by_entry_.assign(count, none);
    for (std::uint32_t index = 0; index < count; ++index) {
        if (entry_at(index).operation.function != Function::write) continue;
        // Clusters: 0 is the beginning, 1 + entry that of an operation.
        links_.push_back(Link{.parent = none, .entry = index, .root = index + 1, .depth = 0});
        link_by_entry_[index] = static_cast<std::uint32_t>(links_.size() - 1);
    }
    std::vector<std::uint32_t> entries;
    for (std::uint32_t index = 0; index < count; ++index) {
        if (!is_read(index)) continue;
        if (pieces_.cut(entry_at(index).operation.result, entries)) {
            link_by_entry_[index] = link_of(entries);
        }
    }
    return true;
}

/// The link that a read of these pieces saw; none if they cannot follow one another.
std::uint32_t Chains::link_of(const std::vector<std::uint32_t>& entries) {
    std::uint32_t link = 0;
    for (std::size_t index = 0; index < entries.size(); ++index) {
        const bool write = entry_at(entries[index]).operation.function == Function::write;
        if (write && index != 0) return none;
        link = write ? link_by_entry_[entries[index]] : child(link, entries[index]);
    }
    return link;
}

std::uint32_t Chains::child(std::uint32_t parent, std::uint32_t entry) {
    const std::uint64_t key = (std::uint64_t{parent} << 32) | entry;
    const auto made = static_cast<std::uint32_t>(links_.size());
    const auto [found, fresh] = links_by_key_.try_emplace(key, made);
    if (fresh) {
        links_.push_back(Link{.parent = parent,
                              .entry = entry,
                              .root = links_[parent].root,
                              .depth = links_[parent].depth + 1});
    }
    return found->second;
}

/// Notes that a read shows `link` and all before it; false if that contradicts another read, or
/// shows what was not begun before `limit`.
bool Chains::show(std::uint32_t link, std::uint32_t limit) {
    while (!shown_[link]) {
        shown_[link] = true;
        const Link& shown = links_[link];
        if (shown.entry == none) return true;
        if (entry_at(shown.entry).invoked >= limit) return false;
        if (shown_by_entry_[shown.entry] != none) return false;
        shown_by_entry_[shown.entry] = link;
        if (shown.parent == none) return true;
        if (shown_child_[shown.parent] != none) return false;
        shown_child_[shown.parent] = link;
        link = shown.parent;
    }
    return true;
}

bool Chains::linearizable(std::uint32_t limit) {
    const auto count = static_cast<std::uint32_t>(partition_.entries.size());
    shown_.assign(links_.size(), false);
    shown_child_.assign(links_.size(), none);
    shown_by_entry_.assign(count, none);
    places_.clear();
    clusters_.assign(count + 1, Cluster{});
    clusters_[0].include(initial_invoked, initial_completed);
    for (std::uint32_t index = 0; index < count; ++index) {
        if (!is_read(index) || entry_at(index).completed >= limit) continue;
        const std::uint32_t link = link_by_entry_[index];
        if (link == none || !show(link, limit)) return false;
    }
    for (std::uint32_t index = 0; index < count && entry_at(index).invoked < limit; ++index) {
        place(index, limit);
    }
    return keep_order() && zone_order_.fits(clusters_);
}

/// Gives the operation its place in a cluster, unless it need not have happened.
void Chains::place(std::uint32_t index, std::uint32_t limit) {
    const Entry& entry = entry_at(index);
    const bool completed = entry.completed != pending && entry.completed < limit;
    const std::uint32_t shown = shown_by_entry_[index];
    if (!completed && (is_read(index) || shown == none)) return;
    Place made{.cluster = index + 1,
               .rank = 0,
               .entry = index,
               .completed = completed ? std::int64_t{entry.completed} : never_position};
    if (is_read(index)) {
        const Link& link = links_[link_by_entry_[index]];
        made.cluster = link.root;
        made.rank = 2 * link.depth + 1;
    } else if (shown != none) {
        made.cluster = links_[shown].root;
        made.rank = 2 * links_[shown].depth;
    }
    clusters_[made.cluster].include(entry.invoked, made.completed);
    places_.push_back(made);
}

/// Whether in each cluster nothing completed before something of a lower rank was invoked.
bool Chains::keep_order() {
    std::ranges::sort(places_, [](const Place& a, const Place& b) {
        return std::tie(a.cluster, a.rank, a.entry) < std::tie(b.cluster, b.rank, b.entry);
    });
    std::int64_t latest_below = initial_invoked;  // invocation of a lower rank
    std::int64_t latest_here = initial_invoked;
    for (std::size_t index = 0; index < places_.size(); ++index) {
        const Place& place = places_[index];
        const bool first = index == 0 || places_[index - 1].cluster != place.cluster;
        if (first) {
            latest_below = latest_here = initial_invoked;
        } else if (places_[index - 1].rank != place.rank) {
            latest_below = latest_here;
        }
        if (place.completed < latest_below) return false;
        latest_here = std::max(latest_here, std::int64_t{entry_at(place.entry).invoked});
    }
    return true;
}

std::vector<std::uint32_t> Chains::order() const {
    // Moment of the cluster, its number, the rank in it, then as they were invoked.
    using Key = std::tuple<std::int64_t, std::uint32_t, std::uint32_t, std::uint32_t>;
    std::vector<Key> keys;
    for (const Place& place : places_) {
        const Cluster& cluster = clusters_[place.cluster];
        const std::int64_t moment =
            place.cluster == 0 ? initial_completed : zone_order_.moment_of(cluster);
        keys.emplace_back(moment, place.cluster, place.rank, place.entry);
    }
    std::ranges::sort(keys);
    std::vector<std::uint32_t> entries;
    for (const Key& key : keys) entries.push_back(std::get<3>(key));
    return entries;
}

}  // namespace

std::optional<ZoneResult> check_chains(const Partition& partition, const ValueTable& values,
                                       Discipline discipline) {
    Chains chains(partition, values, discipline);
    if (!chains.prepare()) return std::nullopt;
    const auto all = static_cast<std::uint32_t>(partition.events.size());
    ZoneResult result;
    result.linearizable = chains.linearizable(all);
    if (!result.linearizable) {
        const auto fits = [&](std::uint32_t limit) { return chains.linearizable(limit); };
        result.blocking = first_failing(all, fits);
        GEODE_ASSERT(fits(result.blocking));
    }
    result.order = chains.order();
    return result;
}

}  // namespace geode::check

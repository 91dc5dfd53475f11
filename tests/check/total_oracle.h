// SPDX-License-Identifier: Apache-2.0
#pragma once

// The totals by their definitions, one pair of operations after another: slow, and short enough to
// be believed. Each answers the names of the anomalies there are, in order, one for each occurrence
// that the definition counts; or "unknown".

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "workloads/check/history.h"

namespace geode::check::oracle {

using Names = std::vector<std::string>;

inline Names sorted(Names names) {
    std::ranges::sort(names);
    return names;
}

/// A history with words for what its definitions speak of.
struct Told {
    explicit Told(const History& history) : values(history.values) {
        for (const Operation& operation : history.operations) {
            const bool ok = operation.completion == Completion::ok;
            if (operation.function == Function::read) {
                if (ok) reads.push_back(&operation);
            } else if (operation.completion != Completion::fail) {
                changes.push_back(&operation);
                if (ok) sure.push_back(&operation);
            }
        }
    }

    std::vector<ValueId> list(ValueId id) const {
        if (values.kind(id) != ValueKind::list) return {};
        const auto found = values.list_of(id);
        return {found.begin(), found.end()};
    }
    /// How often the read shows the element.
    std::ptrdiff_t shows(const Operation& read, ValueId element) const {
        return std::ranges::count(list(read.result), element);
    }
    std::set<ValueId> shown() const {
        std::set<ValueId> out;
        for (const Operation* const read : reads) {
            for (const ValueId element : list(read->result)) out.insert(element);
        }
        return out;
    }
    std::set<ValueId> changed() const {
        std::set<ValueId> out;
        for (const Operation* const change : changes) out.insert(change->argument);
        return out;
    }
    /// Whether a change that may have happened put the element there before the read ended.
    bool possible(const Operation& read, ValueId element) const {
        return std::ranges::any_of(changes, [&](const Operation* change) {
            return change->argument == element && change->invoked < read.completed;
        });
    }

    const ValueTable& values;
    std::vector<const Operation*> reads;    // answered
    std::vector<const Operation*> changes;  // that happened, or may have
    std::vector<const Operation*> sure;     // acknowledged
};

inline Names bank(const History& history, std::optional<std::int64_t> total,
                  const std::set<std::int64_t>& accounts, bool negative_allowed) {
    const Told told(history);
    Names out;
    for (const Operation* const read : told.reads) {
        std::int64_t sum = 0;
        bool complete = true;
        for (const ValueId element : told.list(read->result)) {
            const std::vector<ValueId> pair = told.list(element);
            if (!accounts.empty() && !accounts.contains(told.values.integer_of(pair[0]))) {
                out.emplace_back("unexpected-account");
            }
            if (pair[1] == nil_value) {
                complete = false;
                out.emplace_back("nil-balance");
                continue;
            }
            const std::int64_t balance = told.values.integer_of(pair[1]);
            if (balance < 0 && !negative_allowed) out.emplace_back("negative-balance");
            sum += balance;
        }
        if (!complete) continue;
        if (!total) total = sum;
        if (sum != *total) out.emplace_back("wrong-total");
    }
    return sorted(out);
}

inline Names duplicates_and_unexpected(const Told& told,
                                       const std::vector<const Operation*>& reads) {
    Names out;
    for (const ValueId element : told.shown()) {
        bool impossible = false;
        for (const Operation* const read : reads) {
            const std::ptrdiff_t times = told.shows(*read, element);
            for (std::ptrdiff_t again = 1; again < times; ++again) out.emplace_back("duplicate");
            if (times > 0 && !told.possible(*read, element)) impossible = true;
        }
        if (impossible) out.emplace_back("unexpected");
    }
    return out;
}

inline Names final_set(const History& history) {
    const Told told(history);
    if (told.reads.empty()) return {"unknown"};
    const Operation* last = told.reads[0];
    for (const Operation* const read : told.reads) {
        if (read->completed > last->completed) last = read;
    }
    if (last->result == nil_value) return {"unknown"};
    Names out = duplicates_and_unexpected(told, {last});
    for (const ValueId element : told.changed()) {
        const bool promised = std::ranges::any_of(told.sure, [&](const Operation* add) {
            return add->argument == element && add->completed < last->invoked;
        });
        if (promised && told.shows(*last, element) == 0) out.emplace_back("lost");
    }
    return sorted(out);
}

inline Names full_set(const History& history, bool fresh) {
    const Told told(history);
    Names out = duplicates_and_unexpected(told, told.reads);
    bool seen_in_the_end = false;
    std::set<ValueId> elements = told.changed();
    elements.merge(told.shown());
    for (const ValueId element : elements) {
        std::uint64_t known = never_completed;
        for (const Operation* const add : told.sure) {
            if (add->argument == element) known = std::min(known, add->completed);
        }
        for (const Operation* const read : told.reads) {
            if (told.shows(*read, element) > 0) known = std::min(known, read->completed);
        }
        const Operation* missed = nullptr;   // the last read after that which misses it
        const Operation* present = nullptr;  // the last read that shows it
        for (const Operation* const read : told.reads) {
            const bool shows = told.shows(*read, element) > 0;
            if (shows) present = read;
            if (!shows && read->invoked > known) missed = read;
        }
        const bool later =
            present != nullptr && (missed == nullptr || present->invoked > missed->invoked);
        seen_in_the_end = seen_in_the_end || later;
        const bool added = told.changed().contains(element);
        if (missed == nullptr || !added) continue;
        if (!later) out.emplace_back("lost");
        if (later && fresh) out.emplace_back("stale");
    }
    if (out.empty() && !told.changes.empty() && !seen_in_the_end) return {"unknown"};
    return sorted(out);
}

/// Every choice of what had happened when the read looked, at every moment at which it may have.
inline Names counter_bounds(const History& history, std::int64_t initial) {
    const Told told(history);
    Names out;
    for (const Operation* const read : told.reads) {
        std::set<std::int64_t> counts;
        for (std::uint64_t moment = read->invoked; moment <= read->completed; ++moment) {
            std::vector<std::int64_t> perhaps;
            std::int64_t count = initial;
            for (const Operation* const change : told.changes) {
                const ValueId told_amount = change->argument;
                std::int64_t amount =
                    told_amount == nil_value ? 1 : told.values.integer_of(told_amount);
                if (change->function == Function::subtract) amount = -amount;
                if (change->completed <= moment) {
                    count += amount;
                } else if (change->invoked <= moment) {
                    perhaps.push_back(amount);
                }
            }
            for (std::uint64_t choice = 0; choice < 1ULL << perhaps.size(); ++choice) {
                std::int64_t chosen = count;
                for (std::size_t bit = 0; bit < perhaps.size(); ++bit) {
                    if ((choice >> bit & 1) != 0) chosen += perhaps[bit];
                }
                counts.insert(chosen);
            }
        }
        const std::int64_t shown = told.values.integer_of(read->result);
        if (shown < *counts.begin() || shown > *counts.rbegin()) out.emplace_back("out-of-bounds");
    }
    return out;
}

/// Only which anomalies there are, not how often.
inline Names long_fork(const History& history) {
    const Told told(history);
    const bool recorded = std::ranges::any_of(history.operations, [](const Operation& operation) {
        return operation.function == Function::write;
    });
    const auto parts = [&](ValueId list) {
        std::map<ValueId, ValueId> out;
        for (const ValueId mop : told.list(list)) out[told.list(mop)[1]] = told.list(mop)[2];
        return out;
    };
    for (const Operation* const a : told.changes) {
        for (const Operation* const b : told.changes) {
            for (const auto& [key, value] : parts(a->argument)) {
                if (a != b && parts(b->argument).contains(key)) return {"unknown"};
            }
        }
    }
    std::set<std::string> out;
    for (const Operation* const a : told.reads) {
        const auto first = parts(a->result);
        for (const auto& [key, value] : first) {
            const bool written = std::ranges::any_of(told.changes, [&](const Operation* write) {
                const auto wrote = parts(write->argument);
                return wrote.contains(key) && wrote.at(key) == value &&
                       write->invoked < a->completed;
            });
            if (recorded && value != nil_value && !written) out.insert("unexpected");
        }
        for (const Operation* const b : told.reads) {
            const auto second = parts(b->result);
            bool same = first.size() == second.size();
            bool ahead = false;
            bool behind = false;
            for (const auto& [key, value] : first) {
                if (!second.contains(key)) {
                    same = false;
                } else if ((value == nil_value) != (second.at(key) == nil_value)) {
                    (value == nil_value ? behind : ahead) = true;
                }
            }
            if (same && ahead && behind) out.insert("long-fork");
        }
    }
    return {out.begin(), out.end()};
}

inline Names unique_ids(const History& history) {
    Names out;
    for (std::size_t a = 0; a < history.operations.size(); ++a) {
        bool again = false;
        for (std::size_t b = 0; b < a; ++b) {
            const Operation& first = history.operations[b];
            const Operation& second = history.operations[a];
            const bool both =
                first.completion == Completion::ok && second.completion == Completion::ok;
            if (both && first.result == second.result) again = true;
        }
        if (again) out.emplace_back("duplicate-id");
    }
    return out;
}

inline Names monotonic(const History& history, bool per_process) {
    const Told told(history);
    Names out;
    for (const Operation* const later : told.reads) {
        const bool back = std::ranges::any_of(told.reads, [&](const Operation* earlier) {
            return earlier->completed < later->invoked && earlier->key == later->key &&
                   (!per_process || earlier->process == later->process) &&
                   told.values.integer_of(earlier->result) > told.values.integer_of(later->result);
        });
        if (back) out.emplace_back("nonmonotonic");
    }
    return out;
}

inline Names sequence(const History& history) {
    const Told told(history);
    Names out;
    for (const Operation* const read : told.reads) {
        std::vector<ValueId> seen = told.list(read->result);
        if (seen.size() == 2) seen = told.list(seen[1]);
        bool gap = false;
        for (std::size_t a = 0; a < seen.size(); ++a) {
            for (std::size_t b = a; b < seen.size(); ++b) {
                if (seen[a] != nil_value && seen[b] == nil_value) gap = true;
            }
        }
        if (gap) out.emplace_back("gap");
    }
    return out;
}

/// One `causal-reverse` for each read that has one.
inline Names comments(const History& history) {
    const Told told(history);
    Names out = duplicates_and_unexpected(told, told.reads);
    for (const Operation* const read : told.reads) {
        bool reverse = false;
        for (const ValueId shown : told.shown()) {
            if (told.shows(*read, shown) == 0 || !told.possible(*read, shown)) continue;
            for (const Operation* const missed : told.sure) {
                if (told.shows(*read, missed->argument) > 0) continue;
                // Whichever write of what it shows it was, it began after that had completed.
                const bool before = std::ranges::all_of(told.changes, [&](const Operation* write) {
                    return write->argument != shown || missed->completed < write->invoked;
                });
                reverse = reverse || before;
            }
        }
        if (reverse) out.emplace_back("causal-reverse");
    }
    return sorted(out);
}

}  // namespace geode::check::oracle

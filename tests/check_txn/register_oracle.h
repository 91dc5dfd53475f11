// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small register histories at random, and their verdicts by exhaustive search: every set of
// unknown transactions that may have happened, every way to resolve a read, every order of commits,
// and the definitions of Cerone, Bernardi and Gotsman (CONCUR 2015) taken literally.

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "workloads/check/txn/history.h"
#include "workloads/check/txn/register_index.h"

namespace geode::check::txn::oracle {

enum class Axiom {
    read_committed,
    item_cut,
    read_atomic,
    causal,
    prefix,
    parallel,
    snapshot,
    serial
};

struct Definition {
    std::string_view name;
    Axiom axiom;
    KeptOrder order;
};

inline constexpr Definition definitions[] = {
    {"read-committed", Axiom::read_committed, KeptOrder::none},
    {"strong-session-read-committed", Axiom::read_committed, KeptOrder::session},
    {"item-cut-isolation", Axiom::item_cut, KeptOrder::none},
    {"read-atomic", Axiom::read_atomic, KeptOrder::none},
    {"causal", Axiom::causal, KeptOrder::session},
    {"prefix", Axiom::prefix, KeptOrder::none},
    {"parallel-snapshot-isolation", Axiom::parallel, KeptOrder::none},
    {"snapshot-isolation", Axiom::snapshot, KeptOrder::none},
    {"strong-session-snapshot-isolation", Axiom::snapshot, KeptOrder::session},
    {"strong-snapshot-isolation", Axiom::snapshot, KeptOrder::real_time},
    {"repeatable-read", Axiom::serial, KeptOrder::none},
    {"serializable", Axiom::serial, KeptOrder::none},
    {"strong-session-serializable", Axiom::serial, KeptOrder::session},
    {"strict-serializable", Axiom::serial, KeptOrder::real_time},
};

struct Shape {
    std::uint32_t transactions = 5;
    std::uint32_t keys = 2;
    std::uint32_t processes = 3;
    std::uint32_t mops = 4;
    std::uint32_t unknown_percent = 8;
    std::uint32_t fail_percent = 5;
    std::uint32_t repeat_percent = 0;  ///< writes of a value that was written before
    bool timed = true;
};

/// A database with one order of commits that hands out stale snapshots: each transaction reads as
/// of some place in the order, mostly its own, and now and then a read goes astray to any other
/// value.
class RandomHistory {
public:
    RandomHistory(const Shape& shape, std::uint64_t seed) : shape_(shape), random_(seed) {}

    TxnHistory run() && {
        plan();
        answer();
        record();
        return std::move(builder_).finish();
    }

private:
    struct Operation {
        bool writes = false;
        std::uint32_t key = 0;
        std::int64_t value = 0;
    };
    struct Plan {
        std::vector<Operation> operations;
        Completion completion = Completion::ok;
    };

    void plan() {
        plans_.resize(shape_.transactions - random_.below(2));
        values_.resize(shape_.keys);
        const bool updates = random_.chance(1, 3);
        std::int64_t fresh = 1;
        for (Plan& plan : plans_) {
            const auto dice = random_.below(100);
            if (dice < shape_.unknown_percent) plan.completion = Completion::unknown;
            if (dice >= 100 - shape_.fail_percent) plan.completion = Completion::fail;
            for (std::uint64_t left = 1 + random_.below(shape_.mops); left > 0; --left) {
                const auto key = static_cast<std::uint32_t>(random_.below(shape_.keys));
                if (random_.chance(1, 2)) {
                    plan.operations.push_back({.writes = false, .key = key});
                    continue;
                }
                if (updates) plan.operations.push_back({.writes = false, .key = key});
                const bool again = fresh > 1 && random_.chance(shape_.repeat_percent, 100);
                const std::int64_t value = again ? random_.between(0, fresh - 1) : fresh++;
                plan.operations.push_back({.writes = true, .key = key, .value = value});
                values_[key].push_back(value);
            }
        }
    }

    std::int64_t value_as_of(std::uint32_t key, std::size_t reader, std::size_t bound) const {
        for (std::size_t at = bound; at > 0; --at) {
            const Plan& plan = plans_[order_[at - 1]];
            if (order_[at - 1] == reader || plan.completion == Completion::fail) continue;
            const auto& operations = plan.operations;
            const auto last = std::find_if(operations.rbegin(), operations.rend(),
                                           [key](const Operation& operation) {
                                               return operation.writes && operation.key == key;
                                           });
            if (last != operations.rend()) return last->value;
        }
        return 0;
    }

    void answer() {
        for (std::size_t at = 0; at < plans_.size(); ++at) order_.push_back(at);
        for (std::size_t at = plans_.size(); at > 1; --at) {
            // Mostly the order in which they begin.
            if (random_.chance(1, 3)) std::swap(order_[at - 1], order_[random_.below(at)]);
        }
        for (std::size_t at = 0; at < plans_.size(); ++at) {
            const std::size_t bound = random_.chance(1, 2) ? at : random_.below(at + 1);
            std::vector<std::int64_t> own(shape_.keys, -1);
            for (Operation& operation : plans_[order_[at]].operations) {
                std::int64_t& mine = own[operation.key];
                const auto& all = values_[operation.key];
                if (operation.writes) {
                    mine = operation.value;
                } else if (random_.chance(1, 60) && !all.empty()) {
                    operation.value = all[random_.below(all.size())];
                } else if (mine >= 0) {
                    operation.value = mine;
                } else {
                    const bool astray = random_.chance(1, 2);
                    const std::size_t seen = astray ? random_.below(plans_.size() + 1) : bound;
                    operation.value = value_as_of(operation.key, order_[at], seen);
                }
            }
        }
    }

    void put(const Plan& plan, bool known) {
        for (const Operation& operation : plan.operations) {
            const ValueId key =
                builder_.values().text(std::string(1, static_cast<char>('x' + operation.key)));
            const bool nil = operation.value == 0 && !operation.writes;
            const ValueId value = nil ? nil_value : builder_.values().integer(operation.value);
            if (operation.writes) {
                builder_.write(key, value);
            } else if (known) {
                builder_.read(key, value);
            } else {
                builder_.read_unknown(key, MopKind::read);
            }
        }
    }

    void record() {
        std::vector<std::size_t> running(shape_.processes, SIZE_MAX);
        std::vector<std::int64_t> names(shape_.processes);
        for (std::uint32_t process = 0; process < shape_.processes; ++process) {
            names[process] = process;
        }
        std::size_t next = 0;
        for (std::size_t ended = 0; ended < plans_.size();) {
            const auto process = random_.below(shape_.processes);
            if (running[process] == SIZE_MAX) {
                if (next == plans_.size()) continue;
                running[process] = next++;
                if (!shape_.timed) continue;
                put(plans_[running[process]], false);
                const bool begun = bool(builder_.begin(names[process]));
                GEODE_ASSERT(begun);
                continue;
            }
            const Plan& plan = plans_[running[process]];
            put(plan, plan.completion == Completion::ok);
            const auto done = shape_.timed ? builder_.end(names[process], plan.completion, ended)
                                           : builder_.add(names[process], plan.completion, ended);
            GEODE_ASSERT(done);
            if (plan.completion == Completion::unknown) names[process] += 100;
            running[process] = SIZE_MAX;
            ++ended;
        }
    }

    const Shape& shape_;
    Prng random_;
    std::vector<Plan> plans_;
    std::vector<std::vector<std::int64_t>> values_;  // by key, all that are written
    std::vector<std::size_t> order_;
    TxnHistoryBuilder builder_;
};

inline TxnHistory random_history(const Shape& shape, std::uint64_t seed) {
    return RandomHistory(shape, seed).run();
}

/// All verdicts of one history, by exhaustive search.
class Oracle {
public:
    explicit Oracle(const TxnHistory& history) : history_(history) {}

    bool valid(const Definition& definition) {
        definition_ = &definition;
        const auto count = history_.transactions.size();
        for (std::uint32_t set = 0; set < (1U << count); ++set) {
            happened_.clear();
            bool fits = true;
            for (std::uint32_t id = 0; id < count; ++id) {
                const bool in = (set >> id & 1) != 0;
                const Completion completion = history_.transactions[id].completion;
                if (completion == Completion::ok && !in) fits = false;
                if (completion == Completion::fail && in) fits = false;
                if (in) happened_.push_back(id);
            }
            if (fits && valid_set()) return true;
        }
        return false;
    }

private:
    static constexpr std::uint32_t initial = UINT32_MAX;
    struct Read {
        std::uint32_t reader;  // place in happened_
        ValueId key;
        std::uint32_t writer;
        std::uint32_t mop;
    };

    bool valid_set() {
        reads_.clear();
        std::vector<std::pair<std::uint32_t, const Mop*>> external;
        for (std::uint32_t at = 0; at < happened_.size(); ++at) {
            const Transaction& transaction = history_.transactions[happened_[at]];
            std::vector<std::pair<ValueId, ValueId>> own;
            for (const Mop& mop : history_.mops_of(transaction)) {
                const auto mine = std::find_if(own.rbegin(), own.rend(), [&](const auto& write) {
                    return write.first == mop.key;
                });
                if (mop.kind == MopKind::write) {
                    own.emplace_back(mop.key, mop.value);
                } else if (mop.known && mine != own.rend()) {
                    if (mine->second != mop.value) return false;
                } else if (mop.known) {
                    external.emplace_back(at, &mop);
                }
            }
        }
        return resolve(external, 0);
    }

    /// The value of the last write of the key, if there is one.
    const Mop* last_write(std::uint32_t at, ValueId key) const {
        const Mop* last = nullptr;
        for (const Mop& mop : history_.mops_of(history_.transactions[happened_[at]])) {
            if (mop.kind == MopKind::write && mop.key == key) last = &mop;
        }
        return last;
    }

    bool resolve(const std::vector<std::pair<std::uint32_t, const Mop*>>& external,
                 std::size_t next) {
        if (next == external.size()) return some_order();
        const auto [reader, mop] = external[next];
        const auto place = static_cast<std::uint32_t>(mop - history_.mops.data());
        const auto attempt = [&](std::uint32_t writer) {
            reads_.push_back({reader, mop->key, writer, place});
            const bool found = resolve(external, next + 1);
            reads_.pop_back();
            return found;
        };
        if (mop->value == nil_value && attempt(initial)) return true;
        for (std::uint32_t at = 0; at < happened_.size(); ++at) {
            const Mop* const last = at == reader ? nullptr : last_write(at, mop->key);
            if (last != nullptr && last->value == mop->value && attempt(at)) return true;
        }
        return false;
    }

    bool before_by_order(std::uint32_t left, std::uint32_t right) const {
        const Transaction& one = history_.transactions[happened_[left]];
        const Transaction& other = history_.transactions[happened_[right]];
        if (definition_->order == KeptOrder::none) return false;
        if (one.completion != Completion::ok || one.completed > other.invoked) return false;
        if (one.process == other.process) return true;
        return history_.timed && definition_->order == KeptOrder::real_time;
    }

    bool some_order() {
        std::vector<std::uint32_t> order(happened_.size());
        for (std::uint32_t at = 0; at < order.size(); ++at) order[at] = at;
        do {
            if (order_fits(order)) return true;
        } while (std::next_permutation(order.begin(), order.end()));
        return false;
    }

    using Relation = std::vector<std::vector<bool>>;

    static void close(Relation& relation) {
        const std::size_t count = relation.size();
        for (std::size_t via = 0; via < count; ++via) {
            for (std::size_t from = 0; from < count; ++from) {
                for (std::size_t to = 0; to < count; ++to) {
                    if (relation[from][via] && relation[via][to]) relation[from][to] = true;
                }
            }
        }
    }

    bool order_fits(const std::vector<std::uint32_t>& order) {
        const std::size_t count = order.size();
        std::vector<std::size_t> place(count);
        for (std::size_t at = 0; at < count; ++at) place[order[at]] = at;
        const auto earlier = [&](std::size_t left, std::size_t right) {
            return place[left] < place[right];
        };
        Relation visible(count, std::vector<bool>(count));
        for (std::uint32_t from = 0; from < count; ++from) {
            for (std::uint32_t to = 0; to < count; ++to) {
                if (from != to && before_by_order(from, to)) visible[from][to] = true;
            }
        }
        for (const Read& read : reads_) {
            if (read.writer != initial) visible[read.writer][read.reader] = true;
        }
        for (std::size_t from = 0; from < count; ++from) {
            for (std::size_t to = 0; to < count; ++to) {
                if (visible[from][to] && !earlier(from, to)) return false;
            }
        }
        const Axiom axiom = definition_->axiom;
        if (axiom == Axiom::read_committed || axiom == Axiom::item_cut) {
            return committed_fits(place);
        }
        if (axiom == Axiom::parallel || axiom == Axiom::snapshot) add_conflicts(visible, place);
        if (axiom == Axiom::causal || axiom == Axiom::parallel) close(visible);
        if (axiom == Axiom::prefix || axiom == Axiom::snapshot) close_prefix(visible, order);
        if (axiom == Axiom::serial) {
            for (std::size_t from = 0; from < count; ++from) {
                for (std::size_t to = 0; to < count; ++to) visible[from][to] = earlier(from, to);
            }
        }
        return std::ranges::all_of(reads_, [&](const Read& read) {
            for (std::uint32_t other = 0; other < count; ++other) {
                if (other == read.writer || other == read.reader) continue;
                if (!visible[other][read.reader] || !last_write(other, read.key)) continue;
                if (read.writer == initial || !earlier(other, read.writer)) return false;
            }
            return true;
        });
    }

    /// Transactions that write the same key see one another.
    void add_conflicts(Relation& visible, const std::vector<std::size_t>& place) const {
        for (std::uint32_t from = 0; from < place.size(); ++from) {
            for (std::uint32_t to = 0; to < place.size(); ++to) {
                if (place[from] >= place[to]) continue;
                for (const Mop& mop : history_.mops_of(history_.transactions[happened_[from]])) {
                    if (mop.kind == MopKind::write && last_write(to, mop.key)) {
                        visible[from][to] = true;
                    }
                }
            }
        }
    }

    /// What is before something visible is visible.
    static void close_prefix(Relation& visible, const std::vector<std::uint32_t>& order) {
        for (std::size_t to = 0; to < order.size(); ++to) {
            bool seen = false;
            for (std::size_t at = order.size(); at > 0; --at) {
                if (visible[order[at - 1]][to]) seen = true;
                if (seen && order[at - 1] != to) visible[order[at - 1]][to] = true;
            }
        }
    }

    /// Biswas and Enea's read committed: what was read from is visible to the reads after it.
    bool committed_fits(const std::vector<std::size_t>& place) const {
        for (const Read& read : reads_) {
            for (const Read& earlier : reads_) {
                if (earlier.reader != read.reader) continue;
                const bool cut = definition_->axiom == Axiom::item_cut;
                if (cut && earlier.key == read.key && earlier.writer != read.writer) return false;
                if (earlier.mop >= read.mop || earlier.writer == initial) continue;
                if (earlier.writer == read.writer || !last_write(earlier.writer, read.key))
                    continue;
                if (read.writer == initial) return false;
                if (place[earlier.writer] >= place[read.writer]) return false;
            }
        }
        return true;
    }

    const TxnHistory& history_;
    const Definition* definition_ = nullptr;
    std::vector<std::uint32_t> happened_;
    std::vector<Read> reads_;
};

}  // namespace geode::check::txn::oracle

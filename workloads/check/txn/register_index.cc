// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/register_index.h"

#include <algorithm>
#include <bit>

#include "base/hash_map.h"

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t slot_salt = 0x7267;
constexpr std::uint64_t process_salt = 0x7073;

/// How good a guess a writer is: the larger the better.
enum class Standing : std::uint8_t { none, aborted, unknown, committed };

struct Written {
    std::uint32_t key = 0;    // of the value table
    std::uint32_t value = 0;  // of the value table
    std::uint32_t transaction = no_node;
    Standing standing = Standing::none;
    bool last = false;       // the transaction's last write of the key
    bool ambiguous = false;  // several transactions wrote the value
};

/// (key, value) -> who wrote it. Open addressing; sized once.
class WriteTable {
public:
    explicit WriteTable(std::size_t count) : slots_(size_for(count)) {}

    static std::uint64_t bytes(std::size_t count) { return size_for(count) * sizeof(Written); }

    /// Has the slot brought from memory by the time it is asked for.
    void expect(ValueId key, ValueId value) const {
        __builtin_prefetch(&slots_[first_slot(key, value)]);
    }

    Written& slot(ValueId key, ValueId value) {
        std::size_t at = first_slot(key, value);
        while (slots_[at].standing != Standing::none &&
               (slots_[at].key != key.value() || slots_[at].value != value.value())) {
            at = (at + 1) & (slots_.size() - 1);
        }
        return slots_[at];
    }

private:
    static std::size_t size_for(std::size_t count) { return std::bit_ceil(count * 2 + 2); }
    std::size_t first_slot(ValueId key, ValueId value) const {
        const std::uint64_t both = (std::uint64_t{key.value()} << 32) | value.value();
        return mix_hash(both, slot_salt) & (slots_.size() - 1);
    }

    std::vector<Written> slots_;
};

// How many micro-operations ahead a slot is expected.
constexpr std::size_t lookahead = 16;

std::size_t count_writes(const TxnHistory& history) {
    return static_cast<std::size_t>(std::ranges::count(history.mops, MopKind::write, &Mop::kind));
}

Standing standing_of(Completion completion) {
    if (completion == Completion::ok) return Standing::committed;
    return completion == Completion::unknown ? Standing::unknown : Standing::aborted;
}

class Indexer {
public:
    Indexer(const TxnHistory& history, const RegisterOptions& options)
        : history_(history), options_(options), writes_(count_writes(history)) {}

    RegisterIndex run() && {
        const std::size_t writes = count_writes(history_);
        index_.writes.reserve(writes);
        index_.reads.reserve(history_.mops.size() - writes);
        collect_writes();
        choose_nodes();
        number_keys();
        for (std::uint32_t node = 0; node < index_.count(); ++node) add_node(node);
        index_.reads_begin.push_back(size_of(index_.reads));
        index_.writes_begin.push_back(size_of(index_.writes));
        link_sessions(history_, options_.order, index_);
        return std::move(index_);
    }

private:
    static std::uint32_t size_of(const auto& items) {
        return static_cast<std::uint32_t>(items.size());
    }

    void collect_writes() {
        // The value of each transaction's last write of a key, found by going backwards.
        std::vector<std::uint32_t> seen(history_.values.count(), no_node);
        for (std::uint32_t id = 0; id < size_of(history_.transactions); ++id) {
            const Transaction& transaction = history_.transactions[id];
            for (std::uint32_t at = transaction.mops_end; at > transaction.mops_begin; --at) {
                expect_slot(at - 1, MopKind::write);
                const Mop& mop = history_.mops[at - 1];
                if (mop.kind != MopKind::write) continue;
                const bool last = seen[mop.key.value()] != id;
                seen[mop.key.value()] = id;
                collect(mop, id, standing_of(transaction.completion), last);
            }
        }
    }

    void expect_slot(std::size_t mop, MopKind kind) const {
        if (mop + lookahead >= history_.mops.size()) return;
        const Mop& ahead = history_.mops[mop + lookahead];
        if (ahead.kind == kind) writes_.expect(ahead.key, ahead.value);
    }

    void collect(const Mop& mop, std::uint32_t id, Standing standing, bool last) {
        Written& slot = writes_.slot(mop.key, mop.value);
        if (slot.transaction == id && slot.standing != Standing::none) {
            slot.last |= last;
            return;
        }
        const bool again = slot.standing != Standing::none;
        if (!again || standing > slot.standing) {
            slot = Written{.key = mop.key.value(),
                           .value = mop.value.value(),
                           .transaction = id,
                           .standing = standing,
                           .last = last,
                           .ambiguous = again};
        }
        slot.ambiguous |= again || is_initial(mop.value);
        unknown_writes_ |= standing == Standing::unknown;
    }

    bool is_initial(ValueId value) const { return value == nil_value || value == options_.initial; }

    /// Committed transactions, and those of unknown outcome that one of them read from.
    void choose_nodes() {
        node_of_.assign(history_.transactions.size(), no_node);
        std::vector<bool> happened(history_.transactions.size());
        for (std::uint32_t id = 0; id < size_of(history_.transactions); ++id) {
            const Transaction& transaction = history_.transactions[id];
            if (transaction.completion != Completion::ok) continue;
            happened[id] = true;
            if (!unknown_writes_) continue;
            for (const Mop& mop : history_.mops_of(transaction)) {
                if (mop.kind != MopKind::read) continue;
                const Written& slot = writes_.slot(mop.key, mop.value);
                const bool left_out = slot.ambiguous && options_.ambiguity == Ambiguity::leave_out;
                if (slot.standing == Standing::unknown && !left_out)
                    happened[slot.transaction] = true;
            }
        }
        for (std::uint32_t id = 0; id < size_of(history_.transactions); ++id) {
            if (!happened[id]) continue;
            node_of_[id] = index_.count();
            index_.sources.push_back(id);
        }
    }

    void number_keys() {
        key_of_.assign(history_.values.count(), no_node);
        for (const std::uint32_t id : index_.sources) {
            for (const Mop& mop : history_.mops_of(history_.transactions[id])) {
                std::uint32_t& number = key_of_[mop.key.value()];
                if (number != no_node) continue;
                number = size_of(index_.keys);
                index_.keys.push_back(mop.key);
            }
        }
        own_.assign(index_.keys.size(), {});
    }

    void add_node(std::uint32_t node) {
        index_.reads_begin.push_back(size_of(index_.reads));
        index_.writes_begin.push_back(size_of(index_.writes));
        const std::uint32_t id = index_.sources[node];
        const Transaction& transaction = history_.transactions[id];
        for (std::uint32_t at = transaction.mops_begin; at < transaction.mops_end; ++at) {
            const Mop& mop = history_.mops[at];
            const std::uint32_t key = key_of_[mop.key.value()];
            if (mop.kind == MopKind::write) {
                if (own_[key].node != node) index_.writes.push_back(key);
                own_[key] = {.node = node, .value = mop.value};
            } else if (mop.kind == MopKind::read && mop.known) {
                add_read(node, at, key);
            }
            expect_slot(at, MopKind::read);
        }
        std::sort(index_.writes.begin() + index_.writes_begin.back(), index_.writes.end());
    }

    void add_read(std::uint32_t node, std::uint32_t at, std::uint32_t key) {
        const Mop& mop = history_.mops[at];
        const std::uint32_t id = index_.sources[node];
        const Written& slot = writes_.slot(mop.key, mop.value);
        if (own_[key].node == node) {
            if (own_[key].value != mop.value) problem("internal", id, at, slot);
            return;
        }
        if (slot.standing == Standing::none) {
            if (!is_initial(mop.value)) return problem("garbage-read", id, at, slot);
            index_.reads.push_back({.key = key, .writer = no_node, .mop = at});
            return;
        }
        if (slot.ambiguous) {
            if (index_.ambiguous_reads++ == 0) index_.ambiguous_mop = at;
            if (options_.ambiguity == Ambiguity::leave_out) return;
            // The initial state is the better guess than a writer that cannot be read from.
            const bool readable =
                slot.transaction != id && slot.last && slot.standing == Standing::committed;
            if (is_initial(mop.value) && !readable) {
                index_.reads.push_back({.key = key, .writer = no_node, .mop = at});
                return;
            }
        }
        if (slot.transaction == id) return problem("future-read", id, at, slot);
        if (slot.standing == Standing::aborted) return problem("G1a", id, at, slot);
        if (!slot.last) return problem("G1b", id, at, slot);
        index_.reads.push_back({.key = key, .writer = node_of_[slot.transaction], .mop = at});
    }

    void problem(std::string_view name, std::uint32_t id, std::uint32_t at, const Written& slot) {
        const bool written = slot.standing != Standing::none;
        index_.problems.push_back({.name = name,
                                   .transaction = id,
                                   .mop = at,
                                   .writer = written ? slot.transaction : no_node});
    }

    struct Own {
        std::uint32_t node = no_node;
        ValueId value = {};
    };
    const TxnHistory& history_;
    const RegisterOptions& options_;
    WriteTable writes_;
    bool unknown_writes_ = false;         // some transaction of unknown outcome wrote
    std::vector<std::uint32_t> node_of_;  // index in the history -> node
    std::vector<std::uint32_t> key_of_;   // of the value table -> key
    std::vector<Own> own_;                // key -> the last write of the node being added
    RegisterIndex index_;
};

}  // namespace

bool RegisterIndex::writes_key(std::uint32_t node, std::uint32_t key) const {
    const std::span<const std::uint32_t> keys_written = writes_of(node);
    return std::ranges::binary_search(keys_written, key);
}

std::uint64_t RegisterIndex::bytes() const {
    return (sources.size() + reads_begin.size() + writes_begin.size() + writes.size() +
            before.size() + session.size() + position.size()) *
               sizeof(std::uint32_t) +
           reads.size() * sizeof(RegisterRead) + keys.size() * sizeof(ValueId) +
           problems.size() * sizeof(ReadProblem);
}

RegisterIndex index_registers(const TxnHistory& history, const RegisterOptions& options) {
    return Indexer(history, options).run();
}

void link_sessions(const TxnHistory& history, KeptOrder order, RegisterIndex& index) {
    const std::uint32_t count = index.count();
    index.before.assign(count, no_node);
    index.session.assign(count, 0);
    index.position.assign(count, 0);
    index.session_count = 0;
    HashMap<std::int64_t, std::uint32_t> latest(process_salt);
    for (std::uint32_t node = 0; node < count; ++node) {
        const Transaction& transaction = history.transactions[index.sources[node]];
        const auto found = latest.find(transaction.process);
        if (found != latest.end()) index.before[node] = found->second;
        const std::uint32_t before = index.before[node];
        const bool committed = transaction.completion == Completion::ok;
        if (before != no_node && committed) {
            index.session[node] = index.session[before];
            index.position[node] = index.position[before] + 1;
        } else {
            index.session[node] = index.session_count++;
        }
        if (committed && order != KeptOrder::none) latest[transaction.process] = node;
    }
}

std::uint64_t register_index_bytes(const TxnHistory& history) {
    const std::uint64_t writes = count_writes(history);
    return WriteTable::bytes(writes) + writes * sizeof(std::uint32_t) +
           (history.mops.size() - writes) * sizeof(RegisterRead) +
           history.transactions.size() * 8 * sizeof(std::uint32_t) +
           std::uint64_t{history.values.count()} * 4 * sizeof(std::uint32_t);
}

}  // namespace geode::check::txn

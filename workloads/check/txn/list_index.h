// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the lists of a history tell about versions: who appended which element, in which order the
// elements of each key were appended, and which version each read saw.
//
// A list that is only appended to carries its own past: the longest list read of a key is the order
// of its versions, and every other read of the key should be a prefix of it. Version n of a key is
// the list of its first n elements; version 0 is empty.
//
// Invariants:
//  1. Appends are numbered in the order of the history; each element of a key has one, of a
//     transaction that did not fail if there is any.
//  2. A key's order is its longest read (the first one of that length) without repetitions.
//  3. A transaction counts (committed) if it is ok, or if it is of unknown outcome and a
//     committed transaction read an element it appended.
//
// Linear in the micro-operations and elements: each read is compared with the key's order, and
// only reads that are no prefix of it are looked at element by element.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "workloads/check/txn/history.h"

namespace geode::check::txn {

inline constexpr std::uint32_t no_append = UINT32_MAX;
inline constexpr std::uint32_t no_version = UINT32_MAX;

struct Append {
    std::uint32_t transaction = 0;
    std::uint32_t mop = 0;
    std::uint32_t key = 0;  ///< number of the key in the index
    ValueId element = {};
    std::uint32_t version = no_version;  ///< the first version that has it; none: no read saw it
    bool last = true;                    ///< its transaction appends nothing to this key afterwards
};

/// An element that two transactions appended to the same key: reads of it cannot be attributed.
struct RepeatedAppend {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    Mop mop;
};

class ListIndex {
public:
    explicit ListIndex(const TxnHistory& history);

    const TxnHistory& history() const { return history_; }
    const std::optional<RepeatedAppend>& ambiguity() const { return ambiguity_; }

    std::uint32_t keys() const { return static_cast<std::uint32_t>(keys_.size()); }
    std::uint32_t key_of(const Mop& mop) const { return key_of_value_[mop.key.value()]; }
    ValueId name_of_key(std::uint32_t key) const { return keys_[key].name; }

    const Append& append(std::uint32_t number) const { return appends_[number]; }
    std::span<const Append> appends() const { return appends_; }
    /// The append of this element, or no_append: garbage.
    std::uint32_t find(std::uint32_t key, ValueId element) const;

    /// The appends that lead from version to version; no_append for an element nobody appended.
    std::span<const std::uint32_t> order(std::uint32_t key) const {
        const Key& found = keys_[key];
        return std::span(orders_).subspan(found.order_begin, found.order_size);
    }
    /// The transaction of the read that the order is taken from; of a key with an order.
    std::uint32_t longest_reader(std::uint32_t key) const { return keys_[key].longest_reader; }
    /// The micro-operation of that read.
    std::uint32_t longest_read(std::uint32_t key) const { return keys_[key].longest; }
    /// The appends to the key that no read saw, in the order of the history.
    std::span<const std::uint32_t> unseen(std::uint32_t key) const {
        const Key& found = keys_[key];
        return std::span(unseen_).subspan(found.unseen_begin, found.unseen_size);
    }

    // Of the micro-operation with this number, a read of a transaction that is ok:

    /// Whether its list is one of the key's versions, element by element, and nothing else.
    bool is_version(std::uint32_t read) const { return plain_[read]; }
    /// The version whose last element is the read's last element, or no_version.
    std::uint32_t version_of(std::uint32_t read) const { return versions_[read]; }

    const std::vector<bool>& committed() const { return committed_; }
    bool failed(std::uint32_t transaction) const {
        return history_.transactions[transaction].completion == Completion::fail;
    }

    /// The memory an index of this history takes, about.
    static std::uint64_t bytes_for(const TxnHistory& history);

private:
    struct Key {
        ValueId name = {};
        std::uint32_t appends = 0;
        std::uint32_t longest = no_append;  // mop
        std::uint32_t longest_reader = 0;
        std::uint32_t last_append = no_append;
        std::uint32_t slots_begin = 0;
        std::uint32_t slots_mask = 0;
        std::uint32_t order_begin = 0;
        std::uint32_t order_size = 0;
        std::uint32_t unseen_begin = 0;
        std::uint32_t unseen_size = 0;
        bool repeats = false;  // the longest read has repetitions
    };

    void number_keys();
    void collect_appends();
    void insert(const Append& append);
    void order_versions();
    void place_reads();
    void place_read(std::uint32_t index);
    void find_committed();
    bool is_prefix(const Mop& read) const;
    void collect_unseen();

    const TxnHistory& history_;
    std::vector<std::uint32_t> key_of_value_;
    std::vector<Key> keys_;
    std::vector<std::uint32_t> slots_;  // per key a hash table of its elements: append + 1
    std::vector<Append> appends_;
    std::vector<std::uint32_t> orders_;
    std::vector<std::uint32_t> unseen_;
    std::vector<std::uint32_t> versions_;  // per micro-operation
    std::vector<bool> plain_;
    std::vector<bool> committed_;
    std::optional<RepeatedAppend> ambiguity_;
};

}  // namespace geode::check::txn

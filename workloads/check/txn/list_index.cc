// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/list_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash_map.h"

namespace geode::check::txn {
namespace {

constexpr std::uint32_t no_key = UINT32_MAX;

std::uint32_t slot_of(ValueId element, std::uint32_t mask) {
    return static_cast<std::uint32_t>(mix_hash(element.value(), 0)) & mask;
}

}  // namespace

ListIndex::ListIndex(const TxnHistory& history) : history_(history) {
    number_keys();
    collect_appends();
    order_versions();
    find_committed();
    place_reads();
    collect_unseen();
}

std::uint64_t ListIndex::bytes_for(const TxnHistory& history) {
    // Every micro-operation an append in the worst case: itself, up to four slots, order, unseen.
    return std::uint64_t{history.mops.size()} * (sizeof(Append) + 16 + 8 + 5) +
           std::uint64_t{history.values.count()} * (4 + sizeof(Key)) +
           history.transactions.size() / 8;
}

/// Numbers the keys by first appearance, counts their appends and finds their longest reads.
void ListIndex::number_keys() {
    key_of_value_.assign(history_.values.count(), no_key);
    for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
        const Transaction& transaction = history_.transactions[txn];
        const bool ok = transaction.completion == Completion::ok;
        for (std::uint32_t index = transaction.mops_begin; index < transaction.mops_end; ++index) {
            const Mop& mop = history_.mops[index];
            std::uint32_t& number = key_of_value_[mop.key.value()];
            if (number == no_key) {
                number = keys();
                keys_.emplace_back().name = mop.key;
            }
            Key& key = keys_[number];
            if (mop.kind == MopKind::append) {
                ++key.appends;
            } else if (ok && mop.list_end != mop.list_begin) {
                const std::uint32_t size = mop.list_end - mop.list_begin;
                const bool longer = key.longest == no_append ||
                                    size > history_.list_of(history_.mops[key.longest]).size();
                if (longer) {
                    key.longest = index;
                    key.longest_reader = txn;
                }
            }
        }
    }
    std::uint32_t slots = 0;
    for (Key& key : keys_) {
        const std::uint32_t size = std::bit_ceil(key.appends * 2 + 1);
        key.slots_begin = slots;
        key.slots_mask = size - 1;
        slots += size;
    }
    slots_.assign(slots, 0);
}

void ListIndex::collect_appends() {
    for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
        const Transaction& transaction = history_.transactions[txn];
        for (std::uint32_t index = transaction.mops_begin; index < transaction.mops_end; ++index) {
            const Mop& mop = history_.mops[index];
            if (mop.kind != MopKind::append) continue;
            insert(
                Append{.transaction = txn, .mop = index, .key = key_of(mop), .element = mop.value});
        }
    }
}

void ListIndex::insert(const Append& append) {
    Key& key = keys_[append.key];
    const bool again =
        key.last_append != no_append && appends_[key.last_append].transaction == append.transaction;
    if (again) appends_[key.last_append].last = false;
    key.last_append = static_cast<std::uint32_t>(appends_.size());
    std::uint32_t slot = slot_of(append.element, key.slots_mask);
    while (slots_[key.slots_begin + slot] != 0) {
        const Append& other = appends_[slots_[key.slots_begin + slot] - 1];
        if (other.element == append.element) {
            // An element of an aborted transaction may be appended again; then it is the other's.
            if (!ambiguity_ && !failed(append.transaction) && !failed(other.transaction)) {
                ambiguity_ = RepeatedAppend{other.transaction, append.transaction,
                                            history_.mops[append.mop]};
            }
            if (!failed(other.transaction)) {
                appends_.push_back(append);
                return;
            }
            break;
        }
        slot = (slot + 1) & key.slots_mask;
    }
    appends_.push_back(append);
    slots_[key.slots_begin + slot] = static_cast<std::uint32_t>(appends_.size());
}

std::uint32_t ListIndex::find(std::uint32_t key, ValueId element) const {
    const Key& found = keys_[key];
    std::uint32_t slot = slot_of(element, found.slots_mask);
    while (slots_[found.slots_begin + slot] != 0) {
        const std::uint32_t number = slots_[found.slots_begin + slot] - 1;
        if (appends_[number].element == element) return number;
        slot = (slot + 1) & found.slots_mask;
    }
    return no_append;
}

void ListIndex::order_versions() {
    for (std::uint32_t number = 0; number < keys(); ++number) {
        Key& key = keys_[number];
        key.order_begin = static_cast<std::uint32_t>(orders_.size());
        if (key.longest == no_append) continue;
        const auto list = history_.list_of(history_.mops[key.longest]);
        std::vector<std::uint32_t> garbage;
        for (const ValueId element : list) {
            const std::uint32_t found = find(number, element);
            if (found == no_append) {
                garbage.push_back(element.value());
            } else if (appends_[found].version != no_version) {
                key.repeats = true;
                continue;
            }
            orders_.push_back(found);
            ++key.order_size;
            if (found != no_append) appends_[found].version = key.order_size;
        }
        std::ranges::sort(garbage);
        if (std::ranges::adjacent_find(garbage) != garbage.end()) key.repeats = true;
    }
}

void ListIndex::find_committed() {
    committed_.assign(history_.transactions.size(), false);
    for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
        if (history_.transactions[txn].completion == Completion::ok) committed_[txn] = true;
    }
    for (const std::uint32_t found : orders_) {
        if (found != no_append && !failed(appends_[found].transaction)) {
            committed_[appends_[found].transaction] = true;
        }
    }
}

void ListIndex::place_reads() {
    versions_.assign(history_.mops.size(), no_version);
    plain_.assign(history_.mops.size(), false);
    for (const Transaction& transaction : history_.transactions) {
        if (transaction.completion != Completion::ok) continue;
        for (std::uint32_t index = transaction.mops_begin; index < transaction.mops_end; ++index) {
            if (history_.mops[index].kind == MopKind::read_list) place_read(index);
        }
    }
}

void ListIndex::place_read(std::uint32_t index) {
    const Mop& read = history_.mops[index];
    const std::uint32_t size = read.list_end - read.list_begin;
    const std::uint32_t key = key_of(read);
    const bool prefix = is_prefix(read);
    if (prefix && !keys_[key].repeats) {
        versions_[index] = size;
        plain_[index] = true;
        return;
    }
    const auto list = history_.list_of(read);
    if (!prefix) {
        // These are not in the order, but they were seen.
        for (const ValueId element : list) {
            const std::uint32_t found = find(key, element);
            if (found == no_append || failed(appends_[found].transaction)) continue;
            committed_[appends_[found].transaction] = true;
        }
    }
    const std::uint32_t found = size == 0 ? no_append : find(key, list.back());
    if (size == 0) versions_[index] = 0;
    if (found != no_append) versions_[index] = appends_[found].version;
}

void ListIndex::collect_unseen() {
    for (const Append& append : appends_) {
        if (append.version == no_version) ++keys_[append.key].unseen_size;
    }
    std::uint32_t total = 0;
    for (Key& key : keys_) {
        key.unseen_begin = total;
        total += key.unseen_size;
        key.unseen_size = 0;
    }
    unseen_.resize(total);
    for (std::uint32_t number = 0; number < appends_.size(); ++number) {
        if (appends_[number].version != no_version) continue;
        Key& key = keys_[appends_[number].key];
        unseen_[key.unseen_begin + key.unseen_size++] = number;
    }
}

bool ListIndex::is_prefix(const Mop& read) const {
    if (read.list_begin == read.list_end) return true;
    const auto list = history_.list_of(read);
    const auto longest = history_.list_of(history_.mops[keys_[key_of(read)].longest]);
    static_assert(std::has_unique_object_representations_v<ValueId>);
    return std::memcmp(list.data(), longest.data(), list.size_bytes()) == 0;
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/list_updates.h"

#include <algorithm>
#include <map>

namespace geode::check::txn {
namespace {

constexpr std::uint32_t none = UINT32_MAX;

/// A transaction that read a key before it appended to it.
struct Update {
    std::uint32_t transaction;
    std::uint32_t read;
};

class UpdateSearch {
public:
    explicit UpdateSearch(const ListIndex& index)
        : index_(index), history_(index.history()), first_reads_(index.keys(), Update{none, none}) {
        std::size_t versions = 0;
        for (std::uint32_t key = 0; key < index.keys(); ++key) {
            first_version_.push_back(versions);
            versions += index.order(key).size() + 1;
        }
        first_.assign(versions, Update{none, none});
    }

    std::vector<Anomaly> run() {
        for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
            if (history_.transactions[txn].completion == Completion::ok) take(txn);
        }
        group_odd_lists();
        std::vector<Anomaly> anomalies;
        for (const auto& [version, updates] : lost_) anomalies.push_back(anomaly_of(updates));
        for (const auto& updates : odd_lost_) anomalies.push_back(anomaly_of(updates));
        return anomalies;
    }

private:
    void take(std::uint32_t txn);
    void record(Update update);
    void group_odd_lists();
    Anomaly anomaly_of(std::span<const Update> updates) const;
    std::span<const ValueId> list(const Update& update) const {
        return history_.list_of(history_.mops[update.read]);
    }

    const ListIndex& index_;
    const TxnHistory& history_;
    std::vector<Update> first_reads_;         // per key, of the current transaction
    std::vector<std::size_t> first_version_;  // per key: its versions' place in first_
    std::vector<Update> first_;               // per version: the first update of it
    std::map<std::size_t, std::vector<Update>> lost_;
    std::vector<Update> odd_;  // whose read is no version of its key
    std::vector<std::vector<Update>> odd_lost_;
};

void UpdateSearch::take(std::uint32_t txn) {
    const Transaction& transaction = history_.transactions[txn];
    for (std::uint32_t mop = transaction.mops_begin; mop < transaction.mops_end; ++mop) {
        Update& first = first_reads_[index_.key_of(history_.mops[mop])];
        if (history_.mops[mop].kind == MopKind::read_list) {
            if (first.transaction != txn) first = Update{txn, mop};
            continue;
        }
        // The first append behind the first read counts, wherever other appends are.
        if (first.transaction != txn || first.read == none) continue;
        record(first);
        first.read = none;
    }
}

void UpdateSearch::record(Update update) {
    if (!index_.is_version(update.read)) {
        odd_.push_back(update);
        return;
    }
    const std::uint32_t key = index_.key_of(history_.mops[update.read]);
    const std::size_t version = first_version_[key] + index_.version_of(update.read);
    Update& first = first_[version];
    if (first.transaction == none) {
        first = update;
        return;
    }
    std::vector<Update>& updates = lost_[version];
    if (updates.empty()) updates.push_back(first);
    updates.push_back(update);
}

/// Equal lists side by side, the first transaction of each first.
void UpdateSearch::group_odd_lists() {
    const auto before = [&](const Update& a, const Update& b) {
        const ValueId key = history_.mops[a.read].key;
        const ValueId other = history_.mops[b.read].key;
        if (key != other) return key < other;
        return std::ranges::lexicographical_compare(list(a), list(b));
    };
    std::ranges::stable_sort(odd_, before);
    for (std::size_t begin = 0; begin < odd_.size();) {
        std::size_t end = begin + 1;
        while (end < odd_.size() && !before(odd_[begin], odd_[end])) ++end;
        if (end - begin > 1) {
            odd_lost_.emplace_back(odd_.begin() + static_cast<std::ptrdiff_t>(begin),
                                   odd_.begin() + static_cast<std::ptrdiff_t>(end));
        }
        begin = end;
    }
}

Anomaly UpdateSearch::anomaly_of(std::span<const Update> updates) const {
    Anomaly anomaly{.name = "lost-update", .words = {}, .operations = {}, .steps = {}};
    for (const Update& update : updates) {
        if (!anomaly.operations.empty()) {
            anomaly.words += &update == &updates.back() ? " and " : ", ";
        }
        anomaly.words += std::to_string(update.transaction);
        anomaly.operations.push_back(update.transaction);
    }
    anomaly.words += " all appended to what they had read: " +
                     describe(history_, history_.mops[updates.front().read]);
    return anomaly;
}

}  // namespace

std::vector<Anomaly> find_lost_updates(const ListIndex& index) {
    return UpdateSearch(index).run();
}

std::vector<Anomaly> find_dirty_updates(const ListIndex& index) {
    std::vector<Anomaly> anomalies;
    const TxnHistory& history = index.history();
    for (std::uint32_t key = 0; key < index.keys(); ++key) {
        std::uint32_t aborted = no_append;
        for (const std::uint32_t number : index.order(key)) {
            if (number == no_append) continue;
            const Append& append = index.append(number);
            const Completion completion = history.transactions[append.transaction].completion;
            if (completion == Completion::fail && aborted == no_append) aborted = number;
            if (completion != Completion::ok) continue;
            if (aborted != no_append) {
                const Append& dirty = index.append(aborted);
                anomalies.push_back(
                    Anomaly{.name = "dirty-update",
                            .words = std::to_string(append.transaction) + " appended " +
                                     history.values.describe(append.element) + " to key " +
                                     history.values.describe(index.name_of_key(key)) + " behind " +
                                     history.values.describe(dirty.element) + " of " +
                                     std::to_string(dirty.transaction) + ", which aborted",
                            .operations = {dirty.transaction, append.transaction},
                            .steps = {}});
            }
            aborted = no_append;
        }
    }
    return anomalies;
}

}  // namespace geode::check::txn

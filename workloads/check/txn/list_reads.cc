// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/list_reads.h"

#include <algorithm>
#include <map>

#include "workloads/check/txn/list_updates.h"
#include "workloads/check/txn/list_views.h"

namespace geode::check::txn {
namespace {

constexpr std::uint32_t no_mop = UINT32_MAX;

/// Gathers anomalies by name, and drops what was not asked for.
class Findings {
public:
    Findings(std::span<const std::string_view> wanted, std::size_t per_name_max)
        : wanted_(wanted), per_name_max_(per_name_max) {}

    bool wants(std::string_view name) const {
        return std::ranges::find(wanted_, name) != wanted_.end();
    }
    void add(std::string_view name, std::vector<std::uint32_t> operations, std::string words) {
        const auto found = std::ranges::find(wanted_, name);
        if (found == wanted_.end()) return;
        std::vector<Anomaly>& list = by_name_[*found];
        if (list.size() >= per_name_max_) return;
        list.push_back(Anomaly{.name = std::string(name),
                               .words = std::move(words),
                               .operations = std::move(operations),
                               .steps = {}});
    }
    void add_all(std::vector<Anomaly> anomalies) {
        for (Anomaly& anomaly : anomalies) {
            const auto found = std::ranges::find(wanted_, anomaly.name);
            if (found == wanted_.end() || by_name_[*found].size() >= per_name_max_) continue;
            by_name_[*found].push_back(std::move(anomaly));
        }
    }
    std::vector<Anomaly> take() {
        std::vector<Anomaly> all;
        for (const std::string_view name : wanted_) {
            const auto found = by_name_.find(name);
            if (found == by_name_.end()) continue;
            std::ranges::move(found->second, std::back_inserter(all));
        }
        return all;
    }

private:
    std::span<const std::string_view> wanted_;
    std::size_t per_name_max_;
    std::map<std::string_view, std::vector<Anomaly>> by_name_;
};

/// Goes through the micro-operations of one transaction after the other.
class ReadCheck {
public:
    ReadCheck(const ListIndex& index, Findings& findings)
        : index_(index), history_(index.history()), findings_(findings), touches_(index.keys()) {
        find_suspects();
    }

    void run();

private:
    /// What the current transaction has done to a key.
    struct Touch {
        std::uint32_t transaction = no_mop;
        std::uint32_t read = no_mop;    // the last one
        std::uint32_t append = no_mop;  // the last one since; its predecessors by earlier_
        std::uint32_t appended = 0;     // how many since
        std::uint32_t seen_max = 0;     // the latest version read
        bool odd = false;               // some read was no version
    };

    void find_suspects();
    Touch& touch(std::uint32_t mop);
    void take_append(std::uint32_t mop);
    void take_read(std::uint32_t mop);
    void check_elements(std::uint32_t mop);
    void check_last(std::uint32_t mop);
    bool agrees(const Touch& before, std::uint32_t mop) const;
    void check_orders();
    std::string says(std::uint32_t mop) const { return describe(history_, history_.mops[mop]); }
    std::string me() const { return std::to_string(transaction_); }
    std::string name(std::uint32_t mop) const {
        return history_.values.describe(history_.mops[mop].key);
    }

    const ListIndex& index_;
    const TxnHistory& history_;
    Findings& findings_;
    std::vector<Touch> touches_;
    std::vector<std::uint32_t> earlier_;   // per micro-operation of the transaction
    std::vector<std::uint32_t> suspects_;  // per key: versions from here on have a bad element
    std::uint32_t transaction_ = 0;
    std::uint32_t mops_begin_ = 0;
    bool internal_ = false;
    bool future_ = false;
    std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> incompatible_;  // key -> read
};

/// For each key the first version that has an element of an aborted transaction, or garbage.
void ReadCheck::find_suspects() {
    suspects_.assign(index_.keys(), no_version);
    for (std::uint32_t key = 0; key < index_.keys(); ++key) {
        const auto order = index_.order(key);
        const auto bad = std::ranges::find_if(order, [&](std::uint32_t append) {
            return append == no_append || index_.failed(index_.append(append).transaction);
        });
        if (bad != order.end()) {
            suspects_[key] = static_cast<std::uint32_t>(bad - order.begin()) + 1;
        }
    }
}

void ReadCheck::run() {
    for (transaction_ = 0; transaction_ < history_.transactions.size(); ++transaction_) {
        const Transaction& transaction = history_.transactions[transaction_];
        if (transaction.completion != Completion::ok) continue;
        mops_begin_ = transaction.mops_begin;
        earlier_.assign(transaction.mops_end - transaction.mops_begin, no_mop);
        internal_ = future_ = false;
        for (std::uint32_t mop = transaction.mops_begin; mop < transaction.mops_end; ++mop) {
            if (history_.mops[mop].kind == MopKind::append) take_append(mop);
            if (history_.mops[mop].kind == MopKind::read_list) take_read(mop);
        }
    }
    check_orders();
}

ReadCheck::Touch& ReadCheck::touch(std::uint32_t mop) {
    Touch& found = touches_[index_.key_of(history_.mops[mop])];
    if (found.transaction != transaction_) found = Touch{.transaction = transaction_};
    return found;
}

void ReadCheck::take_append(std::uint32_t mop) {
    Touch& before = touch(mop);
    const Mop& append = history_.mops[mop];
    if (before.read != no_mop && !future_) {
        const std::uint32_t number = index_.find(index_.key_of(append), append.value);
        const std::uint32_t version = index_.append(number).version;
        bool seen = version != no_version && version <= before.seen_max;
        // A read that is no version of its key says so only element by element.
        for (std::uint32_t read = mops_begin_; before.odd && read < mop && !seen; ++read) {
            const Mop& other = history_.mops[read];
            if (other.kind != MopKind::read_list || other.key != append.key) continue;
            if (index_.is_version(read)) continue;
            seen = std::ranges::find(history_.list_of(other), append.value) !=
                   history_.list_of(other).end();
        }
        if (seen) {
            future_ = true;
            findings_.add("future-read", {transaction_},
                          me() + " saw " + history_.values.describe(append.value) + " in key " +
                              name(mop) + " before it appended it: " +
                              describe(history_, history_.transactions[transaction_]));
        }
    }
    earlier_[mop - mops_begin_] = before.append;
    before.append = mop;
    ++before.appended;
}

/// Whether the read fits what the transaction has read and appended before.
bool ReadCheck::agrees(const Touch& before, std::uint32_t mop) const {
    const auto list = history_.list_of(history_.mops[mop]);
    if (list.size() < before.appended) return false;
    auto rest = list.size();
    for (std::uint32_t append = before.append; append != no_mop;
         append = earlier_[append - mops_begin_]) {
        if (list[--rest] != history_.mops[append].value) return false;
    }
    if (before.read == no_mop) return true;
    return std::ranges::equal(list.first(rest), history_.list_of(history_.mops[before.read]));
}

void ReadCheck::take_read(std::uint32_t mop) {
    Touch& before = touch(mop);
    if (!internal_ && !agrees(before, mop)) {
        internal_ = true;
        std::string why = before.read == no_mop ? "" : ", having " + says(before.read);
        for (std::uint32_t append = before.append; append != no_mop;
             append = earlier_[append - mops_begin_]) {
            why += (append == before.append ? " and having " : ", ") + says(append);
        }
        findings_.add("internal", {transaction_}, me() + " contradicts itself: " + says(mop) + why);
    }
    const std::uint32_t key = index_.key_of(history_.mops[mop]);
    const bool plain = index_.is_version(mop);
    const std::uint32_t version = index_.version_of(mop);
    if (!plain) incompatible_.try_emplace(key, mop, transaction_);
    if (!plain || version >= suspects_[key]) check_elements(mop);
    check_last(mop);
    if (plain) before.seen_max = std::max(before.seen_max, version);
    if (!plain) before.odd = true;
    before.read = mop;
    before.append = no_mop;
    before.appended = 0;
}

/// Aborted, garbage and repeated elements.
void ReadCheck::check_elements(std::uint32_t mop) {
    const Mop& read = history_.mops[mop];
    const std::uint32_t key = index_.key_of(read);
    for (const ValueId element : history_.list_of(read)) {
        const std::uint32_t append = index_.find(key, element);
        const auto what = [&] {
            return me() + ": " + says(mop) + ", of which " + history_.values.describe(element) +
                   " was appended by ";
        };
        if (append == no_append) {
            findings_.add("garbage-read", {transaction_}, what() + "nobody");
        } else if (index_.failed(index_.append(append).transaction)) {
            const std::uint32_t writer = index_.append(append).transaction;
            findings_.add("G1a", {transaction_, writer},
                          what() + std::to_string(writer) + ", which aborted");
        }
    }
    std::vector<ValueId> sorted(history_.list_of(read).begin(), history_.list_of(read).end());
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
        findings_.add("duplicate-elements", {transaction_},
                      me() + ": " + says(mop) + ", with " + history_.values.describe(*twice) +
                          " more than once");
    }
}

/// A list that ends in the middle of what another transaction appended.
void ReadCheck::check_last(std::uint32_t mop) {
    const Mop& read = history_.mops[mop];
    if (read.list_begin == read.list_end) return;
    const std::uint32_t key = index_.key_of(read);
    const std::uint32_t append = index_.is_version(mop)
                                     ? index_.order(key)[index_.version_of(mop) - 1]
                                     : index_.find(key, history_.list_of(read).back());
    if (append == no_append) return;
    const Append& last = index_.append(append);
    if (last.last || last.transaction == transaction_) return;
    findings_.add("G1b", {transaction_, last.transaction},
                  me() + ": " + says(mop) + ", but " + std::to_string(last.transaction) +
                      " went on: " + describe(history_, history_.transactions[last.transaction]));
}

void ReadCheck::check_orders() {
    for (const auto& [key, read] : incompatible_) {
        const auto [mop, reader] = read;
        const std::uint32_t longest = index_.longest_read(key);
        const auto list = history_.list_of(history_.mops[mop]);
        const auto other = history_.list_of(history_.mops[longest]);
        // A list with repetitions is no version, but may still fit the longest.
        if (std::ranges::equal(list, other.first(list.size()))) continue;
        const std::uint32_t longest_reader = index_.longest_reader(key);
        findings_.add("incompatible-order", {reader, longest_reader},
                      std::to_string(reader) + ": " + says(mop) + ", but " +
                          std::to_string(longest_reader) + ": " + says(longest));
    }
}

}  // namespace

std::vector<Anomaly> find_read_anomalies(const ListIndex& index,
                                         std::span<const std::string_view> wanted,
                                         std::size_t per_name_max) {
    Findings findings(wanted, per_name_max);
    ReadCheck(index, findings).run();
    if (findings.wants("dirty-update")) findings.add_all(find_dirty_updates(index));
    if (findings.wants("lost-update")) findings.add_all(find_lost_updates(index));
    // A level that forbids G-single-item finds these as such.
    const bool views = findings.wants("monotonic-fractured-read");
    if (views && !findings.wants("G-single-item")) findings.add_all(find_fractured_reads(index));
    return findings.take();
}

}  // namespace geode::check::txn

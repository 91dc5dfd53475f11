// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which cycles of dependencies a small history of registers has, for each order of the writes and
// each choice of the transactions that may have happened: by Adya's definitions, one after another.
// Only for histories in which no read is wrong by itself and every value is written once.

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "workloads/check/txn/cycle_specs.h"
#include "workloads/check/txn/history.h"

namespace geode::check::txn::oracle {

class RegisterCycleOracle {
public:
    using Names = std::set<std::string>;

    explicit RegisterCycleOracle(const TxnHistory& history) : history_(history) {}

    /// Calls `each` with the names of all cycles, for every world. `extra`: process, realtime. What
    /// is rw and ww or wr as well counts as that, as in cycles.h, or as all of them.
    enum class Doubles : std::uint8_t { one, all };
    void for_worlds(Relations extra, Doubles doubles,
                    const std::function<void(const Names&)>& each) {
        doubles_ = doubles;
        std::vector<std::uint32_t> perhaps;
        for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
            if (at(txn).completion == Completion::unknown && !read_from(txn))
                perhaps.push_back(txn);
        }
        for (std::uint32_t choice = 0; choice < 1U << perhaps.size(); ++choice) {
            happened_.clear();
            for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
                if (at(txn).completion == Completion::fail) continue;
                const auto found = std::ranges::find(perhaps, txn);
                const auto bit = static_cast<std::uint32_t>(found - perhaps.begin());
                if (found != perhaps.end() && (choice >> bit & 1) == 0) continue;
                happened_.push_back(txn);
            }
            order_keys(extra, each);
        }
    }

private:
    const Transaction& at(std::uint32_t txn) const { return history_.transactions[txn]; }

    bool read_from(std::uint32_t txn) const {
        for (const Mop& write : history_.mops_of(at(txn))) {
            if (write.kind != MopKind::write) continue;
            for (const Transaction& reader : history_.transactions) {
                if (reader.completion != Completion::ok || &reader == &at(txn)) continue;
                for (const Mop& read : history_.mops_of(reader)) {
                    const bool same = read.key == write.key && read.value == write.value;
                    if (read.kind == MopKind::read && same) return true;
                }
            }
        }
        return false;
    }
    /// The value a transaction leaves in a register; nil if it does not write it.
    ValueId left_by(std::uint32_t txn, ValueId key) const {
        ValueId value = nil_value;
        for (const Mop& mop : history_.mops_of(at(txn))) {
            if (mop.kind == MopKind::write && mop.key == key) value = mop.value;
        }
        return value;
    }

    void order_keys(Relations extra, const std::function<void(const Names&)>& each) {
        orders_.clear();
        for (const Mop& mop : history_.mops) orders_[mop.key];
        for (auto& [key, order] : orders_) {
            for (const std::uint32_t txn : happened_) {
                if (left_by(txn, key) != nil_value) order.push_back(txn);
            }
        }
        order_from(orders_.begin(), extra, each);
    }
    void order_from(std::map<ValueId, std::vector<std::uint32_t>>::iterator key, Relations extra,
                    const std::function<void(const Names&)>& each) {
        if (key == orders_.end()) return each(cycles(extra));
        do {
            order_from(std::next(key), extra, each);
        } while (std::ranges::next_permutation(key->second).found);
    }

    void relate(std::uint32_t a, std::uint32_t b, Relations relation) {
        if (a != b) relations_[{a, b}].insert(relation);
    }
    void relate_reads(std::uint32_t reader) {
        if (at(reader).completion != Completion::ok) return;
        std::set<ValueId> written;
        for (const Mop& mop : history_.mops_of(at(reader))) {
            if (mop.kind == MopKind::write) written.insert(mop.key);
            if (mop.kind != MopKind::read || written.contains(mop.key)) continue;
            const std::vector<std::uint32_t>& order = orders_.at(mop.key);
            std::size_t next = 0;
            while (mop.value != nil_value && left_by(order.at(next), mop.key) != mop.value) ++next;
            if (mop.value != nil_value) relate(order[next++], reader, wr);
            if (next < order.size()) relate(reader, order[next], rw);
        }
    }
    Names cycles(Relations extra) {
        relations_.clear();
        for (const auto& [key, order] : orders_) {
            for (std::size_t at = 1; at < order.size(); ++at) relate(order[at - 1], order[at], ww);
        }
        for (const std::uint32_t txn : happened_) relate_reads(txn);
        for (const std::uint32_t a : happened_) {
            for (const std::uint32_t b : happened_) {
                const bool ok = at(a).completion == Completion::ok;
                if (!ok || at(a).completed >= at(b).invoked) continue;
                if ((extra & realtime) != 0) relate(a, b, realtime);
                if ((extra & process) != 0 && at(a).process == at(b).process) {
                    relate(a, b, process);
                }
            }
        }
        for (auto& [pair, relations] : relations_) {
            const bool doubled = relations.contains(ww) || relations.contains(wr);
            if (doubled && doubles_ == Doubles::one) relations.erase(rw);
        }
        Names names;
        for (const std::uint32_t first : happened_) {
            std::vector<std::uint32_t> path{first};
            std::vector<Relations> steps;
            walk(path, steps, names);
        }
        return names;
    }
    void walk(std::vector<std::uint32_t>& path, std::vector<Relations>& steps, Names& names) const {
        for (const auto& [pair, relations] : relations_) {
            const auto [from, to] = pair;
            if (from != path.back() || to < path.front()) continue;
            const bool closes = to == path.front();
            if (!closes && std::ranges::find(path, to) != path.end()) continue;
            for (const Relations relation : relations) {
                steps.push_back(relation);
                if (closes) {
                    names.insert(std::string(name_of_cycle(steps)));
                } else {
                    path.push_back(to);
                    walk(path, steps, names);
                    path.pop_back();
                }
                steps.pop_back();
            }
        }
    }

    const TxnHistory& history_;
    Doubles doubles_ = Doubles::one;
    std::vector<std::uint32_t> happened_;
    std::map<ValueId, std::vector<std::uint32_t>> orders_;  // by key: who wrote it
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<Relations>> relations_;
};

}  // namespace geode::check::txn::oracle

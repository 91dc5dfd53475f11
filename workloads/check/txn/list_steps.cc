// SPDX-License-Identifier: Apache-2.0

// The words for the steps of a cycle: the key, the version and the micro-operations behind an edge
// of list_graph.

#include <algorithm>

#include "workloads/check/txn/list_graph.h"

namespace geode::check::txn {
namespace {

class StepWords {
public:
    StepWords(const ListIndex& index, const CycleStep& step)
        : index_(index),
          history_(index.history()),
          step_(step),
          from_(std::to_string(step.from)),
          to_(std::to_string(step.to)) {}

    std::string run() const {
        switch (step_.relation) {
            case ww: return write_write();
            case wr: return write_read();
            case rw: return read_write();
            case process:
                return "process " + std::to_string(history_.transactions[step_.from].process) +
                       " ran " + from_ + " before " + to_;
            case realtime: return from_ + " had completed before " + to_ + " was invoked";
            default: GEODE_UNREACHABLE("not a relation of a step");
        }
    }

private:
    const Transaction& transaction(std::uint32_t number) const {
        return history_.transactions[number];
    }
    std::string value(ValueId id) const { return history_.values.describe(id); }
    bool counts(std::uint32_t append) const {
        return append != no_append && index_.committed()[index_.append(append).transaction];
    }
    /// The last append that counts among the first `versions` of the key, or no_append.
    std::uint32_t last_before(std::uint32_t key, std::uint32_t versions) const {
        const auto order = index_.order(key);
        for (std::uint32_t version = versions; version-- > 0;) {
            if (counts(order[version])) return order[version];
        }
        return no_append;
    }
    /// Versions of the key before the append.
    std::uint32_t versions_before(const Append& append) const {
        const auto all = static_cast<std::uint32_t>(index_.order(append.key).size());
        return append.version == no_version ? all : append.version - 1;
    }

    std::string write_write() const;
    std::string write_read() const;
    std::string read_write() const;
    std::string overwrites(std::uint32_t read) const;

    const ListIndex& index_;
    const TxnHistory& history_;
    const CycleStep& step_;
    std::string from_;
    std::string to_;
};

std::string StepWords::write_write() const {
    for (const Mop& mop : history_.mops_of(transaction(step_.to))) {
        if (mop.kind != MopKind::append) continue;
        const Append& append = index_.append(index_.find(index_.key_of(mop), mop.value));
        const std::uint32_t before = last_before(append.key, versions_before(append));
        if (before == no_append || index_.append(before).transaction != step_.from) continue;
        return from_ + " appended " + value(index_.append(before).element) + " to key " +
               value(mop.key) + ", and " + to_ + " appended " + value(mop.value) + " behind it";
    }
    GEODE_UNREACHABLE("a ww edge without appends");
}

std::string StepWords::write_read() const {
    for (const Mop& mop : history_.mops_of(transaction(step_.to))) {
        if (mop.kind != MopKind::read_list || mop.list_begin == mop.list_end) continue;
        const ValueId last = history_.list_of(mop).back();
        const std::uint32_t append = index_.find(index_.key_of(mop), last);
        if (append == no_append || index_.append(append).transaction != step_.from) continue;
        return from_ + " appended " + value(last) + " to key " + value(mop.key) + ", and " + to_ +
               " saw it: " + describe(history_, mop);
    }
    GEODE_UNREACHABLE("a wr edge without a read");
}

std::string StepWords::read_write() const {
    const Transaction& reader = transaction(step_.from);
    for (std::uint32_t mop = reader.mops_begin; mop < reader.mops_end; ++mop) {
        if (history_.mops[mop].kind != MopKind::read_list) continue;
        const std::string words = overwrites(mop);
        if (!words.empty()) return words;
    }
    GEODE_UNREACHABLE("an rw edge without a read");
}

/// The words if the step's second transaction overwrote this read, else nothing.
std::string StepWords::overwrites(std::uint32_t read) const {
    const std::uint32_t version = index_.version_of(read);
    if (version == no_version) return {};
    const Mop& seen = history_.mops[read];
    const std::uint32_t key = index_.key_of(seen);
    const auto later = index_.order(key).subspan(version);
    const auto next =
        std::ranges::find_if(later, [&](std::uint32_t append) { return counts(append); });
    for (const Mop& mop : history_.mops_of(transaction(step_.to))) {
        if (mop.kind != MopKind::append || mop.key != seen.key) continue;
        const std::uint32_t append = index_.find(key, mop.value);
        const bool unseen = index_.append(append).version == no_version;
        const bool overwrote = next == later.end() ? unseen : append == *next;
        if (!overwrote) continue;
        return from_ + ": " + describe(history_, seen) + ", which " + to_ +
               " overwrote by appending " + value(mop.value);
    }
    return {};
}

}  // namespace

std::string explain_step(const ListIndex& index, const CycleStep& step) {
    return StepWords(index, step).run();
}

}  // namespace geode::check::txn

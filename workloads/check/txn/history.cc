// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/history.h"

#include <algorithm>

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t running_salt = 0x7478;

constexpr std::size_t described_elements_max = 12;

std::string process_words(std::int64_t process) {
    return "process " + std::to_string(process);
}

std::string list_words(const TxnHistory& history, std::span<const ValueId> list) {
    std::string out = "[";
    const std::size_t half = described_elements_max / 2;
    for (std::size_t index = 0; index < list.size(); ++index) {
        if (list.size() > described_elements_max && index == half) {
            out.append(" ...");
            index = list.size() - half;
        }
        if (index != 0) out.append(" ");
        out.append(history.values.describe(list[index]));
    }
    return out.append("]");
}

bool reads(const Mop& mop) {
    return mop.kind == MopKind::read || mop.kind == MopKind::read_list;
}

std::uint32_t size_of(const auto& items) {
    GEODE_ASSERT(items.size() < UINT32_MAX);
    return static_cast<std::uint32_t>(items.size());
}

}  // namespace

std::string describe(const TxnHistory& history, const Mop& mop) {
    const std::string key = history.values.describe(mop.key);
    switch (mop.kind) {
        case MopKind::append: return "append " + key + " " + history.values.describe(mop.value);
        case MopKind::write: return "write " + key + " " + history.values.describe(mop.value);
        case MopKind::read_list:
            return "read " + key +
                   (mop.known ? " = " + list_words(history, history.list_of(mop)) : "");
        case MopKind::read:
            return "read " + key + (mop.known ? " = " + history.values.describe(mop.value) : "");
    }
    GEODE_UNREACHABLE("MopKind out of range");
}

std::string describe(const TxnHistory& history, const Transaction& transaction) {
    std::string out;
    for (const Mop& mop : history.mops_of(transaction)) {
        out.append(out.empty() ? "" : ", ").append(describe(history, mop));
    }
    return out;
}

TxnHistoryBuilder::TxnHistoryBuilder() : running_(running_salt) {}

void TxnHistoryBuilder::append(ValueId key, ValueId value) {
    history_.mops.push_back(Mop{.kind = MopKind::append, .key = key, .value = value});
}

void TxnHistoryBuilder::write(ValueId key, ValueId value) {
    history_.mops.push_back(Mop{.kind = MopKind::write, .key = key, .value = value});
}

void TxnHistoryBuilder::read(ValueId key, ValueId value) {
    history_.mops.push_back(Mop{.kind = MopKind::read, .key = key, .value = value});
}

void TxnHistoryBuilder::read_list(ValueId key, std::span<const ValueId> elements) {
    const std::uint32_t begin = size_of(history_.elements);
    history_.elements.insert(history_.elements.end(), elements.begin(), elements.end());
    history_.mops.push_back(Mop{.kind = MopKind::read_list,
                                .key = key,
                                .list_begin = begin,
                                .list_end = size_of(history_.elements)});
}

void TxnHistoryBuilder::read_unknown(ValueId key, MopKind kind) {
    GEODE_ASSERT(kind == MopKind::read || kind == MopKind::read_list);
    history_.mops.push_back(Mop{.kind = kind, .known = false, .key = key});
}

void TxnHistoryBuilder::discard() {
    history_.mops.resize(pending_mops_);
    history_.elements.resize(pending_elements_);
}

void TxnHistoryBuilder::attach(Transaction& transaction) {
    transaction.mops_begin = pending_mops_;
    transaction.mops_end = size_of(history_.mops);
    pending_mops_ = transaction.mops_end;
    pending_elements_ = size_of(history_.elements);
}

Result<void> TxnHistoryBuilder::begin(std::int64_t process, std::int64_t time_ns) {
    if (running(process)) {
        discard();
        return make_error(ErrorCode::invalid_argument,
                          process_words(process) +
                              " begins a transaction while its previous one is still running");
    }
    running_[process] = size_of(history_.transactions);
    Transaction& begun = history_.transactions.emplace_back();
    begun.process = process;
    begun.invoked = position_++;
    begun.invoked_ns = time_ns;
    attach(begun);
    return {};
}

Result<void> TxnHistoryBuilder::check_answers(Completion completion, std::int64_t process,
                                              const Transaction& transaction) const {
    if (completion != Completion::ok) return {};
    const bool answered = size_of(history_.mops) != pending_mops_;
    const std::span<const Mop> mops =
        answered ? std::span(history_.mops).subspan(pending_mops_) : history_.mops_of(transaction);
    if (std::ranges::any_of(mops, [](const Mop& mop) { return reads(mop) && !mop.known; })) {
        return make_error(
            ErrorCode::invalid_argument,
            process_words(process) + " commits a transaction with a read that has no answer");
    }
    return {};
}

Result<void> TxnHistoryBuilder::end(std::int64_t process, Completion completion,
                                    std::uint64_t source, std::int64_t time_ns) {
    GEODE_ASSERT(completion != Completion::refused);
    const auto found = running_.find(process);
    if (found == running_.end()) {
        discard();
        return make_error(
            ErrorCode::invalid_argument,
            process_words(process) + " ends a transaction, but none of it is running");
    }
    Transaction& ended = history_.transactions[found->second];
    if (auto checked = check_answers(completion, process, ended); !checked) {
        discard();
        return checked;
    }
    if (size_of(history_.mops) != pending_mops_) attach(ended);
    if (completion != Completion::ok) {
        for (std::uint32_t index = ended.mops_begin; index < ended.mops_end; ++index) {
            if (reads(history_.mops[index])) history_.mops[index].known = false;
        }
    }
    ended.completion = completion;
    const std::uint64_t position = position_++;
    ended.completed = completion == Completion::unknown ? never_completed : position;
    ended.source = source;
    ended.completed_ns = time_ns;
    running_.erase(found);
    return {};
}

Result<void> TxnHistoryBuilder::add(std::int64_t process, Completion completion,
                                    std::uint64_t source, std::int64_t time_ns) {
    if (auto checked = check_answers(completion, process, {}); !checked) {
        discard();
        return checked;
    }
    // begin() takes what was put together, and end() keeps it, as nothing comes after.
    GEODE_TRY_VOID(begin(process, time_ns));
    history_.timed = false;
    return end(process, completion, source, time_ns);
}

TxnHistory TxnHistoryBuilder::finish() && {
    discard();
    return std::move(history_);
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/record/bank_history.h"

#include "workloads/check/totals.h"

namespace geode::workloads {

void BankHistory::invoke(std::int64_t process, check::Function function, check::ValueId argument) {
    check::Call call;
    call.process = process;
    call.function = function;
    call.argument = argument;
    call.time_ns = stopwatch_.elapsed_ns();
    const Result<void> taken = builder_.invoke(call);
    GEODE_ASSERT_MSG(taken.has_value(), "a process has one operation at a time");
}

void BankHistory::invoked_read(std::int64_t process) {
    invoke(process, check::Function::read, check::nil_value);
}

void BankHistory::invoked_transfer(std::int64_t process, const Transfer& transfer) {
    check::ValueTable& values = builder_.values();
    const std::pair<std::string_view, std::int64_t> members[] = {
        {":from", transfer.from}, {":to", transfer.to}, {":amount", transfer.amount}};
    std::vector<check::ValueId> pairs;
    for (const auto& [name, number] : members) {
        const check::ValueId pair[] = {values.text(name), values.integer(number)};
        pairs.push_back(values.list(pair));
    }
    invoke(process, check::Function::transfer, values.list(pairs));
}

check::ValueId BankHistory::value_of(std::span<const std::int64_t> balances) {
    check::ValueTable& values = builder_.values();
    std::vector<check::ValueId> pairs;
    for (std::size_t account = 0; account < balances.size(); ++account) {
        const check::ValueId pair[] = {values.integer(static_cast<std::int64_t>(account)),
                                       values.integer(balances[account])};
        pairs.push_back(values.list(pair));
    }
    return values.list(pairs);
}

void BankHistory::completed(std::int64_t process, Ending ending,
                            std::span<const std::int64_t> balances) {
    const check::Operation* const running = builder_.running(process);
    GEODE_ASSERT_MSG(running != nullptr, "what completes was invoked");
    const bool answered = running->function == check::Function::read && ending == Ending::ok;
    Result<void> taken;
    const std::int64_t now = stopwatch_.elapsed_ns();
    switch (ending) {
        case Ending::ok:
            taken = builder_.ok(process, answered ? value_of(balances) : check::nil_value, now);
            break;
        case Ending::refused:
        case Ending::fail: taken = builder_.fail(process, now); break;
        case Ending::unknown: taken = builder_.info(process, now); break;
    }
    GEODE_ASSERT(taken.has_value());
}

check::Judgement judge_bank_history(const check::History& history, std::uint32_t accounts) {
    check::BankOptions options;
    options.total = first_balance * accounts;
    for (std::uint32_t account = 0; account < accounts; ++account) {
        options.accounts.push_back(std::to_string(account));
    }
    Result<check::Judgement> judged = check::check_bank(history, options);
    GEODE_ASSERT_MSG(judged.has_value(), "the checker knows all that the workload does");
    return *std::move(judged);
}

}  // namespace geode::workloads

// SPDX-License-Identifier: Apache-2.0
#include "workloads/bank.h"

namespace geode::workloads {
namespace {

constexpr std::string_view balance_property = "balance";
constexpr std::int64_t amount_max = 5;  // of one transfer
constexpr std::uint32_t last_read_attempts_max = 20;

/// What an account holds, as the transaction sees it.
Result<std::int64_t> balance_of(OptimisticTransaction& transaction, std::uint32_t account) {
    GEODE_TRY(const graph::Value value, transaction.read(VertexId(account)));
    if (value.is_null()) return first_balance;
    if (value.kind() != graph::ValueKind::int64) {
        return make_error(ErrorCode::invalid_argument, "not a balance: " + graph::to_text(value));
    }
    return value.int64();
}

Transfer draw_transfer(Prng& prng, std::uint32_t accounts) {
    Transfer transfer;
    transfer.from = static_cast<std::uint32_t>(prng.below(accounts));
    transfer.to = static_cast<std::uint32_t>(prng.below(accounts - 1));
    if (transfer.to >= transfer.from) ++transfer.to;
    transfer.amount = prng.between(std::int64_t{1}, amount_max);
    return transfer;
}

Ending ending_checked(const Result<graph::Outcome>& outcome) {
    GEODE_ASSERT_MSG(!outcome || outcome->code != graph::OutcomeCode::invalid,
                     "balances are far below the graph's limits");
    GEODE_ASSERT_MSG(outcome || outcome.code() != ErrorCode::invalid_argument,
                     "nobody writes anything but balances");
    return ending_of(outcome);
}

/// The read and what becomes of it, both recorded.
Ending read_recorded(PropertyStore& store, std::uint32_t accounts, std::int64_t process,
                     BankRecorder& recorder) {
    recorder.invoked_read(process);
    std::vector<std::int64_t> balances;
    const Ending ending = ending_checked(read_balances(store, accounts, balances));
    if (ending != Ending::ok) balances.clear();
    recorder.completed(process, ending, balances);
    return ending;
}

Ending transfer_recorded(PropertyStore& store, const Transfer& transfer, std::int64_t process,
                         BankRecorder& recorder) {
    recorder.invoked_transfer(process, transfer);
    const Ending ending = ending_checked(perform(store, transfer));
    recorder.completed(process, ending, {});
    return ending;
}

}  // namespace

Result<graph::Outcome> read_balances(PropertyStore& store, std::uint32_t accounts,
                                     std::vector<std::int64_t>& balances) {
    OptimisticTransaction transaction(store, balance_property);
    balances.clear();
    for (std::uint32_t account = 0; account < accounts; ++account) {
        GEODE_TRY(const std::int64_t balance, balance_of(transaction, account));
        balances.push_back(balance);
    }
    return transaction.commit();
}

Result<graph::Outcome> perform(PropertyStore& store, const Transfer& transfer) {
    GEODE_ASSERT(transfer.from != transfer.to && transfer.amount > 0);
    OptimisticTransaction transaction(store, balance_property);
    GEODE_TRY(const std::int64_t from, balance_of(transaction, transfer.from));
    GEODE_TRY(const std::int64_t to, balance_of(transaction, transfer.to));
    if (from < transfer.amount) {
        return graph::Outcome{
            graph::OutcomeCode::conflict,
            "account " + std::to_string(transfer.from) + " holds only " + std::to_string(from),
            graph::Value(from)};
    }
    transaction.write(VertexId(transfer.from), graph::Value(from - transfer.amount));
    transaction.write(VertexId(transfer.to), graph::Value(to + transfer.amount));
    return transaction.commit();
}

void run_bank_client(World& world, node::Client& client, const BankOptions& options,
                     const Control& control, BankRecorder& recorder, Progress& progress) {
    GEODE_ASSERT(options.accounts >= 2 && options.client < options.clients);
    Prng prng = world.random().stream("workload");
    ProcessNumber process(options.client, options.clients);
    ClientStore store(world, client, options.pace.deadline);
    while (!control.stop) {
        think(world, prng, options.pace);
        if (control.stop) break;
        const bool reads = prng.chance(1, 2);
        const Transfer transfer = draw_transfer(prng, options.accounts);
        const MonoTime begun = world.now();
        const Ending ending =
            reads ? read_recorded(store, options.accounts, process.value(), recorder)
                  : transfer_recorded(store, transfer, process.value(), recorder);
        if (ending == Ending::unknown) process.abandon();
        progress.count(ending, world.now() - begun);
    }
    progress.finished = true;
}

Result<void> read_last_balances(PropertyStore& store, std::uint32_t accounts, std::int64_t process,
                                BankRecorder& recorder) {
    for (std::uint32_t attempt = 0; attempt < last_read_attempts_max; ++attempt) {
        const Ending ending = read_recorded(store, accounts, process, recorder);
        if (ending == Ending::ok) return {};
        if (ending != Ending::refused) break;
    }
    return make_error(ErrorCode::unavailable, "the balances were not read at the end");
}

}  // namespace geode::workloads

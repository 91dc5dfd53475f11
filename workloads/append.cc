// SPDX-License-Identifier: Apache-2.0
#include "workloads/append.h"

#include <algorithm>

namespace geode::workloads {
namespace {

constexpr std::string_view list_property = "list";
constexpr std::uint64_t operations_per_transaction_max = 4;
constexpr std::uint64_t last_reads_per_transaction = 8;
constexpr std::uint32_t last_read_attempts_max = 20;

Result<std::vector<std::int64_t>> elements_of(const graph::Value& value) {
    std::vector<std::int64_t> elements;
    if (value.is_null()) return elements;
    const auto is_integer = [](const graph::Value& element) {
        return element.kind() == graph::ValueKind::int64;
    };
    if (value.kind() != graph::ValueKind::list || !std::ranges::all_of(value.list(), is_integer)) {
        return make_error(ErrorCode::invalid_argument,
                          "not a list of integers: " + graph::to_text(value));
    }
    for (const graph::Value& element : value.list()) elements.push_back(element.int64());
    return elements;
}

graph::Value value_of(std::span<const std::int64_t> elements) {
    return graph::List(elements.begin(), elements.end());
}

std::vector<MicroOperation> draw_transaction(Prng& prng, AppendKeys& keys) {
    std::vector<MicroOperation> operations(1 + prng.below(operations_per_transaction_max));
    for (MicroOperation& operation : operations) {
        const auto slot = static_cast<std::uint32_t>(prng.below(keys.hot()));
        if (prng.chance(1, 2)) {
            operation = keys.next_append(slot);
        } else {
            operation.key = keys.key(slot);
        }
    }
    return operations;
}

/// The transaction and what becomes of it, both recorded.
Ending perform_recorded(PropertyStore& store, std::span<MicroOperation> operations,
                        std::int64_t process, AppendRecorder& recorder) {
    recorder.invoked(process, operations);
    const Result<graph::Outcome> outcome = perform(store, operations);
    GEODE_ASSERT_MSG(!outcome || outcome->code != graph::OutcomeCode::invalid,
                     "lists are far below the graph's limits");
    GEODE_ASSERT_MSG(outcome || outcome.code() != ErrorCode::invalid_argument,
                     "nobody writes anything but lists of integers");
    const Ending ending = ending_of(outcome);
    recorder.completed(process, ending, operations);
    return ending;
}

}  // namespace

Result<graph::Outcome> perform(PropertyStore& store, std::span<MicroOperation> operations) {
    OptimisticTransaction transaction(store, list_property);
    for (MicroOperation& operation : operations) {
        GEODE_TRY(const graph::Value list, transaction.read(operation.key));
        GEODE_TRY(std::vector<std::int64_t> elements, elements_of(list));
        if (operation.function == MicroFunction::read) {
            operation.seen = std::move(elements);
        } else {
            elements.push_back(operation.element);
            transaction.write(operation.key, value_of(elements));
        }
    }
    return transaction.commit();
}

AppendKeys::AppendKeys(std::uint32_t hot, std::uint32_t appends_per_key)
    : appends_per_key_(appends_per_key) {
    GEODE_ASSERT(hot >= 1 && appends_per_key >= 1);
    for (std::uint32_t slot = 0; slot < hot; ++slot) slots_.push_back(fresh());
}

MicroOperation AppendKeys::next_append(std::uint32_t slot) {
    Slot& used = slots_.at(slot);
    MicroOperation append;
    append.function = MicroFunction::append;
    append.key = used.key;
    append.element = ++used.appends;
    if (used.appends == appends_per_key_) used = fresh();
    return append;
}

void run_append_client(World& world, node::Client& client, const AppendOptions& options,
                       const Control& control, AppendKeys& keys, AppendRecorder& recorder,
                       Progress& progress) {
    GEODE_ASSERT(options.client < options.clients);
    Prng prng = world.random().stream("workload");
    ProcessNumber process(options.client, options.clients);
    ClientStore store(world, client, options.pace.deadline);
    while (!control.stop) {
        think(world, prng, options.pace);
        if (control.stop) break;
        std::vector<MicroOperation> operations = draw_transaction(prng, keys);
        const MonoTime begun = world.now();
        const Ending ending = perform_recorded(store, operations, process.value(), recorder);
        if (ending == Ending::unknown) process.abandon();
        progress.count(ending, world.now() - begun);
    }
    progress.finished = true;
}

Result<void> read_all_lists(PropertyStore& store, std::uint64_t keys, std::int64_t process,
                            AppendRecorder& recorder) {
    std::uint32_t attempts = 0;
    for (std::uint64_t key = 1; key <= keys;) {
        const std::uint64_t end = std::min(key + last_reads_per_transaction, keys + 1);
        std::vector<MicroOperation> reads(end - key);
        for (std::uint64_t i = 0; i < reads.size(); ++i) reads[i].key = VertexId(key + i);
        const Ending ending = perform_recorded(store, reads, process, recorder);
        if (ending == Ending::ok) {
            key = end;
            attempts = 0;
        } else if (ending != Ending::refused || ++attempts == last_read_attempts_max) {
            return make_error(ErrorCode::unavailable,
                              "the lists from " + std::to_string(key) + " on were not read");
        }
    }
    return {};
}

}  // namespace geode::workloads

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/partition.h"

#include <algorithm>

#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::uint64_t lookup_salt = 0x7061;  // lookups only, never iterated

/// Renumbers global event positions, which have holes, to 0, 1, 2...
void number_events(Partition& partition) {
    struct Stamp {
        std::uint64_t position;
        Event event;
    };
    std::vector<Stamp> stamps;
    stamps.reserve(partition.entries.size() * 2);
    for (std::uint32_t index = 0; index < partition.entries.size(); ++index) {
        const Operation& operation = partition.entries[index].operation;
        stamps.push_back({operation.invoked, Event{index, false}});
        if (operation.completion == Completion::unknown) continue;
        GEODE_ASSERT(operation.completed != never_completed);
        GEODE_ASSERT(operation.invoked < operation.completed);
        stamps.push_back({operation.completed, Event{index, true}});
    }
    std::sort(stamps.begin(), stamps.end(),
              [](const Stamp& a, const Stamp& b) { return a.position < b.position; });
    GEODE_ASSERT(stamps.size() < pending);
    partition.events.reserve(stamps.size());
    for (const Stamp& stamp : stamps) {
        const auto position = static_cast<std::uint32_t>(partition.events.size());
        Entry& entry = partition.entries[stamp.event.entry];
        (stamp.event.completes ? entry.completed : entry.invoked) = position;
        partition.events.push_back(stamp.event);
    }
}

/// By key: whether its object is one. A set that is never read whole is as many objects as it has
/// elements.
std::vector<bool> read_whole(const History& history, const Model& model) {
    const bool sets = model.discipline() == Discipline::set;
    std::vector<bool> whole(history.values.count(), !sets);
    for (const Operation& operation : history.operations) {
        if (operation.function == Function::read) whole[operation.key.value()] = true;
    }
    return whole;
}

}  // namespace

std::vector<Partition> split(const History& history, const Model& model) {
    const std::unique_ptr<Machine> machine = model.start(history.values);
    const std::vector<bool> whole = read_whole(history, model);
    std::vector<Partition> partitions;
    HashMap<std::uint64_t, std::uint32_t> partition_of(lookup_salt);
    for (std::uint32_t index = 0; index < history.operations.size(); ++index) {
        const Operation& operation = history.operations[index];
        if (operation.completion == Completion::fail) continue;
        const bool pure = machine->pure(operation);
        if (pure && operation.completion == Completion::unknown) continue;
        const ValueId key = model.splits_by_key() ? operation.key : nil_value;
        std::optional<ValueId> element;
        if (!whole[key.value()]) element = operation.argument;
        const std::uint64_t place =
            (std::uint64_t{key.value()} << 32) | (element ? element->value() + 1 : 0);
        const auto made = static_cast<std::uint32_t>(partitions.size());
        const auto [found, fresh] = partition_of.try_emplace(place, made);
        if (fresh) {
            partitions.push_back(
                Partition{.key = key, .element = element, .entries = {}, .events = {}});
        }
        partitions[found->second].entries.push_back(
            Entry{.operation = operation, .source = index, .pure = pure});
    }
    for (Partition& partition : partitions) {
        // In histories as recorded they are; not where reads were moved (staleness.h).
        std::ranges::stable_sort(partition.entries, {},
                                 [](const Entry& entry) { return entry.operation.invoked; });
        number_events(partition);
    }
    return partitions;
}

Partition truncate(const Partition& partition, std::uint32_t position) {
    GEODE_ASSERT(position <= partition.events.size());
    Partition out{.key = partition.key, .element = partition.element, .entries = {}, .events = {}};
    for (const Entry& entry : partition.entries) {
        if (entry.invoked >= position) break;
        const bool open = entry.completed == pending || entry.completed >= position;
        if (open && entry.pure) continue;
        Entry copy = entry;
        if (open) {
            copy.operation.completion = Completion::unknown;
            copy.operation.result = nil_value;
        }
        out.entries.push_back(copy);
    }
    for (Entry& entry : out.entries) {
        entry.invoked = 0;
        entry.completed = pending;
    }
    number_events(out);
    return out;
}

}  // namespace geode::check

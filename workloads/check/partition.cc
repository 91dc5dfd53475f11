// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/partition.h"

#include <algorithm>

#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::uint64_t lookup_salt = 0x7061;  // lookups only, never iterated

struct Stamp {
    std::uint64_t position = never_completed;
    Event event;
};

/// Sorts by position. Where these lie close together, as those of a history of one object do, each
/// goes to its place at once.
void sort_stamps(std::vector<Stamp>& stamps) {
    constexpr std::uint64_t holes_max = 3;  // for each stamp
    if (stamps.empty()) return;
    const auto [first, last] = std::ranges::minmax(stamps, {}, &Stamp::position);
    const std::uint64_t span = last.position - first.position + 1;
    if (span > stamps.size() * (holes_max + 1)) {
        std::ranges::sort(stamps, {}, &Stamp::position);
        return;
    }
    std::vector<Stamp> places(span);
    for (const Stamp& stamp : stamps) places[stamp.position - first.position] = stamp;
    std::erase_if(places, [](const Stamp& stamp) { return stamp.position == never_completed; });
    GEODE_ASSERT_MSG(places.size() == stamps.size(), "two events at one position");
    stamps = std::move(places);
}

/// Renumbers global event positions, which have holes, to 0, 1, 2...
void number_events(Partition& partition) {
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
    sort_stamps(stamps);
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
    if (!sets) return whole;
    for (const Operation& operation : history.operations) {
        if (operation.function == Function::read) whole[operation.key.value()] = true;
    }
    return whole;
}

constexpr std::uint32_t no_object = UINT32_MAX;

/// Makes a partition, still empty, of each object; tells by operation which is its, or no_object if
/// it cannot matter.
std::vector<std::uint32_t> find_objects(const History& history, const Model& model,
                                        const Machine& machine,
                                        std::vector<Partition>& partitions) {
    const std::vector<bool> whole = read_whole(history, model);
    HashMap<std::uint64_t, std::uint32_t> objects(lookup_salt);
    std::vector<std::uint32_t> object_of;
    object_of.reserve(history.operations.size());
    for (const Operation& operation : history.operations) {
        const bool open = operation.completion == Completion::unknown;
        if (operation.completion == Completion::fail || (open && machine.pure(operation))) {
            object_of.push_back(no_object);
            continue;
        }
        const ValueId key = model.splits_by_key() ? operation.key : nil_value;
        std::optional<ValueId> element;
        if (!whole[key.value()]) element = operation.argument;
        const std::uint64_t place =
            (std::uint64_t{key.value()} << 32) | (element ? element->value() + 1 : 0);
        const auto made = static_cast<std::uint32_t>(partitions.size());
        const auto [found, fresh] = objects.try_emplace(place, made);
        if (fresh) {
            partitions.push_back(
                Partition{.key = key, .element = element, .entries = {}, .events = {}});
        }
        object_of.push_back(found->second);
    }
    return object_of;
}

}  // namespace

std::vector<Partition> split(const History& history, const Model& model) {
    const std::unique_ptr<Machine> machine = model.start(history.values);
    std::vector<Partition> partitions;
    const std::vector<std::uint32_t> object_of = find_objects(history, model, *machine, partitions);
    std::vector<std::size_t> sizes(partitions.size());
    for (const std::uint32_t object : object_of) {
        if (object != no_object) ++sizes[object];
    }
    for (std::size_t object = 0; object < sizes.size(); ++object) {
        partitions[object].entries.reserve(sizes[object]);
    }
    for (std::uint32_t index = 0; index < object_of.size(); ++index) {
        if (object_of[index] == no_object) continue;
        const Operation& operation = history.operations[index];
        partitions[object_of[index]].entries.push_back(
            Entry{.operation = operation, .source = index, .pure = machine->pure(operation)});
    }
    for (Partition& partition : partitions) {
        // In histories as recorded they are in order; not where reads were moved (staleness.h).
        const auto invoked = [](const Entry& entry) { return entry.operation.invoked; };
        if (!std::ranges::is_sorted(partition.entries, {}, invoked)) {
            std::ranges::stable_sort(partition.entries, {}, invoked);
        }
        number_events(partition);
    }
    return partitions;
}

Operation known_before(const Entry& entry, std::uint32_t position) {
    Operation operation = entry.operation;
    if (entry.completed == pending || entry.completed >= position) {
        operation.completion = Completion::unknown;
        operation.result = nil_value;
    }
    return operation;
}

Partition truncate(const Partition& partition, std::uint32_t position) {
    GEODE_ASSERT(position <= partition.events.size());
    Partition out{.key = partition.key, .element = partition.element, .entries = {}, .events = {}};
    for (const Entry& entry : partition.entries) {
        if (entry.invoked >= position) break;
        const bool open = entry.completed == pending || entry.completed >= position;
        if (open && entry.pure) continue;
        Entry& copy = out.entries.emplace_back(entry);
        copy.operation = known_before(entry, position);
    }
    for (Entry& entry : out.entries) {
        entry.invoked = 0;
        entry.completed = pending;
    }
    number_events(out);
    return out;
}

}  // namespace geode::check

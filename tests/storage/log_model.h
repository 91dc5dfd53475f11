// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model of LogStore: a map per group, changed one record at a time.
//
// LogStore promises that a crash leaves the effect of some prefix of the records submitted, not
// shorter than what was acknowledged. So the model keeps the state after every record.

#include <map>
#include <string>
#include <vector>

#include "storage/log_store.h"

namespace geode::storage::test {

struct ModelGroup {
    HardState hard_state;
    std::uint64_t start = 0;
    std::uint64_t start_term = 0;
    std::vector<std::pair<std::uint64_t, std::string>> entries;  ///< term; type and payload
    std::uint64_t last() const { return start + entries.size(); }
    friend bool operator==(const ModelGroup&, const ModelGroup&) = default;
};
using ModelState = std::map<std::uint32_t, ModelGroup>;

/// One call of LogStore.
struct ModelOperation {
    enum class Kind { write, compact, reset } kind = Kind::write;
    std::uint32_t group = 1;
    std::optional<HardState> hard_state;
    std::uint64_t index = 0;  ///< of the first entry, or of the marker
    std::uint64_t term = 1;
    std::vector<std::string> payloads;
};

/// Applies `operation` record by record, appending each state to `history`, which is not empty.
inline void apply_operation(const ModelOperation& operation, std::vector<ModelState>& history) {
    const auto step = [&](auto&& change) {
        ModelState next = history.back();
        change(next[operation.group]);
        history.push_back(std::move(next));
    };
    if (operation.kind == ModelOperation::Kind::reset) {
        return step([&](ModelGroup& group) {
            group.start = operation.index;
            group.start_term = operation.term;
            group.entries.clear();
        });
    }
    if (operation.kind == ModelOperation::Kind::compact) {
        const auto found = history.back().find(operation.group);
        if (found == history.back().end() || operation.index <= found->second.start) return;
        return step([&](ModelGroup& group) {
            const auto gone = static_cast<std::ptrdiff_t>(operation.index - group.start);
            group.entries.erase(group.entries.begin(), group.entries.begin() + gone);
            group.start = operation.index;
            group.start_term = operation.term;
        });
    }
    if (operation.hard_state) {
        step([&](ModelGroup& group) { group.hard_state = *operation.hard_state; });
    }
    for (std::size_t i = 0; i < operation.payloads.size(); ++i) {
        step([&](ModelGroup& group) {
            group.entries.resize(operation.index + i - group.start - 1);
            group.entries.emplace_back(operation.term, "\x07" + operation.payloads[i]);
        });
    }
}

/// Calls the store. Suspends.
inline Result<void> run_operation(LogStore& store, const ModelOperation& operation) {
    const GroupId group(operation.group);
    const LogIndex index(operation.index);
    const Term term(operation.term);
    if (operation.kind == ModelOperation::Kind::reset) return store.reset(group, index, term);
    if (operation.kind == ModelOperation::Kind::compact) return store.compact(group, index, term);
    std::vector<LogEntry> entries;
    for (std::size_t i = 0; i < operation.payloads.size(); ++i) {
        entries.push_back(
            {index + i, term, 7, std::make_shared<const Bytes>(operation.payloads[i])});
    }
    const LogWrite write{group, operation.hard_state, entries};
    return store.write({&write, 1});
}

/// Takes what the store recovered.
inline ModelState take_state(LogStore& store) {
    ModelState state;
    for (const GroupId id : store.recovered_groups()) {
        GroupState group = store.take_recovered(id);
        ModelGroup& model = state[id.value()];
        model.hard_state = group.hard_state;
        model.start = group.start_index.value();
        model.start_term = group.start_term.value();
        for (const LogEntry& entry : group.entries) {
            GEODE_ASSERT(entry.index.value() == model.last() + 1);
            model.entries.emplace_back(entry.term.value(),
                                       static_cast<char>(entry.type) + *entry.payload);
        }
    }
    return state;
}

}  // namespace geode::storage::test

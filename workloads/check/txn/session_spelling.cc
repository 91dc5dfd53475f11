// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/session_spelling.h"

#include <algorithm>
#include <set>

namespace geode::check::txn {
namespace {

bool is_identifier(std::string_view word) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    constexpr std::size_t digits = 10;
    return !word.empty() && word.find_first_not_of(letters) == std::string_view::npos &&
           letters.substr(0, letters.size() - digits).find(word.front()) != std::string_view::npos;
}

}  // namespace

NotationLimits limits_of(SessionFormat format) {
    switch (format) {
        case SessionFormat::dbcop:
            return {.words = true, .least = 1, .not_zero = true, .aborts = Aborts::told};
        case SessionFormat::awdit: return {.least = INT64_MIN, .has_initial = false};
        case SessionFormat::plume:
        case SessionFormat::polysi:
            return {.least = INT64_MIN, .not_zero = true, .aborts = Aborts::told};
        case SessionFormat::cobra: return {.least = INT64_MIN};
    }
    GEODE_UNREACHABLE("SessionFormat out of range");
}

SessionSpelling::SessionSpelling(const SessionPlan& plan, const ValueTable& values,
                                 const NotationLimits& limits) {
    std::set<ValueId> keys;
    std::set<ValueId> versions;
    for_operations(plan, [&](const PlannedOperation& operation) {
        keys.insert(operation.key);
        if (operation.value != nil_value) versions.insert(operation.value);
    });
    const auto is_integer = [&](ValueId id) { return values.kind(id) == ValueKind::integer; };
    keys_kept_ = std::ranges::all_of(keys, [&](ValueId id) {
        if (!limits.words) return is_integer(id);
        return values.kind(id) == ValueKind::text && is_identifier(values.text_of(id));
    });
    values_kept_ = std::ranges::all_of(versions, [&](ValueId id) {
        return is_integer(id) && values.integer_of(id) >= limits.least &&
               !(limits.not_zero && values.integer_of(id) == 0);
    });
    for (const ValueId id : keys) {
        const std::int64_t number = static_cast<std::int64_t>(keys_.size()) + 1;
        std::string word = limits.words ? "x" + std::to_string(number) : std::string();
        if (keys_kept_ && limits.words) word = values.text_of(id);
        keys_[id] = {keys_kept_ && !limits.words ? values.integer_of(id) : number, word};
    }
    for (const ValueId id : versions) {
        const auto number = static_cast<std::int64_t>(versions_.size()) + 1;
        versions_[id] = values_kept_ ? values.integer_of(id) : number;
    }
}

void SessionSpelling::note(std::vector<std::string>& notes) const {
    if (!keys_kept_) notes.emplace_back("keys are numbered anew");
    if (!values_kept_) notes.emplace_back("values are numbered anew");
}

}  // namespace geode::check::txn

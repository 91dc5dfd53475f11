// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the notations that record sessions spell keys and values, and the writer of each, in
// session_text_writers.cc and session_binary_writers.cc. Internal to session_writer.cc and these.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "workloads/check/txn/session_plan.h"
#include "workloads/check/txn/session_writer.h"

namespace geode::check::txn {

/// What a notation can say.
struct NotationLimits {
    bool words = false;       ///< of keys: identifiers instead of integers
    std::int64_t least = 0;   ///< of values
    bool not_zero = false;    ///< of values: 0 is the initial one
    bool has_initial = true;  ///< there is an initial state
    Aborts aborts = Aborts::not_told;
};

NotationLimits limits_of(SessionFormat format);

/// Calls `each` with every operation of the plan.
template <class Each>
void for_operations(const SessionPlan& plan, const Each& each) {
    for (const auto& session : plan.sessions) {
        for (const PlannedTransaction& transaction : session) {
            for (const PlannedOperation& operation : transaction.operations) each(operation);
        }
    }
}

/// How keys and values are spelled: as they are if the notation can, else numbered from 1 in the
/// order in which the history's table has them.
class SessionSpelling {
public:
    SessionSpelling(const SessionPlan& plan, const ValueTable& values,
                    const NotationLimits& limits);

    std::int64_t key(ValueId id) const { return keys_.at(id).first; }
    const std::string& key_word(ValueId id) const { return keys_.at(id).second; }
    /// 0 for the initial one.
    std::int64_t value(ValueId id) const { return id == nil_value ? 0 : versions_.at(id); }
    std::size_t key_count() const { return keys_.size(); }

    /// Adds what was not kept.
    void note(std::vector<std::string>& notes) const;

private:
    bool keys_kept_ = true;
    bool values_kept_ = true;
    std::map<ValueId, std::pair<std::int64_t, std::string>> keys_;
    std::map<ValueId, std::int64_t> versions_;
};

std::string to_dbcop(const SessionPlan& plan, const SessionSpelling& spelling);
std::string to_awdit(const SessionPlan& plan, const SessionSpelling& spelling);
std::string to_plume(const SessionPlan& plan, const SessionSpelling& spelling);
std::string to_polysi(const SessionPlan& plan, const SessionSpelling& spelling);
/// invalid_argument if two transactions write one value to a key.
Result<std::vector<WrittenFile>> to_cobra(const SessionPlan& plan, const SessionSpelling& spelling);

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0

// Writers of the notations that are texts: dbcop, awdit, plume.

#include "workloads/check/txn/session_spelling.h"

namespace geode::check::txn {

std::string to_dbcop(const SessionPlan& plan, const SessionSpelling& spelling) {
    std::string out;
    for (const auto& session : plan.sessions) {
        if (!out.empty()) out.append("---\n");
        for (const PlannedTransaction& transaction : session) {
            out.append("[");
            for (const PlannedOperation& operation : transaction.operations) {
                if (out.back() != '[') out.append(" ");
                out.append(spelling.key_word(operation.key));
                out.append(operation.writes ? ":=" : "==");
                out.append(operation.value == nil_value
                               ? "?"
                               : std::to_string(spelling.value(operation.value)));
            }
            out.append(transaction.committed ? "]\n" : "]!\n");
        }
    }
    return out;
}

std::string to_awdit(const SessionPlan& plan, const SessionSpelling& spelling) {
    std::string out;
    for (const auto& session : plan.sessions) {
        if (!out.empty()) out.append("=====\n");
        bool first = true;
        for (const PlannedTransaction& transaction : session) {
            if (transaction.operations.empty()) continue;
            if (!first) out.append("-----\n");
            first = false;
            for (const PlannedOperation& operation : transaction.operations) {
                out.append(operation.writes ? "w " : "r ");
                out.append(std::to_string(spelling.key(operation.key))).append(" ");
                out.append(std::to_string(spelling.value(operation.value))).append("\n");
            }
        }
    }
    return out;
}

std::string to_plume(const SessionPlan& plan, const SessionSpelling& spelling) {
    std::string out;
    std::int64_t number = 0;
    for (std::size_t session = 0; session < plan.sessions.size(); ++session) {
        for (const PlannedTransaction& transaction : plan.sessions[session]) {
            const std::int64_t id = transaction.committed ? number++ : -1;
            for (const PlannedOperation& operation : transaction.operations) {
                out.append(operation.writes ? "w(" : "r(");
                for (const std::int64_t field :
                     {spelling.key(operation.key), spelling.value(operation.value),
                      static_cast<std::int64_t>(session)}) {
                    out.append(std::to_string(field)).append(",");
                }
                out.append(std::to_string(id)).append(")\n");
            }
        }
    }
    return out;
}

}  // namespace geode::check::txn

// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/session_writer.h"

#include "workloads/check/txn/session_spelling.h"

namespace geode::check::txn {
namespace {

bool reads_initial(const SessionPlan& plan) {
    bool found = false;
    for_operations(plan, [&found](const PlannedOperation& operation) {
        found = found || operation.value == nil_value;
    });
    return found;
}

}  // namespace

Result<WrittenSessions> write_sessions(const SessionHistory& recorded, SessionFormat format) {
    const NotationLimits limits = limits_of(format);
    GEODE_TRY(SessionPlan plan, plan_sessions(recorded, limits.aborts));
    if (!limits.has_initial && reads_initial(plan)) {
        return make_error(ErrorCode::invalid_argument,
                          "the notation has no initial state, and a transaction read from it");
    }
    const SessionSpelling spelling(plan, recorded.history.values, limits);
    WrittenSessions written{.files = {{.name = {}, .bytes = {}}}, .notes = std::move(plan.notes)};
    spelling.note(written.notes);
    std::string& bytes = written.files.front().bytes;
    switch (format) {
        case SessionFormat::dbcop: bytes = to_dbcop(plan, spelling); break;
        case SessionFormat::awdit: bytes = to_awdit(plan, spelling); break;
        case SessionFormat::plume: bytes = to_plume(plan, spelling); break;
        case SessionFormat::polysi: bytes = to_polysi(plan, spelling); break;
        case SessionFormat::cobra: {
            GEODE_TRY(written.files, to_cobra(plan, spelling));
            break;
        }
    }
    return written;
}

}  // namespace geode::check::txn

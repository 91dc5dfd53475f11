// SPDX-License-Identifier: Apache-2.0
#include "node/wire/client_codec.h"

namespace geode::wire {
namespace {

OutcomeCode code_of(const Applied& applied) {
    switch (applied.kind) {
        case Applied::Kind::session_registered: return OutcomeCode::OK;
        case Applied::Kind::session_expired: return OutcomeCode::SESSION_EXPIRED;
        case Applied::Kind::stale_sequence: return OutcomeCode::STALE_SEQUENCE;
        case Applied::Kind::outcome: break;
    }
    switch (applied.outcome.code) {
        case graph::OutcomeCode::ok: return OutcomeCode::OK;
        case graph::OutcomeCode::not_found: return OutcomeCode::NOT_FOUND;
        case graph::OutcomeCode::conflict: return OutcomeCode::CONFLICT;
        case graph::OutcomeCode::invalid: return OutcomeCode::INVALID;
    }
    GEODE_UNREACHABLE("an outcome code outside its enum");
}

Result<Applied> applied_of(OutcomeCode code) {
    using Kind = Applied::Kind;
    using Code = graph::OutcomeCode;
    switch (code) {
        case OutcomeCode::OK: return Applied{Kind::outcome, {Code::ok, {}, {}}, {}};
        case OutcomeCode::NOT_FOUND: return Applied{Kind::outcome, {Code::not_found, {}, {}}, {}};
        case OutcomeCode::CONFLICT: return Applied{Kind::outcome, {Code::conflict, {}, {}}, {}};
        case OutcomeCode::INVALID: return Applied{Kind::outcome, {Code::invalid, {}, {}}, {}};
        case OutcomeCode::SESSION_EXPIRED: return Applied{Kind::session_expired, {}, {}};
        case OutcomeCode::STALE_SEQUENCE: return Applied{Kind::stale_sequence, {}, {}};
    }
    return make_error(ErrorCode::unsupported, "an outcome of an unknown kind");
}

}  // namespace

Bytes encode_log_command(Scratch& scratch, const LogCommand& command) {
    auto builder = scratch.builder();
    auto root = builder.initRoot<LogPayload>();
    root.setSession(command.session.value());
    root.setSequence(command.sequence);
    if (command.command.has_value()) {
        build(root.initCommand(), *command.command);
    } else {
        root.setRegisterSession();
        root.setSessionsMax(command.sessions_max);
    }
    Bytes bytes;
    append_flat(bytes, builder);
    return bytes;
}

Result<LogCommand> decode_log_command(BytesView bytes) {
    return read_message<LogPayload>(bytes, [](LogPayload::Reader in) -> Result<LogCommand> {
        LogCommand command{SessionId(in.getSession()), in.getSequence(), std::nullopt, 0};
        switch (in.which()) {
            case LogPayload::REGISTER_SESSION:
                command.sessions_max = in.getSessionsMax();
                return command;
            case LogPayload::COMMAND: {
                GEODE_TRY(command.command, read(in.getCommand()));
                return command;
            }
        }
        return make_error(ErrorCode::unsupported, "a log payload of an unknown kind");
    });
}

void build(Outcome::Builder out, const Applied& applied) {
    out.setCode(code_of(applied));
    out.setMessage(as_data(applied.outcome.message));
    out.setSession(applied.session.value());
    if (applied.outcome.actual.has_value()) {
        out.setHasActual(true);
        build(out.initActual(), *applied.outcome.actual);
    }
}

Result<Applied> read(Outcome::Reader in) {
    GEODE_TRY(Applied applied, applied_of(in.getCode()));
    applied.outcome.message = text(in.getMessage());
    if (in.getHasActual()) {
        GEODE_TRY(applied.outcome.actual, read(in.getActual()));
    }
    applied.session = SessionId(in.getSession());
    if (!applied.session.is_none()) applied.kind = Applied::Kind::session_registered;
    return applied;
}

Bytes encode_applied(Scratch& scratch, const Applied& applied) {
    if (applied.kind == Applied::Kind::outcome && applied.outcome == graph::Outcome{}) return {};
    auto builder = scratch.builder();
    build(builder.initRoot<Outcome>(), applied);
    Bytes bytes;
    append_flat(bytes, builder);
    return bytes;
}

Result<Applied> decode_applied(BytesView bytes) {
    if (bytes.empty()) return Applied{};
    return read_message<Outcome>(bytes, [](Outcome::Reader in) { return read(in); });
}

}  // namespace geode::wire

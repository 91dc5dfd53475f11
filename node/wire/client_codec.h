// SPDX-License-Identifier: Apache-2.0
#pragma once

// Log payloads, outcomes and errors to and from node/wire/types.capnp and client.capnp.

#include <optional>

#include "base/ids.h"
#include "node/wire/client.capnp.h"
#include "node/wire/graph_codec.h"

namespace geode::wire {

/// A registration that names no maximum; part of the state machine, equal in all versions.
inline constexpr std::uint32_t sessions_max_default = 10'000;

/// What a log entry of type "command" asks of the state machine.
struct LogCommand {
    SessionId session;                      ///< none: applied without deduplication
    std::uint64_t sequence = 0;             ///< within the session, from 1
    std::optional<graph::Command> command;  ///< nothing: register a session
    std::uint32_t sessions_max = 0;         ///< of a registration; 0: sessions_max_default
};

/// What applying it came to; the same on every replica.
struct Applied {
    enum class Kind : std::uint8_t {
        outcome,             ///< the graph's answer
        session_registered,  ///< `session` is new
        session_expired,     ///< unknown session; not applied
        stale_sequence,      ///< a later request of the session came first; not applied
    };
    Kind kind = Kind::outcome;
    graph::Outcome outcome;
    SessionId session;
};

/// The flat bytes of a LogPayload: what the client sends, the log holds and replicas decode.
Bytes encode_log_command(Scratch& scratch, const LogCommand& command);
/// Errors: `protocol_error`, `unsupported`.
Result<LogCommand> decode_log_command(BytesView bytes);

void build(Outcome::Builder out, const Applied& applied);
Result<Applied> read(Outcome::Reader in);

/// Flat bytes of an Outcome, kept with its session. Empty stands for a plain `ok`.
Bytes encode_applied(Scratch& scratch, const Applied& applied);
Result<Applied> decode_applied(BytesView bytes);

}  // namespace geode::wire

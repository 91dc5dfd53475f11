// SPDX-License-Identifier: Apache-2.0
#pragma once

// The cluster protocol's frames to and from the types of consensus/raft (node/wire/raft.capnp).

#include <string>

#include "consensus/raft/types.h"
#include "node/wire/message.h"

namespace geode::wire {

/// The first frame of a cluster connection.
struct Hello {
    std::string cluster;
    NodeId from;
    NodeId to;
};

/// The most entries that a configuration may put into one append; a message with more is refused.
inline constexpr std::uint32_t append_entries_limit = 100'000;

/// Appends one frame.
void append_hello(Bytes& out, Scratch& scratch, const Hello& hello);
/// Errors: `protocol_error`, `unsupported` (another protocol version).
Result<Hello> read_hello(BytesView payload);

/// Appends one frame. Entry payloads are copied into it.
void append_raft_message(Bytes& out, Scratch& scratch, const raft::Message& message);
/// Checks types and ranges, not meaning: a decoded message may still be nonsense to Raft.
/// Error: `protocol_error`.
Result<raft::Message> read_raft_message(BytesView payload);

}  // namespace geode::wire

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Graph elements, commands and outcomes to and from node/wire/types.capnp.
//
// Reading checks structure (known kinds, bounded nesting); the graph layer checks meaning. Errors
// are `protocol_error`, and `unsupported` for union members of a newer protocol. Readers may throw
// kj::Exception on hostile bytes: call these inside read_message().

#include "graph/command.h"
#include "graph/element.h"
#include "node/wire/message.h"
#include "node/wire/types.capnp.h"

namespace geode::wire {

void build(Value::Builder out, const graph::Value& value);
void build(Vertex::Builder out, const graph::Vertex& vertex);
void build(EdgeKey::Builder out, const graph::EdgeKey& key);
void build(Edge::Builder out, const graph::Edge& edge);
void build(Command::Builder out, const graph::Command& command);

Result<graph::Value> read(Value::Reader in);
Result<graph::Vertex> read(Vertex::Reader in);
graph::EdgeKey read(EdgeKey::Reader in);
Result<graph::Edge> read(Edge::Reader in);
Result<graph::Command> read(Command::Reader in);

/// The text fields of one element, in bytes: what a builder's first segment should hold.
inline std::string text(capnp::Data::Reader bytes) {
    return std::string(view(bytes));
}

}  // namespace geode::wire

# SPDX-License-Identifier: Apache-2.0
# The client protocol (port 3141): frames of Request one way, Response the other.
# Requests may be pipelined; responses come in any order and carry the request's id.
@0x9c7d2b64f1038e55;

using Cxx = import "/capnp/c++.capnp";
using Types = import "types.capnp";
$Cxx.namespace("geode::wire");

enum Direction { out @0; in @1; both @2; }

struct Request {
  id @0 :UInt64;
  timeoutNs @1 :Int64;      # the server gives up after this, or a minute; 0: its default
  local @2 :Bool;           # reads: answer from this node's state, which may be old
  union {
    # A serialised LogPayload: the server proposes these very bytes.
    write @3 :Data;
    getVertex @4 :UInt64;
    getEdge @5 :Types.EdgeKey;
    neighbors :group {
      vertex @6 :UInt64;
      direction @7 :Direction;
      type @8 :Data;        # empty: any
      limit @9 :UInt32;     # 0: the server's maximum
      after @10 :Data;      # continuation of an earlier answer
    }
    status @11 :Void;
    digest @12 :Void;       # of the whole state, with the index it belongs to
    scanVertices :group { first @13 :UInt64; limit @14 :UInt32; }
    scanEdges :group { direction @15 :Direction; after @16 :Data; limit @17 :UInt32; }
  }
}

struct PeerStatus {
  node @0 :UInt32;
  matchIndex @1 :UInt64;    # leader only; 0 elsewhere
  lastHeardNs @2 :Int64;    # since a message came from it; negative: never
}

enum Role { follower @0; candidate @1; leader @2; preCandidate @3; }

struct Status {
  node @0 :UInt32;
  cluster @1 :Data;
  role @2 :Role;
  term @3 :UInt64;
  leader @4 :UInt32;
  commitIndex @5 :UInt64;
  appliedIndex @6 :UInt64;
  firstIndex @7 :UInt64;
  lastIndex @8 :UInt64;
  peers @9 :List(PeerStatus);
  version @10 :Data;
  healthy @11 :Bool;        # the log and the state store accept work
  leaderClientAddress @12 :Data;
}

struct Error {
  code @0 :UInt16;          # ErrorCode of base/error_codes.h
  message @1 :Data;
  leader @2 :UInt32;        # hint of notLeader; 0 unknown
  leaderAddress @3 :Data;   # its client address
}

struct Response {
  id @0 :UInt64;
  union {
    error @1 :Error;
    outcome @2 :Types.Outcome;
    vertex :group { found @3 :Bool; vertex @4 :Types.Vertex; }
    edge :group { found @5 :Bool; edge @6 :Types.Edge; }
    edges :group { edges @7 :List(Types.Edge); next @8 :Data; }   # next empty: that was all
    status @9 :Status;
    digest :group { index @10 :UInt64; digest @11 :UInt64; }
    vertices :group { vertices @12 :List(Types.Vertex); more @13 :Bool; next @14 :UInt64; }
  }
}

# SPDX-License-Identifier: Apache-2.0
# Values, records and commands as they travel and as they are logged.
# Evolution: add fields and union members at the end; never renumber, never reuse.
@0xd3b1c5f0a7e94210;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("geode::wire");

struct Value {
  union {
    null @0 :Void;
    boolean @1 :Bool;
    integer @2 :Int64;
    real @3 :Float64;
    text @4 :Data;          # Data, not Text: Geode strings are bytes and may hold zeros
    list @5 :List(Value);
  }
}

struct Property {
  name @0 :Data;
  value @1 :Value;
}

struct Vertex {
  id @0 :UInt64;
  labels @1 :List(Data);
  properties @2 :List(Property);
}

struct EdgeKey {
  from @0 :UInt64;
  type @1 :Data;
  to @2 :UInt64;
  rank @3 :UInt64;          # tells parallel edges apart
}

struct Edge {
  key @0 :EdgeKey;
  properties @1 :List(Property);
}

struct Command {
  union {
    putVertex @0 :Vertex;
    deleteVertex :group {
      id @1 :UInt64;
      detach @2 :Bool;      # remove its edges too; otherwise edges are a conflict
    }
    putEdge @3 :Edge;
    deleteEdge @4 :EdgeKey;
    compareAndSet :group {
      vertex @5 :UInt64;
      property @6 :Data;
      expected @7 :Value;   # null: absent
      desired @8 :Value;    # null: remove
      create @9 :Bool;      # make the vertex if it is absent and expected is null
    }
    batch @10 :List(Command);  # all or nothing; not nested
  }
}

# What one log entry of type "command" holds.
struct LogPayload {
  session @0 :UInt64;       # 0: none, applied without deduplication
  sequence @1 :UInt64;      # of the session; a repeated one returns the first outcome
  union {
    registerSession @2 :Void;  # the new session's id is the entry's index
    command @3 :Command;
  }
  # Of registerSession: how many sessions there may be with the new one. The server that proposes
  # it fills it in, so that all replicas expire the same ones. 0: 10,000.
  sessionsMax @4 :UInt32;
}

enum OutcomeCode {
  ok @0;
  notFound @1;
  conflict @2;
  invalid @3;
  sessionExpired @4;        # the session is unknown here; nothing was applied
  staleSequence @5;         # a later request of the session was applied before; this one was not
}

struct Outcome {
  code @0 :OutcomeCode;
  message @1 :Data;
  actual @2 :Value;         # of a mismatched compare-and-set, unless over 4 KiB
  hasActual @3 :Bool;
  session @4 :UInt64;       # of registerSession
}

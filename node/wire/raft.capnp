# SPDX-License-Identifier: Apache-2.0
# The cluster protocol (port 3142): one HelloMessage, then RaftMessage frames, in one direction.
@0xe82f4a90c35d7716;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("geode::wire");

struct HelloMessage {
  protocol @0 :UInt32;      # 1
  cluster @1 :Data;
  from @2 :UInt32;
  to @3 :UInt32;
}

struct LogEntry {
  term @0 :UInt64;
  index @1 :UInt64;
  type @2 :UInt8;
  payload @3 :Data;
}

# Fields mean what consensus/raft/types.h says of Message; unused ones are zero.
struct RaftMessage {
  type @0 :UInt8;
  reject @1 :Bool;
  chunkDone @2 :Bool;
  group @3 :UInt32;
  from @4 :UInt32;
  to @5 :UInt32;
  term @6 :UInt64;
  logIndex @7 :UInt64;
  logTerm @8 :UInt64;
  hintIndex @9 :UInt64;
  commit @10 :UInt64;
  readSequence @11 :UInt64;
  entries @12 :List(LogEntry);
  snapshotIndex @13 :UInt64;
  snapshotTerm @14 :UInt64;
  chunkSequence @15 :UInt64;
  chunk @16 :Data;
  chunkStream @17 :UInt64;
}

// SPDX-License-Identifier: Apache-2.0
#pragma once

// TraceSink: where production trace events go.
//
// The simulator hashes events; a daemon writes them as lines of one shape, made for grep and awk:
//
//     2026-11-21T04:31:00.123456Z n1 raft.became_leader term=5 reason="lease expired"
//     UTC, microseconds           node event            key=value ...
//
// A text value stands bare if it is made of letters, digits and -_.:/+@ only; otherwise it is
// quoted with \" \\ \n \t \r and \xHH escapes, so that an event is always exactly one line,
// whatever bytes a peer sent.

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "runtime/trace.h"

namespace geode::os {

class TraceSink {
public:
    virtual ~TraceSink() = default;
    /// Takes one event. Views are valid during the call. On the loop's thread; must not block long.
    virtual void write(WallTime at, NodeId node, std::string_view name,
                       std::span<const TraceField> fields) = 0;
};

/// One event as a line without its newline, in the format above.
std::string format_trace_line(WallTime at, NodeId node, std::string_view name,
                              std::span<const TraceField> fields);

/// Drops everything.
class NullTraceSink final : public TraceSink {
public:
    void write(WallTime, NodeId, std::string_view, std::span<const TraceField>) override {}
};

/// Lines to a stream, stderr by default. Write errors are ignored: a full log disk or a closed
/// terminal must not take the database down.
class LineTraceSink final : public TraceSink {
public:
    /// Borrows `stream`, which must stay open.
    explicit LineTraceSink(std::FILE* stream = stderr) : stream_(stream) {}
    void write(WallTime at, NodeId node, std::string_view name,
               std::span<const TraceField> fields) override;

private:
    std::FILE* stream_;
};

}  // namespace geode::os
